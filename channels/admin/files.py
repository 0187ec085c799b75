"""Files of brands: uploaded, looked at, retired. Their bytes are handed out to who may see the file, and never shown in the admin."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST
from unfold.decorators import display
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminTextInputWidget

from channels import attachments, files, sniffing
from channels.models import AttachmentUse, MessageTemplate, StoredFile, TemplateVersion
from config import clock
from config.adminsite import HistoryAdmin
from config.cards import Card

CHANGE = "channels.change_storedfile"


class UploadForm(forms.ModelForm):
    """A new file; its name is that of the upload unless another is given."""

    upload = forms.FileField(
        label="File",
        widget=UnfoldAdminFileFieldWidget,
        help_text=f"At most 10 MB: {', '.join(sniffing.KINDS)}. It never changes: for other words, upload another file.",
    )
    name = forms.CharField(
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="As its recipients see it, with its ending; empty: the name that the file has.",
    )

    class Meta:
        model = StoredFile
        fields = ("brand", "upload", "name")

    user_id = 0
    """Who uploads it."""

    def clean(self) -> dict[str, Any]:
        """Look into it, so that what is wrong with it is told beside it."""
        data = super().clean() or {}
        if not self.errors and "upload" in data:
            try:
                self.instance = files.prepared(data["brand"], data["name"], data["upload"], self.user_id, clock.now())
            except ValidationError as error:
                self.add_error("upload", error.message_dict["upload"])
        return data

    def _post_clean(self) -> None:
        """The file is put together and looked at already."""


@admin.register(StoredFile)
class StoredFileAdmin(HistoryAdmin):
    """What mails may carry, and which versions do."""

    when_empty = "Files that mails carry, e.g. terms as a PDF. Drafts choose among those of their brand."
    list_display = ("name", "brand", "content_type", "size_shown", "uploaded_at", "uploaded_by", "standing")
    list_filter = ("brand", ("retired_at", admin.EmptyFieldListFilter))
    list_select_related = ("brand", "uploaded_by")
    search_fields = ("name", "=sha256")
    search_help_text = "A name, or a SHA-256."
    change_form_outer_after_template = "admin/channels/storedfile/after.html"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("data")

    @admin.display(description="size", ordering="size")
    def size_shown(self, file: StoredFile) -> str:
        return files.said(file.size)

    @display(description="state", label={"in use": "success", "retired": "warning"}, ordering="retired_at")
    def standing(self, file: StoredFile) -> str:
        return "retired" if file.retired_at else "in use"

    def get_fields(self, request: HttpRequest, obj: StoredFile | None = None) -> Any:
        about = ("name", "brand", "content_type", "size_shown", "sha256", "uploaded_at", "uploaded_by", "retired_at")
        return about if obj else ("brand", "upload", "name")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any) -> Any:
        if obj is None:
            options["form"] = type("UploadForm", (UploadForm,), {"user_id": request.user.pk})
        return super().get_form(request, obj, change=change, **options)

    def has_change_permission(self, request: HttpRequest, obj: StoredFile | None = None) -> bool:
        """Of a file nothing can be edited."""
        return obj is None and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: StoredFile | None = None) -> bool:
        """What was submitted with it keeps it."""
        used = obj is not None and AttachmentUse.objects.filter(file=obj).exists()
        return not used and super().has_delete_permission(request, obj)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        found = object_id.isdecimal() and len(object_id) < 19 if object_id else False
        file = self.get_queryset(request).filter(pk=object_id).first() if found else None
        context: dict[str, Any] = {"carried_by": files.versions(file) if file else []}
        context["may_retire"] = file and not file.retired_at and request.user.has_perm(CHANGE, file)
        return super().changeform_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/download/", view(self.download), name="channels_storedfile_download"),
            path("<int:pk>/retire/", view(require_POST(self.retire)), name="channels_storedfile_retire"),
            *super().get_urls(),
        ]

    def download(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The bytes, to be saved: no browser shows them as a page of this site."""
        file = self._found(pk)
        if not self.has_view_permission(request, file):
            raise PermissionDenied
        response = HttpResponse(bytes(file.data), content_type=file.content_type)
        response["Content-Disposition"] = content_disposition_header(True, file.name) or "attachment"
        response["X-Content-Type-Options"] = "nosniff"
        response["Content-Security-Policy"] = "default-src 'none'; sandbox"
        response["Cache-Control"] = "no-store"
        return response

    def retire(self, request: HttpRequest, pk: int) -> HttpResponse:
        """New versions cannot name it from now on."""
        file = self._found(pk)
        if not request.user.has_perm(CHANGE, file):
            raise PermissionDenied
        if files.retire(file, clock.now()):
            messages.success(request, f"{file} is retired: what was submitted keeps it, new versions cannot name it.")
        return HttpResponseRedirect(_address(pk))

    @staticmethod
    def _found(pk: int) -> StoredFile:
        return get_object_or_404(files.rows().select_related("brand"), pk=pk if pk < 2**63 else 0)


def choices(template: MessageTemplate | None, chosen: Any) -> list[tuple[str, str]]:
    """What a version of this template may name: the brand's files in use, and what it names already, even if there is no such file."""
    if template is None:
        return []
    rows = files.rows().filter(brand=template.brand_id, retired_at=None)
    found = {file.name: f"{file.name} ({files.said(file.size)})" for file in rows}
    named = chosen if isinstance(chosen, list) else []
    return [*found.items(), *((name, f"{name}: not among the files in use") for name in named if name not in found)]


def card(request: HttpRequest, version: TemplateVersion, now: datetime) -> dict[str, Any]:
    """What the version carries, each with the way to its page."""
    found = attachments.of(version) if version.content.get(attachments.FIELD) else attachments.Found()
    return {"rows": linked(request, found.told), "findings": found.findings}


def linked(request: HttpRequest, told: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The files that a version or a copy names, each with the `address` of its page, if this reader may see it."""
    named = list(told)
    rows = files.rows().in_bulk([one["file"] for one in named])
    known = {pk for pk, file in rows.items() if request.user.has_perm("channels.view_storedfile", file)}
    return [{**one, "address": _address(one["file"]) if one["file"] in known else ""} for one in named]


def _address(pk: int) -> str:
    return reverse("admin:channels_storedfile_change", args=(pk,))


CARD = Card("attachments", "Attachments", "admin/channels/storedfile/card.html", card, order=15)
