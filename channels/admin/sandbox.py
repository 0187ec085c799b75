"""The sandbox's inbox: mails and texts that would have gone to people, to be read here."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path

from channels.admin import frames
from channels.admin.choosing import ChannelFilter, title
from channels.models import SandboxMessage
from config.adminsite import ReadOnlyAdmin

VIEWS = (("mail", "Mail"), ("text", "Plain text"), ("raw", "Raw"))


@admin.register(SandboxMessage)
class SandboxMessageAdmin(ReadOnlyAdmin):
    """A list like a mail program's, and a reader."""

    list_display = ("__str__", "recipient", "goes_by", "received_at")
    list_filter = (ChannelFilter,)
    list_select_related = False
    search_fields = ("=recipient", "subject")
    search_help_text = "A recipient, or words of the subject."
    change_form_template = "admin/channels/sandboxmessage/page.html"

    @admin.display(description="channel")
    def goes_by(self, caught: SandboxMessage) -> str:
        return title(caught.channel)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.frame)
        return [path("<int:pk>/frame/", view, name="channels_sandboxmessage_frame"), *super().get_urls()]

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        caught = self.get_object(request, object_id or "")
        context: dict[str, Any] = {}
        if caught:
            views = [(key, name) for key, name in VIEWS if _has(caught, key)]
            wanted = request.GET.get("view", "")
            context = {
                "caught": caught,
                "views": views,
                "view": wanted if wanted in dict(views) else (views or VIEWS)[0][0],
            }
        return super().changeform_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def frame(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The mail; its links open in a new tab and our own images load: whoever reads it here stands in for its recipient."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        caught = get_object_or_404(SandboxMessage, pk=pk)
        return frames.html(caught.html, images=frames.OUR_IMAGES, links=True)


def _has(caught: SandboxMessage, view: str) -> bool:
    return bool({"mail": caught.html, "text": caught.text, "raw": caught.raw}[view])
