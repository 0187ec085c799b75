"""The admin site: Unfold's, with Waymark's sidebar and home."""

from django.contrib.admin.apps import AdminConfig
from unfold.sites import UnfoldAdminSite


class WaymarkAdminSite(UnfoldAdminSite):
    """The one admin of the product."""


class WaymarkAdminConfig(AdminConfig):
    default_site = "config.site.WaymarkAdminSite"
