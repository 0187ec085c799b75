"""How rows of law are shown: a table with a filter, and what a set changes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.http import QueryDict
from unfold.widgets import UnfoldAdminSelectWidget

from channels.models import MessageClass
from compliance.admin.law_forms import KIND_LABELS, LIFT_LABELS, TABLE_LABELS
from compliance.law import drafts, hours
from compliance.law.cells import weekday_text
from compliance.law.drafts import Placed
from compliance.law.rule_sets import Difference
from compliance.law.rules import BanRow, CapRow, HoursRow, Row, Tables

TONES = {"high": "good", "medium": "warn", "low": "bad"}
WINDOWS = {"24h": "any 24 hours", "local-day": "a day", "local-week": "a week"}


@dataclass(frozen=True, slots=True)
class Line:
    """A row for reading: what it says in a few words, and its small print."""

    pk: int
    line: int
    row: Any
    rule: str
    when: str
    tags: tuple[str, ...]
    tone: str


def line(placed: Placed) -> Line:
    """The row in words."""
    row = placed.row
    when = weekday_text(row.weekdays).replace(" ", ", ") if isinstance(row, HoursRow) else ""
    return Line(placed.pk, placed.line, row, rule(row), when, _tags(row), TONES.get(getattr(row, "confidence", ""), ""))


def rule(row: Row) -> str:
    """What it allows or forbids, e.g. `08:00-21:00`, `at most 3 messages in any 24 hours`."""
    if isinstance(row, HoursRow):
        return hours.allowed(row)
    if isinstance(row, CapRow):
        things = "messages" if row.counts == "messages" else "different channels"
        subject = " on the same subject" if row.same_subject else ""
        return f"at most {row.limit} {things}{subject} in {WINDOWS[row.window]}"
    return f"barred ({row.code})" if isinstance(row, BanRow) else ""


def summary(row: Row) -> str:
    """The row in one line, e.g. `US-FL, sms voice, marketing: mon-sun 08:00-20:00`."""
    days = f"{weekday_text(row.weekdays)} " if isinstance(row, HoursRow) else ""
    return f"{row.jurisdiction}, {' '.join(row.channels)}, {row.category}: {days}{rule(row)}"


def _tags(row: Row) -> tuple[str, ...]:
    if not isinstance(row, HoursRow):
        return ()
    lifted = "" if row.lifted_by_consent == "no" else f"lifted by consent: {LIFT_LABELS[row.lifted_by_consent]}"
    return tuple(
        filter(
            None,
            (
                "not on public holidays" if row.holidays_excluded else "",
                "" if row.kind == "statute" else KIND_LABELS[row.kind],
                lifted.replace("consent: yes, by ", ""),
            ),
        )
    )


class FilterForm(forms.Form):
    """Which table, and which rows of it; an unknown word filters nothing away."""

    jurisdiction = forms.ChoiceField(required=False, widget=UnfoldAdminSelectWidget)
    channel = forms.ChoiceField(required=False, widget=UnfoldAdminSelectWidget)
    category = forms.ChoiceField(
        label="Message class",
        required=False,
        choices=[("", "every class"), *MessageClass.choices],
        widget=UnfoldAdminSelectWidget,
    )

    def __init__(self, query: QueryDict, rows: Sequence[Placed]) -> None:
        super().__init__(query, auto_id="filter_%s")
        places = sorted({placed.row.jurisdiction for placed in rows})
        channels = sorted({channel for placed in rows for channel in placed.row.channels} - {"all"})
        self._offer("jurisdiction", "everywhere", places)
        self._offer("channel", "every channel", channels)

    def _offer(self, name: str, everything: str, words: Iterable[str]) -> None:
        self.fields[name].choices = [("", everything), *((word, word) for word in words)]  # type: ignore[attr-defined]

    def chosen(self, rows: Sequence[Placed]) -> list[Placed]:
        """The rows that fit. A region's rows hold beside its country's, so both are found by the region."""
        self.is_valid()
        place, channel, category = (self.cleaned_data.get(name, "") for name in ("jurisdiction", "channel", "category"))
        places = {place, place.partition("-")[0]}
        return [
            placed
            for placed in rows
            if (not place or placed.row.jurisdiction in places)
            and (not channel or placed.row.names(channel))
            and (not category or placed.row.category == category)
        ]


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one row: `added`, `removed`, or `changed` with (column, before, after)."""

    word: str
    row: Row
    columns: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def words(self) -> str:
        """The row in one line."""
        return summary(self.row)


def changes(differences: Sequence[Difference]) -> list[tuple[str, list[Change]]]:
    """By table, in the order of jurisdictions; a removed and an added row of the same scope are one changed row."""
    found = []
    for table, title in TABLE_LABELS.items():
        gone = [one.row for one in differences if one.table == table and one.sign == "-"]
        come = [one.row for one in differences if one.table == table and one.sign == "+"]
        if mine := _paired(table, gone, come):
            found.append((title, sorted(mine, key=lambda change: (change.row.jurisdiction, change.words))))
    return found


def count(rows: Tables) -> dict[str, int]:
    """Rows by table."""
    return {table: len(getattr(rows, table)) for table in TABLE_LABELS}


def _paired(table: str, gone: list[Row], come: list[Row]) -> list[Change]:
    found, left = [], list(come)
    for row in gone:
        twin = min(
            (one for one in left if _scope(one) == _scope(row)),
            key=lambda one: _distance(table, row, one),
            default=None,
        )
        if twin is None:
            found.append(Change("removed", row))
            continue
        left.remove(twin)
        found.append(Change("changed", twin, _changed(table, row, twin)))
    return found + [Change("added", row) for row in left]


def _scope(row: Row) -> tuple[Any, ...]:
    return row.jurisdiction, row.channels, row.category, getattr(row, "kind", "")


def _distance(table: str, one: Row, other: Row) -> int:
    return len(_changed(table, one, other))


def _changed(table: str, before: Row, after: Row) -> list[tuple[str, str, str]]:
    old, new = drafts.said(table, before), drafts.said(table, after)
    return [(column, old[column], new[column]) for column in old if old[column] != new[column]]
