"""The suppression list as a file, from and to the browser."""

import io
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from unfold.widgets import UnfoldAdminFileFieldWidget

from config import clock
from contacts import suppression_files
from contacts.models import Suppression
from contacts.suppression_files import BadFile, Report

MOST_BYTES = 20_000_000
SHOWN = 200
"""Rejected rows on the page; the command lists all of them."""
MAY = ["contacts.view_suppression", "contacts.add_suppression"]


class FileForm(forms.Form):
    """A CSV file with addresses or digests."""

    file = forms.FileField(
        label="CSV file",
        widget=UnfoldAdminFileFieldWidget,
        help_text="In UTF-8, with a first line of column names.",
    )

    def clean_file(self) -> Any:
        """The file, if it is not too long for a page."""
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(
                f"The file has {file.size:,} bytes; more than {MOST_BYTES:,} are read by `manage.py suppressions import`."
            )
        return file


def may(request: HttpRequest) -> bool:
    """Whether this reader may carry the list in and out."""
    return request.user.has_perms(MAY)


def download(request: HttpRequest) -> HttpResponse:
    """Every suppression that stands, by its hash. Raises PermissionDenied."""
    _require(request)
    out, now = io.StringIO(), clock.now()
    suppression_files.write(out, now)
    name = f"suppressions-{now:%Y-%m-%d}.csv"
    return HttpResponse(
        out.getvalue(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def upload(request: HttpRequest) -> HttpResponse:
    """Suppress what a file names, and say which rows were not taken. Raises PermissionDenied."""
    _require(request)
    form, report = FileForm(request.POST or None, request.FILES or None), None
    if form.is_valid():
        try:
            report = _taken(form.cleaned_data["file"], request)
        except BadFile as error:
            form.add_error("file", str(error))
    context = {
        "title": "Import suppressions",
        "opts": Suppression._meta,
        "form": form,
        "report": report,
        "rejected": report.rejected[:SHOWN] if report else [],
        "more": max(0, len(report.rejected) - SHOWN) if report else 0,
        "columns": suppression_files.READ,
    }
    return render(request, "admin/contacts/suppression/import.html", {**admin.site.each_context(request), **context})


def _taken(file: Any, request: HttpRequest) -> Report:
    lines = io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="")
    return suppression_files.read(lines, f"import of {file.name} ({request.user.get_username()})", clock.now())


def _require(request: HttpRequest) -> None:
    if not may(request):
        raise PermissionDenied
