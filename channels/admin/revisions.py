"""Two pages with the same draft open: whoever saves second is shown what the first wrote, and overwrites nothing by accident."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms.utils import pretty_name
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from channels import differences, drafts, revisions
from channels.admin.declaring import VariablesWidget
from channels.admin.kind_forms import KindModelForm
from channels.admin.varying import VariantsWidget
from channels.models import TemplateVersion
from channels.revisions import ABOUT, Version
from config.adminsite import ModelAdmin

OVERTAKEN = (
    "Nothing was saved: this draft was changed after you opened it. What differs is shown below; take over what you want to "
    "keep, then save again to replace it with yours."
)
ROWS: dict[str, forms.Widget] = {"variables": VariablesWidget(), "variants": VariantsWidget()}
"""What reads the fields that are rows of a form."""
HANDED_IN = "Nothing was saved: this version was submitted after you opened it, and does not change any more."


class DraftForm(forms.ModelForm):
    """Saves only over what its page has shown: the token `revision` of the page must be that of the row, under its lock."""

    overtaken: Version | None = None
    """What is stored, if that is not what the page has shown."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.revision = revisions.of(self.instance) if self.instance.pk else ""

    def clean(self) -> dict[str, Any]:
        """Compare before anything else judges; a page that is behind has to be read again first."""
        if self.instance.pk:
            rows = type(self.instance)._default_manager.select_for_update(of=("self",), no_key=True)
            stored = rows.get(pk=self.instance.pk)
            if stored.state != TemplateVersion.State.DRAFT:
                self.add_error(None, HANDED_IN)
            elif revisions.of(stored) != self.data.get("revision"):
                self.overtaken, self.revision = stored, revisions.of(stored)
                self.add_error(None, OVERTAKEN)
        return super().clean() or {}

    def conflict(self) -> dict[str, Any] | None:
        """Who was faster, and how what is stored differs from what is in this form; None if nobody was."""
        if self.overtaken is None:
            return None
        fields = differences.sources(self._kept(self.overtaken), self._typed())
        return {
            "last": self.overtaken.history.select_related("history_user").first(),
            "fields": [(self.fields[field.name].label or pretty_name(field.name), field.pieces) for field in fields],
        }

    def _kept(self, stored: Any) -> dict[str, Any]:
        """What is stored, by the names of the form's fields."""
        return {name: getattr(stored, name) for name in ABOUT[type(stored)] if name in self.fields}

    def _typed(self) -> dict[str, Any]:
        """What stands in the form, by the same names."""
        names = [name for name in ABOUT[type(self.instance)] if name in self.fields]
        return {name: self.cleaned_data.get(name, self._raw(name)) for name in names}

    def _raw(self, name: str) -> Any:
        return self.fields[name].widget.value_from_datadict(self.data, self.files, self.add_prefix(name)) or ""


class WordsForm(DraftForm, KindModelForm):
    """The same for the words of a template: the fields of its channel come first."""

    def _kept(self, stored: Any) -> dict[str, Any]:
        return {**self._named(stored.content), **super()._kept(stored)}

    def _typed(self) -> dict[str, Any]:
        return {**self._named(self._given()), **super()._typed()}

    def _named(self, words: Any) -> dict[str, Any]:
        names = {name: f"{self.column}_{name}" for name in self.kind_form.base_fields}
        return {field: words.get(name) for name, field in names.items() if field in self.fields}


class DraftAdmin(ModelAdmin):
    """Drafts that are submitted while their page is open: nothing is written over them, and nothing that was typed is lost."""

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        if request.method == "POST" and object_id:
            version = self.get_object(request, object_id)
            if version and self._handed_in(request, version):
                return self._typed(request, version)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Under the lock of its row: one that is submitted meanwhile stays."""
        drafts.discard(obj, request.user)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        try:
            return super().delete_view(request, object_id, extra_context)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            page = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
            return HttpResponseRedirect(reverse(page, args=[object_id]))

    def _handed_in(self, request: HttpRequest, version: Any) -> bool:
        """Whether this was the reader's own draft, and is none any more."""
        mine = version.author_id == request.user.pk and self.may(request, "change", version)
        return mine and version.state != TemplateVersion.State.DRAFT

    def _typed(self, request: HttpRequest, version: Any) -> HttpResponse:
        """A page with everything that the form held, to be taken over into a new draft."""
        names = [name for name in request.POST if name.startswith("content_") or name in ABOUT[type(version)]]
        rows = {name: widget for name, widget in ROWS.items() if f"{name}_rows" in request.POST}
        listed = {name: widget.value_from_datadict(request.POST, request.FILES, name) for name, widget in rows.items()}
        context = {
            **self.admin_site.each_context(request),
            "title": f"{version}: not saved",
            "opts": self.opts,
            "original": version,
            "sentence": HANDED_IN,
            "typed": [
                *(
                    (pretty_name(name.removeprefix("content_")), request.POST[name])
                    for name in names
                    if name not in rows
                ),
                *((pretty_name(name), differences.source(value)) for name, value in listed.items()),
            ],
        }
        return TemplateResponse(request, "admin/channels/drafts/handed_in.html", context, status=409)
