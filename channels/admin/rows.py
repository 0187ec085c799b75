"""Lists as rows of a form, some of them empty. It is complete without a script, which makes it comfortable.

The rows come as parallel lists (`variables_name`, `variables_type` …), so that a row can be added or taken away anywhere.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from channels.findings import Fault

BLANK = 2
"""How many empty rows there are where no script adds any."""


class RowsWidget(forms.Widget):
    """A row for each thing of a list, and some empty ones; `parts` are the fields of a row."""

    parts: tuple[str, ...] = ()
    page = ""

    def faults(self, rows: Sequence[Mapping[str, Any]]) -> Iterable[Fault]:
        """What is wrong with the rows, each with its place."""
        return ()

    def row(self, one: Mapping[str, Any]) -> dict[str, Any]:
        """What a row's fields hold; of an empty mapping, an empty row."""
        return {part: str(one.get(part) or "") for part in self.parts}

    def more(self) -> Mapping[str, Any]:
        """What else its page shows."""
        return {}

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        rows = [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
        wrong = self._wrong(rows)
        blank = {**self.row({}), "wrong": {}}
        context = {
            "name": name,
            "id": (attrs or {}).get("id", f"id_{name}"),
            "rows": [
                *({**self.row(one), "wrong": wrong.get(number, {})} for number, one in enumerate(rows)),
                *(blank for _ in range(BLANK)),
            ],
            "blank": blank,
            "described": (attrs or {}).get("aria-describedby", ""),
            **self.more(),
        }
        return SafeString(render_to_string(self.page, context))

    def id_for_label(self, id_: str) -> str:
        """There is no one control that a label could be of: the rows are a group with a name."""
        return ""

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return f"{name}_rows" not in data

    def written(self, data: Mapping[str, Any], name: str) -> list[tuple[int, list[str]]]:
        """The rows that are not to be removed, each with its number and its parts as they were written."""
        removed = set(every(data, f"{name}_remove"))
        parts = [every(data, f"{name}_{part}") for part in self.parts]
        rows = enumerate(zip_longest(*parts, fillvalue=""))
        return [(number, list(row)) for number, row in rows if str(number) not in removed]

    def spread(self, name: str, value: Any) -> dict[str, Any]:
        """What a browser would send of this value, if its rows stood in a form."""
        rows = [self.row(one) for one in value if isinstance(one, dict)] if isinstance(value, list) else []
        return {f"{name}_rows": "1", **{f"{name}_{part}": [row[part] for row in rows] for part in self.parts}}

    def _wrong(self, rows: Sequence[Mapping[str, Any]]) -> dict[int, dict[str, str]]:
        found: dict[int, dict[str, str]] = {}
        for fault in self.faults(rows):
            parts = found.setdefault(fault.row, {})
            parts[fault.part] = f"{parts.get(fault.part, '')} {fault.sentence}".strip()
        return found


def every(data: Mapping[str, Any], name: str) -> list[str]:
    """All that a form says under this name."""
    if hasattr(data, "getlist"):
        return [str(one) for one in data.getlist(name)]
    value = data.get(name, [])
    return [str(one) for one in (value if isinstance(value, list | tuple) else [value])]
