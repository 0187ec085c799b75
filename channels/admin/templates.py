"""Message templates, with the list of their versions."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from channels import drafts
from channels.admin.choosing import ChannelFilter, ChannelFirst, chosen, title
from channels.models import MessageTemplate, TemplateVersion
from config.adminsite import Granting, HistoryAdmin


class TemplateForm(forms.ModelForm):
    """A topic belongs to a brand; a template of one brand cannot ask for the consent of another."""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        topic = data.get("topic")
        brand = data.get("brand") or (self.instance.brand if self.instance.pk else None)
        if topic and brand and topic.brand_id != brand.pk:
            self.add_error("topic", f"“{topic}” is a topic of {topic.brand}; choose one of {brand}.")
        return data


@admin.register(MessageTemplate)
class MessageTemplateAdmin(ChannelFirst, Granting, HistoryAdmin):
    """What a template is about; its words are in its versions."""

    form = TemplateForm
    when_empty = "What people are sent: one template for each message and channel, with a version for each language."
    list_display = ("name", "goes_by", "brand", "topic", "live", "drafts")
    list_filter = (ChannelFilter, "brand", "topic")
    list_select_related = ("brand", "topic")
    search_fields = ("name", "key")
    prepopulated_fields = {"key": ("name",)}
    change_form_outer_after_template = "admin/channels/messagetemplate/versions.html"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("versions__author")

    @admin.display(description="channel", ordering="channel")
    def goes_by(self, template: MessageTemplate) -> str:
        return title(template.channel)

    @admin.display(description="in use")
    def live(self, template: MessageTemplate) -> str:
        """The approved versions, with their languages."""
        found = [version for version in template.versions.all() if version.state == TemplateVersion.State.APPROVED]
        return ", ".join(f"v{version.number} {version.locale}".strip() for version in reversed(found)) or "nothing yet"

    @admin.display(description="not yet approved")
    def drafts(self, template: MessageTemplate) -> str:
        open_states = (TemplateVersion.State.DRAFT, TemplateVersion.State.SUBMITTED, TemplateVersion.State.IN_REVIEW)
        found = [version for version in template.versions.all() if version.state in open_states]
        return ", ".join(f"v{version.number} {version.get_state_display()}" for version in found) or "–"

    def get_fieldsets(self, request: HttpRequest, obj: MessageTemplate | None = None) -> Any:
        """Under the name of the channel, which is chosen once."""
        return [(title(chosen(request, obj)), {"fields": ("brand", "name", "key", "topic")})]

    def get_readonly_fields(self, request: HttpRequest, obj: MessageTemplate | None = None) -> tuple[str, ...]:
        return ("brand", "key") if obj else ()

    def get_prepopulated_fields(self, request: HttpRequest, obj: MessageTemplate | None = None) -> Any:
        return {} if obj else self.prepopulated_fields

    def has_delete_permission(self, request: HttpRequest, obj: MessageTemplate | None = None) -> bool:
        """Whoever may edit it, as long as there is nothing but drafts."""
        return obj is not None and self.has_change_permission(request, obj) and drafts.deletable(obj)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Its drafts go with it; the database keeps them from going by accident."""
        found = [version for template in objs for version in template.versions.all()]
        return [*map(str, objs), [str(version) for version in found]], {"drafts": len(found)}, set(), []

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """What is referred to stays, and a message says by what."""
        try:
            return super().delete_view(request, object_id, extra_context)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return HttpResponseRedirect(reverse("admin:channels_messagetemplate_change", args=[object_id]))

    def delete_model(self, request: HttpRequest, obj: MessageTemplate) -> None:
        drafts.delete_template(obj, request.user, request.POST.get("change_reason", ""))

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        template = self.get_object(request, object_id) if object_id else None
        context: dict[str, Any] = {}
        if template:
            may_add = request.user.has_perm("channels.add_templateversion", template)
            context = {"versions": _versions(template.pk), "may_add_version": may_add}
        context.update(extra_context or {})
        return super().changeform_view(request, object_id, form_url, context)


def _versions(template_id: int) -> list[tuple[TemplateVersion, Any]]:
    """Newest first, each with whoever decided about it (`approvals` is known to this floor by name only)."""
    found = TemplateVersion.objects.filter(template=template_id).order_by("-number")
    rows = found.select_related("author").prefetch_related("approvals__approver")
    return [(version, next((one.approver for one in version.approvals.all()), None)) for version in rows]
