"""Journeys as files: download one, take one in. Mistakes are listed with their lines, and nothing is written then."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from unfold import widgets

from config.permissions import somewhere
from journeys import files, reading
from journeys.models import Journey, Version


class FileForm(forms.Form):
    """A journey as YAML: a file, or pasted."""

    file = forms.FileField(
        required=False, widget=widgets.UnfoldAdminFileFieldWidget, help_text="A file that was exported."
    )
    text = forms.CharField(
        required=False,
        strip=False,
        widget=widgets.UnfoldAdminTextareaWidget({"rows": 24, "spellcheck": "false", "class": "wm-source"}),
        help_text="Or paste it here.",
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("file"):
            data["text"] = self._read(data["file"])
        elif not (data.get("text") or "").strip() and not self.errors:
            raise forms.ValidationError("Choose a file, or paste its text.")
        return data

    def _read(self, file: Any) -> str:
        if file.size > reading.LARGEST:
            raise forms.ValidationError(f"The file is larger than {reading.LARGEST:,} bytes.")
        try:
            return str(file.read().decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise forms.ValidationError("The file is not a text in UTF-8.") from error


def take_in(request: HttpRequest) -> HttpResponse:
    """Make a draft of a file: of a new journey, or of the one with the file's key. Raises PermissionDenied."""
    if not somewhere(request.user, "journeys.change_version"):
        raise PermissionDenied
    form = FileForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
    mistakes: list[reading.Mistake] = []
    if form.is_valid():
        try:
            draft = files.save(files.load(form.cleaned_data["text"]), by=request.user)
        except files.BadFile as error:
            mistakes = error.mistakes
            # Shown as it was read, so that it can be mended here.
            form = FileForm(initial={"text": form.cleaned_data["text"]})
        except PermissionDenied as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request, f"{draft} is the draft of {draft.journey.name} now. Nothing changes until it is published."
            )
            return HttpResponseRedirect(reverse("admin:journeys_journey_change", args=[draft.journey_id]))
    context = {
        **admin.site.each_context(request),
        "title": "Import a journey",
        "opts": Journey._meta,
        "form": form,
        "mistakes": mistakes,
    }
    return render(
        request, "admin/journeys/journey/import.html", context, status=400 if mistakes or form.errors else 200
    )


def give_out(request: HttpRequest, pk: int) -> HttpResponse:
    """A version as a YAML file. Raises PermissionDenied, Http404."""
    version = Version.objects.select_related("journey__brand").filter(pk=pk).first()
    if not request.user.has_perms(["journeys.view_journey", "journeys.view_version"], version):
        raise PermissionDenied
    if version is None:
        raise Http404
    name = f"{version.journey.key}-v{version.number}.yaml"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(
        files.dump(files.plan_of(version)), content_type="application/yaml; charset=utf-8", headers=headers
    )
