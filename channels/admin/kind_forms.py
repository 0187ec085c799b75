"""A kind's form inside a model's form: an editor fills in named fields, and one JSON column keeps them together."""

import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.forms.utils import pretty_name
from django.utils.html import escape
from unfold import widgets

LONG = 2_000
KEPT = "Stored. Leave it empty to keep it."


class KindField(forms.Field):
    """A field of a kind's form as the admin shows it. It accepts everything: the kind's own form judges the value."""

    def __init__(self, inner: forms.Field, name: str) -> None:
        super().__init__(
            required=inner.required,
            label=inner.label or pretty_name(name),
            help_text=escape(inner.help_text),  # the admin shows help texts as HTML
            initial=inner.initial,
            widget=_styled(inner),
        )
        self.inner = inner

    def clean(self, value: Any) -> Any:
        return value

    def prepare_value(self, value: Any) -> Any:
        return "" if value is None else self.inner.prepare_value(value)


class KindModelForm(forms.ModelForm):
    """The form of a model with a kind: `kind_form` is the kind's form, `column` the JSON field that its values go to.

    Values of `secrets` are never sent to the browser; one that comes back empty keeps what is stored.
    """

    kind_form: type[forms.Form] = forms.Form
    column = "config"
    secrets: tuple[str, ...] = ()

    def __init__(self, *args: Any, **options: Any) -> None:
        stored = self._stored(options.get("instance"))
        shown = {f"{self.column}_{name}": value for name, value in stored.items() if name not in self.secrets}
        options["initial"] = {**shown, **(options.get("initial") or {})}
        super().__init__(*args, **options)
        for name in self.secrets:
            if stored.get(name):
                self._hide(self.fields.get(f"{self.column}_{name}"))

    def clean(self) -> dict[str, Any]:
        """Let the kind judge its values, and put what it says beside the field that it is about."""
        data = super().clean() or {}
        judged = self.kind_form(self._given())
        if judged.is_valid():
            setattr(self.instance, self.column, judged.cleaned_data)
        for name, errors in judged.errors.as_data().items():
            field = f"{self.column}_{name}"
            self.add_error(field if field in self.fields else None, errors)
        return data

    def _given(self) -> dict[str, Any]:
        stored = self._stored(self.instance)
        given: dict[str, Any] = {}
        for name, inner in self.kind_form.base_fields.items():
            field = f"{self.column}_{name}"
            value = self.fields[field].widget.value_from_datadict(self.data, self.files, self.add_prefix(field))
            given[name] = (
                inner.prepare_value(stored[name]) if name in self.secrets and not value and stored.get(name) else value
            )
        return given

    def _stored(self, instance: Any) -> Mapping[str, Any]:
        return (getattr(instance, self.column) or {}) if instance is not None else {}

    @staticmethod
    def _hide(field: forms.Field | None) -> None:
        if field is not None:
            field.required, field.initial = False, None
            field.help_text = f"{field.help_text} {KEPT}".strip()
            field.widget.attrs["placeholder"] = "••••••••"


def form_class(
    kind_form: type[forms.Form], column: str, base: type[KindModelForm], secrets: tuple[str, ...] = ()
) -> type[KindModelForm]:
    """`base` with the fields of `kind_form`, each called `<column>_<name>`."""
    fields = {f"{column}_{name}": KindField(field, name) for name, field in kind_form.base_fields.items()}
    return type(base.__name__, (base,), {**fields, "kind_form": kind_form, "column": column, "secrets": secrets})


def names(kind_form: type[forms.Form], column: str) -> list[str]:
    """What the fields are called in the model's form, in order."""
    return [f"{column}_{name}" for name in kind_form.base_fields]


def said(
    kind_form: type[forms.Form], values: Mapping[str, Any], secrets: tuple[str, ...] = ()
) -> list[tuple[str, str]]:
    """Label and value of every field that is filled in, for reading; of secrets only that they are there."""
    found = []
    for name, field in kind_form.base_fields.items():
        value = values.get(name)
        if value not in (None, "", {}, []):
            text = "stored, not shown" if name in secrets else _words(value)
            found.append((str(field.label or pretty_name(name)), text))
    return found


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)


def _styled(field: forms.Field) -> forms.Widget:
    """The same widget in the admin's style."""
    widget = field.widget
    if isinstance(widget, forms.CheckboxInput):
        return widgets.UnfoldBooleanSwitchWidget()
    if isinstance(widget, forms.SelectMultiple):
        return widgets.UnfoldAdminCheckboxSelectMultipleWidget(choices=list(widget.choices))
    if isinstance(widget, forms.Select):
        return widgets.UnfoldAdminSelectWidget(choices=list(widget.choices))
    if isinstance(widget, forms.PasswordInput):
        return widgets.UnfoldAdminPasswordWidget({"autocomplete": "new-password"})
    if isinstance(widget, forms.Textarea):
        short = isinstance(field, forms.JSONField) or (getattr(field, "max_length", None) or LONG) < LONG
        return widgets.UnfoldAdminTextareaWidget({"rows": 4 if short else 14})
    if isinstance(widget, forms.NumberInput):
        return widgets.UnfoldAdminIntegerFieldWidget()
    return widgets.UnfoldAdminTextInputWidget()
