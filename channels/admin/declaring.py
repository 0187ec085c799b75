"""The variables that a version declares, as rows of a form."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from channels import liquid, variables
from channels.admin.rows import RowsWidget, every
from channels.api_words import UNSTORABLE
from channels.checks import draft_of
from channels.findings import Fault
from channels.models import TemplateVersion
from contacts.storable import storable

EXAMPLES = {
    "text": "any words",
    "number": "12",
    "money": "12.50",
    "date": "2027-01-31",
    "boolean": "yes or no",
    "url": "https://…",
    "list": "one, two, three",
}
WRONG = "Mend the variables that are marked below: each says what it needs."
PLAIN = frozenset('",[]{}\n')
"""Characters with which a list of words is written as JSON."""


class VariablesWidget(RowsWidget):
    """A row for each variable, some empty ones, and those that the words use undeclared, to be ticked."""

    parts = variables.PARTS
    page = "admin/channels/variables/rows.html"

    def __init__(self) -> None:
        super().__init__()
        self.offered: Sequence[variables.Variable] = ()

    def faults(self, rows: Sequence[Mapping[str, Any]]) -> list[Fault]:
        return variables.faults(rows)

    def more(self) -> Mapping[str, Any]:
        return {"types": [(kind, EXAMPLES[kind]) for kind in variables.TYPES], "offered": self.offered}

    def row(self, one: Mapping[str, Any]) -> dict[str, Any]:
        kind = str(one.get("type") or "text")
        return {
            "name": text(one.get("name")),
            "type": kind,
            "strange": kind not in variables.TYPES,
            "example": EXAMPLES.get(kind, ""),
            "fallback": text(one.get("fallback")),
            "sample": text(one.get("sample")),
        }

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> list[dict[str, Any]]:
        """The rows that say anything and are not to be removed, then those that were ticked."""
        written = ([part.strip() for part in row] for _, row in self.written(data, name))
        rows = [_read(*row) for row in written if row[0] or row[2] or row[3]]
        for ticked in every(data, f"{name}_declare"):
            kind, _, wanted = ticked.partition(" ")
            rows.append(_read(wanted, kind, "", ""))
        return rows


class VariablesField(forms.Field):
    """A list of declarations as the model keeps it."""

    widget = VariablesWidget
    default_error_messages = {"wrong": WRONG}

    def clean(self, value: Any) -> list[dict[str, Any]]:
        if storable(value) != value:
            raise ValidationError(UNSTORABLE, code="unstorable")
        if variables.faults(value or []):
            raise ValidationError(self.error_messages["wrong"], code="wrong")
        return list(value or [])

    def has_changed(self, initial: Any, data: Any) -> bool:
        return variables.read(initial) != variables.read(data)


def posted(given: Mapping[str, Any], stored: Any) -> Any:
    """The declarations in a form that has any, saved or not; else what is stored."""
    widget = VariablesWidget()
    omitted = widget.value_omitted_from_data(given, {}, "variables")
    return stored if omitted else widget.value_from_datadict(given, {}, "variables")


def undeclared(version: TemplateVersion) -> list[variables.Variable]:
    """What the words use of people and events without a declaration, with the type that their filters and loops ask for."""
    sources = draft_of(version).sources.values()
    known = {one.name for one in variables.read(version.variables)} | {"contact.id"}
    names: list[str] = []
    for source in sources:
        names += [use.name for use in liquid.uses(source) if variables.declarable(use.name)]
    types = liquid.shapes(sources).types
    found: list[variables.Variable] = []
    for name in sorted(dict.fromkeys(names)):
        if not any(name == one or name.startswith(f"{one}.") for one in known):
            known.add(name)
            found.append(variables.Variable(name, types.get(name, "text")))
    return found


def readable(declared: Any) -> SafeString:
    """The declarations as a table, for those who may only read them."""
    rows = [(one.name, one.type, text(one.fallback), text(one.sample)) for one in variables.read(declared)]
    return SafeString(render_to_string("admin/channels/variables/table.html", {"rows": rows}))


def text(value: Any) -> str:
    """A value as it is written in its field; `_value` reads the same from it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and value and all(_is_word(one) for one in value):
        return ", ".join(value)
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False) if value else ""
    return str(value)


def _is_word(one: Any) -> bool:
    return isinstance(one, str) and bool(one) and one == one.strip() and not PLAIN & set(one)


def _read(name: str, kind: str, fallback: str, sample: str) -> dict[str, Any]:
    kind = kind or "text"
    return {"name": name, "type": kind, "fallback": _value(kind, fallback), "sample": _value(kind, sample)}


def _value(kind: str, written: str) -> Any:
    """What was written, as this type; as it stands where it is none, so that its author sees it again."""
    if kind == "boolean":
        known = variables.fitted(kind, written)
        return written if known is None else known
    if kind in ("number", "money"):
        return _number(written)
    if kind == "list" and written:
        return _list(written)
    return written


def _number(written: str) -> Any:
    """As a number where nothing is lost by it: 12.50 keeps its zero."""
    for make in (int, float):
        try:
            made = make(written)
        except ValueError:
            continue
        if math.isfinite(made) and str(made) == written:
            return made
    return written


def _list(written: str) -> Any:
    if not written.startswith("["):
        return [one.strip() for one in written.split(",") if one.strip()]
    try:
        return json.loads(written, parse_constant=_refused)
    except (ValueError, RecursionError):
        return written


def _refused(sign: str) -> None:
    """NaN and its like, which no database keeps as JSON."""
    raise ValueError(sign)
