"""What takes a block's place under conditions, as rows of a form: the first condition that holds is used."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from channels import blocks
from channels.admin.rows import RowsWidget, every
from channels.api_words import UNSTORABLE
from channels.findings import Fault
from contacts.storable import storable

WRONG = "Mend the variants that are marked: each says what it needs."


class VariantsWidget(RowsWidget):
    """A row for each variant; without a script, a number in each says where it goes."""

    parts = blocks.VARIANT
    page = "admin/channels/variants/rows.html"

    def faults(self, rows: Sequence[Mapping[str, Any]]) -> list[Fault]:
        return blocks.variant_faults(rows)

    def row(self, one: Mapping[str, Any]) -> dict[str, Any]:
        # A field of one line would take the line breaks out of a condition that has any.
        found = super().row(one)
        return {**found, "broken": "\n" in found["when"] or "\r" in found["when"]}

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> list[dict[str, Any]]:
        """The rows that say anything and are not to be removed, in the order of their places."""
        places = every(data, f"{name}_place")
        rows = [
            (_place(number, places), {"when": _lines(when).strip(), "source": _lines(source)})
            for number, (when, source) in self.written(data, name)
            if when.strip() or source.strip()
        ]
        return [row for _, row in sorted(rows, key=lambda one: one[0])]


class VariantsField(forms.Field):
    """A list of variants as the model keeps it."""

    widget = VariantsWidget
    default_error_messages = {"wrong": WRONG}

    def clean(self, value: Any) -> list[dict[str, Any]]:
        if storable(value) != value:
            raise ValidationError(UNSTORABLE, code="unstorable")
        if blocks.variant_mistakes(value or []):
            raise ValidationError(self.error_messages["wrong"], code="wrong")
        return list(value or [])

    def has_changed(self, initial: Any, data: Any) -> bool:
        return kept(initial, data) != (initial or [])


def kept(stored: Any, written: Sequence[Mapping[str, Any]]) -> list[Any]:
    """What was written; each variant that says the same as a stored one as that is stored."""
    rows = [one for one in stored if isinstance(one, dict)] if isinstance(stored, list) else []
    known = {_same(one): one for one in rows}
    there = [rows[at] if at < len(rows) and _same(rows[at]) == _same(one) else None for at, one in enumerate(written)]
    return [there[at] or known.get(_same(one), one) for at, one in enumerate(written)]


def rows(variants: Any) -> list[dict[str, Any]]:
    """The variants that are any."""
    return [one for one in variants if isinstance(one, dict)] if isinstance(variants, list) else []


def readable(variants: Any) -> SafeString:
    """The variants in their order, for those who may only read them."""
    return SafeString(render_to_string("admin/channels/variants/table.html", {"rows": rows(variants)}))


def said(variants: Any) -> str:
    """The variants as one text, each under its condition."""
    return "\n\n".join(f"If {one.get('when', '')}\n{one.get('source', '')}" for one in rows(variants))


def _same(one: Mapping[str, Any]) -> tuple[str, str]:
    return _lines(str(one.get("when", ""))).strip(), _lines(str(one.get("source", "")))


def _lines(text: str) -> str:
    """The text with its line breaks as they were before a browser sent them."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _place(number: int, places: Sequence[str]) -> tuple[int, int, int]:
    """Where a row goes: one that was given another's place goes before it if it came up, else after it."""
    said = places[number].strip() if number < len(places) else ""
    now = number + 1
    wanted = int(said) if said.isascii() and said.isdecimal() and len(said) < 9 else now
    return wanted, (wanted > now) - (wanted < now), number
