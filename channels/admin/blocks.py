"""Content blocks: what they are, their versions with what is wrong with them, and where they are used."""

from datetime import datetime
from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.forms.widgets import Script
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from channels import blocks, checks, differences, drafts
from channels.admin.revisions import DraftAdmin, DraftForm
from channels.admin.varying import VariantsField, kept, readable, rows, said
from channels.findings import placed
from channels.models import BlockVersion, ContentBlock
from config import clock
from config.adminsite import HistoryAdmin
from config.cards import Board, Card

LOCKED = "channels.change_locked_block"
cards = Board()
"""What other floors show on a version's page: `context(request, version, now)`."""


@admin.register(ContentBlock)
class ContentBlockAdmin(HistoryAdmin):
    """Pieces of content that templates share."""

    when_empty = "Words that many templates share, e.g. a footer: written and approved once, changed everywhere."
    list_display = ("name", "key", "brand", "format", "locked", "live")
    list_filter = ("brand", "format", "locked")
    list_select_related = ("brand",)
    search_fields = ("name", "key")
    prepopulated_fields = {"key": ("name",)}
    change_form_outer_after_template = "admin/channels/contentblock/versions.html"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("versions")

    @admin.display(description="in use")
    def live(self, block: ContentBlock) -> str:
        """The approved versions, with their languages."""
        found = [version for version in block.versions.all() if version.state == BlockVersion.State.APPROVED]
        return ", ".join(f"v{version.number} {version.locale}".strip() for version in found) or "nothing yet"

    def get_readonly_fields(self, request: HttpRequest, obj: ContentBlock | None = None) -> tuple[str, ...]:
        """What templates refer to stays; only those who may change legal text say what is legal text."""
        fixed = ("brand", "key", "format") if obj else ()
        return fixed if request.user.has_perm(LOCKED) else (*fixed, "locked")

    def get_prepopulated_fields(self, request: HttpRequest, obj: ContentBlock | None = None) -> Any:
        return {} if obj else self.prepopulated_fields

    def has_change_permission(self, request: HttpRequest, obj: ContentBlock | None = None) -> bool:
        return _may_write(request, obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: ContentBlock | None = None) -> bool:
        return False

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        block = ContentBlock.objects.filter(pk=object_id).first() if object_id and object_id.isdecimal() else None
        context = {"versions": [], **(extra_context or {})}
        if block:
            context["versions"] = block.versions.order_by("-number").select_related("author")
            context["places"] = blocks.places(block)
            context["may_write"] = _may_write(request, block) and request.user.has_perm(
                "channels.add_blockversion", block
            )
        return super().changeform_view(request, object_id, form_url, context)


class BlockVersionForm(DraftForm):
    """A version's words, and those that take their place under conditions."""

    variants = VariantsField(required=False)

    def clean_variants(self) -> list[Any]:
        """What says the same as before stays as it was written."""
        return kept(self.instance.variants, self.cleaned_data["variants"])


@admin.register(BlockVersion)
class BlockVersionAdmin(DraftAdmin, HistoryAdmin):
    """Only a draft can be edited, and only by its author; legal text only by those who may."""

    form = BlockVersionForm
    list_display = ("__str__", "locale_shown", "state", "author", "submitted_at")
    list_filter = ("state", "block__brand")
    list_select_related = ("block", "author")
    search_fields = ("block__name", "block__key")
    ordering = ("-id",)
    change_form_template = "admin/channels/blockversion/change_form.html"
    change_form_outer_after_template = "admin/channels/blockversion/after.html"
    readonly_fields = ("block_link", "varied", "problems")

    class Media:
        css = {"all": ("waymark/studio.css",)}
        js = (Script("waymark/built/blocks.js", defer=True),)

    def get_fieldsets(self, request: HttpRequest, obj: BlockVersion | None = None) -> Any:
        edits = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        words = ["locale", "source"]
        variants = ("Variants", {"fields": ["variants" if edits else "varied"], "classes": ["wm-vars-set"]})
        if obj is None:
            return [(f"New version of {self._block(request)}", {"fields": words}), variants]
        return [(None, {"fields": ["block_link", *words]}), variants, ("Checks", {"fields": ["problems"]})]

    @admin.display(description="language", ordering="locale")
    def locale_shown(self, version: BlockVersion) -> str:
        return version.locale or "everyone else"

    @admin.display(description="variants")
    def varied(self, version: BlockVersion) -> SafeString:
        return readable(version.variants)

    @admin.display(description="block")
    def block_link(self, version: BlockVersion) -> str:
        address = reverse("admin:channels_contentblock_change", args=(version.block_id,))
        return format_html('<a class="wm-link" href="{}">{}</a>', address, version.block)

    @admin.display(description="what there is to say")
    def problems(self, version: BlockVersion) -> str | SafeString:
        found = checks.block_problems(version)
        return (
            format_html_join("", "<p>{}</p>", ((placed(finding, {}),) for finding in found))
            or "Nothing: it looks fine."
        )

    def has_change_permission(self, request: HttpRequest, obj: BlockVersion | None = None) -> bool:
        return _is_own_draft(request, obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: BlockVersion | None = None) -> bool:
        """A draft may be thrown away by its author; what was ever submitted stays."""
        return obj is not None and _is_own_draft(request, obj) and super().has_delete_permission(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _may_write(request, self._block(request)) and super().has_add_permission(request, obj)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A version belongs to a block: without one in the query, one is sent to the blocks."""
        block = self._block(request)
        if block and not self.has_add_permission(request, block):
            raise PermissionDenied
        if self.has_add_permission(request) and block is None:
            messages.info(request, "Choose the block first; its page has the button for a new version.")
            return HttpResponseRedirect(reverse("admin:channels_contentblock_changelist"))
        return super().add_view(request, form_url, extra_context)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A new version starts with the words of the newest."""
        block = self._block(request)
        newest = block.versions.order_by("-number").first() if block else None
        words = {name: getattr(newest, name) for name in ("locale", "source", "variants")} if newest else {}
        return {**super().get_changeform_initial_data(request), **words}

    def save_model(self, request: HttpRequest, obj: BlockVersion, form: Any, change: bool) -> None:
        if not change:
            obj.block = get_object_or_404(ContentBlock, pk=request.GET.get("block"))
            obj.number, obj.author_id = drafts.next_block_number(obj.block), cast("int", request.user.pk)
        super().save_model(request, obj, form, change)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **options: Any) -> HttpResponse:
        if version := options.get("obj"):
            form = context["adminform"].form
            # A form that was not saved has put its words into the version; the cards tell of what is stored.
            stored = get_object_or_404(BlockVersion, pk=version.pk) if form.is_bound else version
            context["cards"] = cards.draw(request, stored, clock.now())
            context.update(revision=form.revision, conflict=form.conflict())
        return super().render_change_form(request, context, *args, **options)

    def _as_it_was(self, request: HttpRequest, thing: BlockVersion, record: Any) -> Any:
        """Whoever goes back to an earlier state means to replace what is there."""
        form: Any = super()._as_it_was(request, thing, record)
        form.data = {**form.data, "revision": form.revision}
        return form

    @staticmethod
    def _block(request: HttpRequest) -> ContentBlock | None:
        given = request.GET.get("block", "")
        return ContentBlock.objects.filter(pk=given).first() if given.isdecimal() else None


def _may_write(request: HttpRequest, block: ContentBlock | None) -> bool:
    return block is None or not block.locked or request.user.has_perm(LOCKED)


def _is_own_draft(request: HttpRequest, version: BlockVersion | None) -> bool:
    if version is None:
        return True
    mine = version.state == BlockVersion.State.DRAFT and version.author_id == request.user.pk
    return mine and _may_write(request, version.block)


def changes(request: HttpRequest, version: BlockVersion, now: datetime) -> dict[str, Any]:
    """The version against the one in use in its language; without one, everything is new."""
    same = BlockVersion.objects.filter(block=version.block_id, locale=version.locale).exclude(pk=version.pk)
    old = same.filter(state=BlockVersion.State.APPROVED).first()
    versions = (old, version)
    before, after = ({"source": one.source, "variants": said(one.variants)} if one else {} for one in versions)
    fields = [(capfirst(field.name), field.pieces) for field in differences.sources(before, after)]
    return {"old": old, "new": version, "fields": fields, "lists": differences.lists(*map(_words, versions))}


def _words(version: BlockVersion | None) -> dict[str, str]:
    """All that a version may say, as one field of its format."""
    if version is None:
        return {}
    sources = (version.source, *(str(one.get("source", "")) for one in rows(version.variants)))
    return {"body" if version.block.format == ContentBlock.Format.TEXT else "html": "\n\n".join(sources)}


CHANGES = Card("changes", "What changed", "admin/channels/diff/block.html", changes, "channels.view_blockversion")
