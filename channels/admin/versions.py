"""A version's page: its words in the channel's own form while it is a draft, how people would read them, and its review.

The review itself lies a floor above (compliance), which puts its card on `cards`.
"""

from collections.abc import Sequence
from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.forms.widgets import Script
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.views.decorators.http import require_POST

from channels import attachments, drafts, previews, variables
from channels.admin import audiences, diffing, files, frames, looks, readers, studio
from channels.admin.choosing import title
from channels.admin.declaring import VariablesField, VariablesWidget, readable, undeclared
from channels.admin.kind_forms import form_class, names, said
from channels.admin.revisions import DraftAdmin, WordsForm
from channels.base import channels
from channels.liquid import BadSource, Missing, Unrenderable
from channels.models import MessageTemplate, TemplateVersion
from config import clock, shown
from config.adminsite import HistoryAdmin
from config.cards import Board

TOLD = 8
"""Made-up variables that are named."""
cards = Board()
"""What other floors show on the page: `context(request, version, now)`."""
cards.register(files.CARD)
cards.register(diffing.CARD)
cards.register(audiences.CARD)


class VersionForm(WordsForm):
    """The words, and the variables that they declare."""

    variables = VariablesField(required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk and isinstance(field := self.fields.get("variables"), VariablesField):
            cast("VariablesWidget", field.widget).offered = undeclared(self.instance)

    def clean_variables(self) -> list[Any]:
        """What says the same as before stays as it was written."""
        declared, stored = self.cleaned_data["variables"], self.instance.variables
        return cast("list[Any]", stored if variables.read(declared) == variables.read(stored) else declared)


@admin.register(TemplateVersion)
class TemplateVersionAdmin(DraftAdmin, HistoryAdmin):
    """Only a draft can be edited, and only by its author: whoever approves it must not have written in it."""

    list_display = ("__str__", "goes_by", "locale_shown", "message_class", "state", "author", "submitted_at")
    list_filter = ("state", "message_class")
    list_select_related = ("template", "author")
    search_fields = ("template__name", "template__key")
    ordering = ("-id",)
    # Who writes sees the words first, who reads sees first what people will read.
    change_form_template = "admin/channels/templateversion/change_form.html"
    change_form_outer_before_template = "admin/channels/templateversion/before.html"
    change_form_outer_after_template = "admin/channels/templateversion/after.html"
    restore_title = "New draft from this state"
    restore_help = "A version is never set back: a new draft begins with the words as they were then."

    class Media:
        css = {"all": ("waymark/studio.css",)}
        js = (Script("waymark/built/studio.js", defer=True),)

    @admin.display(description="channel")
    def goes_by(self, version: TemplateVersion) -> str:
        return title(version.template.channel)

    @admin.display(description="language", ordering="locale")
    def locale_shown(self, version: TemplateVersion) -> str:
        return version.locale or "everyone else"

    @admin.display(description="words")
    def words_shown(self, version: TemplateVersion) -> str:
        rows = said(channels[version.template.channel].Content, version.content)
        shape = '<p class="wm-quiet">{}</p><pre class="wm-pre" tabindex="0" aria-label="{}">{}</pre>'
        return format_html_join("", shape, ((label, label, text) for label, text in rows))

    @admin.display(description="variables")
    def declared(self, version: TemplateVersion) -> str:
        return readable(version.variables)

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

    def has_restore_permission(self, request: HttpRequest, thing: TemplateVersion) -> bool:
        return self.has_add_permission(request, thing)

    def restore(self, request: HttpRequest, thing: TemplateVersion, record: Any) -> str:
        return self._drafted(request, record.instance)

    def get_form(
        self, request: HttpRequest, obj: TemplateVersion | None = None, change: bool = False, **options: Any
    ) -> Any:
        kind = self._kind(request, obj)
        options["form"] = form = form_class(kind.Content, "content", VersionForm)
        if kind.attaches:
            self._offer_files(request, obj, form.base_fields[f"content_{attachments.FIELD}"])
        return super().get_form(request, obj, change=change, **options)

    def get_fieldsets(self, request: HttpRequest, obj: TemplateVersion | None = None) -> Any:
        kind = self._kind(request, obj)
        edits = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        fields = names(kind.Content, "content") if edits else ["words_shown"]
        about = ("locale", "message_class")
        head = None if obj else f"New version of {self._template(request)}"
        return [
            (head, {"fields": [("template_link", *about) if obj else about], "classes": ["wm-about"]}),
            (kind.title, {"fields": fields}),
            ("Variables", {"fields": ["variables" if edits else "declared"], "classes": ["wm-vars-set"]}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: TemplateVersion | None = None) -> tuple[str, ...]:
        return ("words_shown", "template_link", "declared")

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A version belongs to a template: without one in the query, one is sent to the templates."""
        template = self._template(request)
        if template and not self.has_add_permission(request, template):
            raise PermissionDenied
        if template is None:
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
        kind = self._kind(request, version)
        context.update(kind=kind, looks=looks.of(kind), studio=studio.page(request, version, kind))
        if version:
            form = context["adminform"].form
            # A form that was not saved has put its words into the version; the cards tell of what is stored.
            stored = self._readable(request, version.pk) if form.is_bound else version
            context.update(
                readers.choice(request),
                cards=cards.draw(request, stored, clock.now()),
                revision=form.revision,
                conflict=form.conflict(),
                languages=diffing.others(version).filter(state=TemplateVersion.State.APPROVED),
                may_draft=self.has_add_permission(request, version),
            )
        return super().render_change_form(request, context, *args, **options)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/preview/", view(self.preview), name="channels_templateversion_preview"),
            path("<int:pk>/check/", view(require_POST(self.checked)), name="channels_templateversion_check"),
            path("<int:pk>/data-quality/", view(self.data_quality), name="channels_templateversion_data_quality"),
            path("<int:pk>/diff/", view(self.diff), name="channels_templateversion_diff"),
            path("<int:pk>/draft/", view(require_POST(self.draft)), name="channels_templateversion_draft"),
            *super().get_urls(),
        ]

    def preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The words as a contact reads them; with a POST those in the form, saved or not. `instead` names another language's version."""
        version = self._readable(request, pk)
        given = request.POST if request.method == "POST" else request.GET
        if (instead := given.get("instead", "")).isdecimal():
            version = get_object_or_404(diffing.others(version), pk=instead)
        else:
            version = studio.unsaved(version, request.POST)
        kind = channels[version.template.channel]
        template, reader = version.template, readers.contact(request, given.get("reader", ""))
        if reader:
            shown.tell(request, "contacts.contact", reader.pk)
        try:
            found = previews.seen(
                template,
                version.content,
                reader,
                clock.now(),
                locale=version.locale,
                declared=variables.read(version.variables),
                carried=attachments.of(version) if kind.attaches else None,
            )
        except (BadSource, Missing, Unrenderable) as error:
            return frames.page("admin/channels/frames/problem.html", {"problem": str(error), "reader": reader})
        kind, images = channels[template.channel], bool(given.get("images"))
        look, note = given.get("look", ""), _invented(found.invented)
        return looks.shown(kind, found.content, look, images=images, sender=template.brand.name, note=note)

    def checked(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What is to be said of the words in the form, saved or not, as JSON."""
        version = studio.unsaved(self._readable(request, pk), request.POST)
        return JsonResponse(studio.answer(request, version, clock.now()))

    def diff(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The version beside another one of its template."""
        return diffing.page(request, self._readable(request, pk), self.admin_site.each_context(request))

    def data_quality(self, request: HttpRequest, pk: int) -> HttpResponse:
        """How many of an audience lack what the words use."""
        return audiences.page(request, self._readable(request, pk), self.admin_site.each_context(request))

    def draft(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A new draft with the same words."""
        version = get_object_or_404(TemplateVersion.objects.select_related("template"), pk=pk)
        if not self.has_add_permission(request, version):
            raise PermissionDenied
        return HttpResponseRedirect(self._drafted(request, version))

    def _offer_files(self, request: HttpRequest, obj: TemplateVersion | None, field: Any) -> None:
        """The brand's files to tick, and what is named already; without any, where they are uploaded."""
        template, named = (obj.template, obj.content) if obj else (self._template(request), {})
        chosen = [*(named.get(attachments.FIELD) or ()), *request.POST.getlist(f"content_{attachments.FIELD}")]
        field.widget.choices = files.choices(template, list(dict.fromkeys(chosen)))
        if not field.widget.choices:
            field.help_text = "The brand has no files yet. Upload them under Files; then they can be chosen here."

    @staticmethod
    def _drafted(request: HttpRequest, version: TemplateVersion) -> str:
        """Make it; the address of the new draft."""
        made = drafts.draft_of(version, cast("int", request.user.pk))
        messages.success(request, f"{made} is your draft now.")
        return reverse("admin:channels_templateversion_change", args=(made.pk,))

    def _readable(self, request: HttpRequest, pk: int) -> TemplateVersion:
        version = get_object_or_404(TemplateVersion.objects.select_related("template__brand", "author"), pk=pk)
        if not self.has_view_permission(request, version):
            raise PermissionDenied
        return version

    def _kind(self, request: HttpRequest, obj: TemplateVersion | None) -> Any:
        template = obj.template if obj else self._template(request)
        return channels[template.channel if template else "email"]

    @staticmethod
    def _template(request: HttpRequest) -> MessageTemplate | None:
        given = request.GET.get("template", "")
        return MessageTemplate.objects.filter(pk=given).first() if given.isdecimal() else None


def _invented(names: Sequence[str]) -> str:
    """What is made up in a preview, as a sentence."""
    if not names:
        return ""
    more = f" and {len(names) - TOLD} more" if len(names) > TOLD else ""
    one = len(names) == 1
    return (
        f"Made up for this preview: {', '.join(names[:TOLD])}{more}. Nobody who lacks {'it' if one else 'one of them'} gets "
        f"the message; give {'it' if one else 'each'} a fall-back or a sample."
    )
