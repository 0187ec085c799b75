"""A version's page: its words in the channel's own form while it is a draft, how people would read them, and its review.

The review itself lies a floor above (compliance), which puts its card on `cards`.
"""

from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.views.decorators.http import require_POST

from channels import drafts, segments, variables
from channels.admin import frames, readers
from channels.admin.choosing import title
from channels.admin.kind_forms import KindModelForm, form_class, names, said
from channels.base import channels
from channels.liquid import BadSource, Missing, Unrenderable
from channels.models import MessageTemplate, TemplateVersion
from channels.previews import words
from config import clock
from config.adminsite import HistoryAdmin
from config.cards import Board

cards = Board()
"""What other floors show on the page: `context(request, version, now)`."""


class VersionForm(KindModelForm):
    """The words, and the variables that they declare."""

    def clean_variables(self) -> list[Any]:
        """Nothing written is nothing declared."""
        declared = self.cleaned_data.get("variables") or []
        if found := variables.mistakes(declared):
            raise ValidationError(found)
        return list(declared)


@admin.register(TemplateVersion)
class TemplateVersionAdmin(HistoryAdmin):
    """Only a draft can be edited, and only by its author: whoever approves it must not have written in it."""

    list_display = ("__str__", "goes_by", "locale_shown", "message_class", "state", "author", "submitted_at")
    list_filter = ("state", "message_class")
    list_select_related = ("template", "author")
    search_fields = ("template__name", "template__key")
    ordering = ("-id",)
    # Who writes sees the words first, who reads sees first what people will read.
    change_form_outer_before_template = "admin/channels/templateversion/before.html"
    change_form_outer_after_template = "admin/channels/templateversion/after.html"

    class Media:
        js = ("waymark/preview.js",)

    @admin.display(description="channel")
    def goes_by(self, version: TemplateVersion) -> str:
        return title(version.template.channel)

    @admin.display(description="language", ordering="locale")
    def locale_shown(self, version: TemplateVersion) -> str:
        return version.locale or "everyone else"

    @admin.display(description="words")
    def words_shown(self, version: TemplateVersion) -> str:
        rows = said(channels[version.template.channel].Content, version.content)
        return format_html_join("", '<p class="wm-quiet">{}</p><pre class="wm-pre">{}</pre>', rows)

    @admin.display(description="template")
    def template_link(self, version: TemplateVersion) -> str:
        address = reverse("admin:channels_messagetemplate_change", args=(version.template_id,))
        return format_html('<a class="wm-link" href="{}">{}</a>', address, version.template)

    def has_change_permission(self, request: HttpRequest, obj: TemplateVersion | None = None) -> bool:
        mine = obj is None or (obj.state == TemplateVersion.State.DRAFT and obj.author_id == request.user.pk)
        return mine and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: TemplateVersion | None = None) -> bool:
        """A draft may be thrown away by its author; what was ever submitted stays."""
        mine = obj is not None and obj.state == TemplateVersion.State.DRAFT and obj.author_id == request.user.pk
        return mine and super().has_delete_permission(request, obj)

    def get_form(
        self, request: HttpRequest, obj: TemplateVersion | None = None, change: bool = False, **options: Any
    ) -> Any:
        options["form"] = form_class(self._kind(request, obj).Content, "content", VersionForm)
        return super().get_form(request, obj, change=change, **options)

    def get_fieldsets(self, request: HttpRequest, obj: TemplateVersion | None = None) -> Any:
        kind = self._kind(request, obj)
        edits = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        fields = names(kind.Content, "content") if edits else ["words_shown"]
        about = ["locale", "message_class"]
        return [
            (None, {"fields": ["template_link", *about] if obj else about}),
            (kind.title, {"fields": fields}),
            ("Variables", {"fields": ["variables"]}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: TemplateVersion | None = None) -> tuple[str, ...]:
        return ("words_shown", "template_link")

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A version belongs to a template: without one in the query, one is sent to the templates."""
        if self._template(request) is None:
            messages.info(request, "Choose the template first; its page has the button for a new version.")
            return HttpResponseRedirect(reverse("admin:channels_messagetemplate_changelist"))
        return super().add_view(request, form_url, extra_context)

    def save_model(self, request: HttpRequest, obj: TemplateVersion, form: Any, change: bool) -> None:
        if not change:
            obj.template = get_object_or_404(MessageTemplate, pk=request.GET.get("template"))
            obj.number, obj.author_id = drafts.next_number(obj.template), cast("int", request.user.pk)
        super().save_model(request, obj, form, change)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        version = options.get("obj")
        if version:
            context.update(
                readers.choice(request),
                cards=cards.draw(request, version, clock.now()),
                kind=self._kind(request, version),
            )
        return super().render_change_form(request, context, *args, **options)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/preview/", view(self.preview), name="channels_templateversion_preview"),
            path("<int:pk>/draft/", view(require_POST(self.draft)), name="channels_templateversion_draft"),
            *super().get_urls(),
        ]

    def preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The words as a contact reads them; with a POST those in the form, saved or not."""
        version = get_object_or_404(TemplateVersion.objects.select_related("template__brand"), pk=pk)
        if not self.has_view_permission(request, version):
            raise PermissionDenied
        given = request.POST if request.method == "POST" else request.GET
        content = self._unsaved(request, version)
        try:
            found = words(
                version.template,
                content,
                readers.contact(request, given.get("reader", "")),
                clock.now(),
                locale=version.locale,
                declared=variables.read(version.variables),
            )
        except (BadSource, Missing, Unrenderable) as error:
            return frames.page("admin/channels/frames/problem.html", {"problem": str(error)})
        return _shown(found, given.get("look", ""), images=bool(given.get("images")))

    def draft(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A new draft with the same words."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        version = get_object_or_404(TemplateVersion.objects.select_related("template"), pk=pk)
        made = drafts.draft_of(version, cast("int", request.user.pk))
        messages.success(request, f"{made} is your draft now.")
        return HttpResponseRedirect(reverse("admin:channels_templateversion_change", args=(made.pk,)))

    def _unsaved(self, request: HttpRequest, version: TemplateVersion) -> dict[str, str]:
        """The words in the form, as far as it has any; otherwise those that are stored."""
        fields = channels[version.template.channel].Content.base_fields
        given = {name: request.POST.get(f"content_{name}") for name in fields}
        return {**version.content, **{name: value for name, value in given.items() if value is not None}}

    def _kind(self, request: HttpRequest, obj: TemplateVersion | None) -> Any:
        template = obj.template if obj else self._template(request)
        return channels[template.channel if template else "email"]

    @staticmethod
    def _template(request: HttpRequest) -> MessageTemplate | None:
        given = request.GET.get("template", "")
        return MessageTemplate.objects.filter(pk=given).first() if given.isdecimal() else None


def _shown(found: dict[str, str], look: str, *, images: bool) -> HttpResponse:
    if found.get("html") and look != "text":
        pictures = frames.ALL_IMAGES if images else frames.NO_IMAGES
        return frames.html(found["html"], images=pictures, dark=look == "dark", subject=found.get("subject", ""))
    text = found.get("text") or found.get("body") or ""
    count = segments.count(text) if "body" in found else None
    room = count.segments * count.per_segment if count else 0
    return frames.page(
        "admin/channels/frames/text.html",
        {"subject": found.get("subject", ""), "text": text, "count": count, "room": room},
    )
