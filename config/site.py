"""The admin site: Unfold's, with Waymark's sidebar, home and operations page."""

from typing import Any

from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from unfold.sites import UnfoldAdminSite


class WaymarkAdminSite(UnfoldAdminSite):
    """The one admin of the product."""

    index_template = "admin/waymark/home.html"
    index_title = "Home"

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The cards that this reader may see (config/home.py)."""
        from config import clock, home

        context = {"cards": home.draw(request, clock.now()), **(extra_context or {})}
        response: TemplateResponse = super().index(request, context)
        return response

    def extra_urls(self) -> list[URLPattern]:
        from config import notices_page, operations

        return [path("operations/", self.admin_view(operations.page), name="operations"), *notices_page.urls()]


class WaymarkAdminConfig(AdminConfig):
    default_site = "config.site.WaymarkAdminSite"
