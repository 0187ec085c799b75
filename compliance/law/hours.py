"""From rows of law to open spans of a calendar day: what one jurisdiction allows, and what several allow together.

Rows of one kind (the statute, an operator's rule …) are united, since a law lists its hours piece by piece: Monday to
Saturday here, Sunday there, two windows a day. Kinds bind side by side: what is open must be open in each. A weekday that
a kind says nothing about is closed, since hours are what is allowed; unless the kind only closes days (no Sundays).
"""

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, time, timedelta

from compliance.law import public_holidays
from compliance.law.rules import KINDS_OF, HoursRow, Rules
from compliance.windows import DAY, Span, Windows

WHOLE_DAY: tuple[Span, ...] = ((0, DAY),)


@dataclass(frozen=True, slots=True, eq=False)
class LegalHours:
    """When one jurisdiction lets a channel be used; compared by identity, since it is a key of caches."""

    jurisdiction: str
    rows: tuple[HoursRow, ...]
    subdivisions: tuple[str, ...] = ()

    def on(self, day: date) -> tuple[Span, ...]:
        """What is open on this day, by the rows that hold on it."""
        return _spans(self, day)

    def valid(self, day: date) -> list[HoursRow]:
        """The rows that hold on this day and weekday."""
        return [row for row in self.rows if day.weekday() in row.weekdays and row.valid(day)]

    def holiday(self, day: date) -> str:
        """The holiday that closes this day; empty when none does."""
        if not any(row.holidays_excluded for row in self.valid(day)):
            return ""
        return public_holidays.name(self.jurisdiction, self.subdivisions, day)


@dataclass(frozen=True, slots=True)
class Common:
    """Open when every part is: laws of several jurisdictions, or the law and an account's own hours."""

    parts: tuple[Windows, ...]

    def on(self, day: date) -> tuple[Span, ...]:
        """The spans that all parts share."""
        spans = WHOLE_DAY
        for part in self.parts:
            spans = _shared(spans, part.on(day))
        return spans


@dataclass(frozen=True, slots=True)
class Guarded:
    """Windows that close `seconds` early, so that what leaves last still arrives inside: laws count the receipt too."""

    windows: Windows
    seconds: int

    def on(self, day: date) -> tuple[Span, ...]:
        """The spans, each shortened at its end; one that goes on after midnight is not."""
        tomorrow = self.windows.on(day + timedelta(days=1)) if day < date.max else ()
        goes_on = tomorrow[0][1] if tomorrow and tomorrow[0][0] == 0 else 0
        early = (
            (start, end - self.seconds + min(goes_on, self.seconds) * (end == DAY))
            for start, end in self.windows.on(day)
        )
        return tuple((start, end) for start, end in early if start < end)


def legal_hours(
    rules: Rules,
    jurisdiction: str,
    channel: str,
    message_class: str,
    *,
    profile: str = "standard",
    lifts: frozenset[str] = frozenset(),
    regions: Iterable[str] = (),
) -> LegalHours | None:
    """The hours of a jurisdiction under a profile, without the rows that consents lift; None when it has none.

    `regions` are the person's regions and territories, for holidays that only hold there.
    """
    rows = _rows(rules, channel, message_class, profile, lifts).get(jurisdiction)
    if not rows:
        return None
    holidays = any(row.holidays_excluded for row in rows)
    return _interned(rows, jurisdiction, public_holidays.subdivisions(jurisdiction, regions) if holidays else ())


def jurisdictions(rules: Rules, channel: str, message_class: str, profile: str = "standard") -> tuple[str, ...]:
    """All jurisdictions that have hours for this channel and class."""
    return tuple(_rows(rules, channel, message_class, profile, frozenset()))


def text(spans: Sequence[Span]) -> str:
    """The spans as people write them: `08:00-20:00`, or `nothing`."""
    return " and ".join(f"{_clock(start)}-{_clock(end)}" for start, end in spans) or "nothing"


def allowed(row: HoursRow) -> str:
    """What one row allows: `08:00-20:00`, or `nothing`."""
    return text([_span(row.start, row.end)] if row.start is not None and row.end is not None else [])


@functools.lru_cache(maxsize=4096)
def _rows(
    rules: Rules, channel: str, message_class: str, profile: str, lifts: frozenset[str]
) -> dict[str, tuple[HoursRow, ...]]:
    found: dict[str, list[HoursRow]] = {}
    for row in rules.tables.hours:
        if row.kind in KINDS_OF[profile] and row.concerns(channel, message_class):
            lifted = row.lifted_by_consent in lifts
            found.setdefault(row.jurisdiction, []).append(_lifted(row) if lifted else row)
    return {
        jurisdiction: tuple(rows)
        for jurisdiction, rows in found.items()
        if not all(row.lifted_by_consent in lifts for row in rows)
    }


def _lifted(row: HoursRow) -> HoursRow:
    """A row that a consent lifts leaves its weekdays open; left out, it would leave them closed."""
    return replace(row, start=time(), end=time(), holidays_excluded=False)


@functools.lru_cache(maxsize=4096)
def _interned(rows: tuple[HoursRow, ...], jurisdiction: str, subdivisions: tuple[str, ...]) -> LegalHours:
    return LegalHours(jurisdiction, rows, subdivisions)


@functools.lru_cache(maxsize=65_536)
def _spans(hours: LegalHours, day: date) -> tuple[Span, ...]:
    spans, rested = WHOLE_DAY, bool(hours.holiday(day))
    by_kind: dict[str, list[HoursRow]] = {}
    for row in hours.rows:
        if row.valid(day):
            by_kind.setdefault(row.kind, []).append(row)
    for rows in by_kind.values():
        spans = _shared(spans, _of_kind(rows, day, rested))
    return spans


def _of_kind(rows: Sequence[HoursRow], day: date, rested: bool) -> tuple[Span, ...]:
    today = [row for row in rows if day.weekday() in row.weekdays]
    if not today and all(row.start is None for row in rows):
        return WHOLE_DAY
    open_rows = [row for row in today if not (rested and row.holidays_excluded)]
    return tuple(
        sorted(_span(row.start, row.end) for row in open_rows if row.start is not None and row.end is not None)
    )


def _span(start: time, end: time) -> Span:
    return _seconds(start), _seconds(end) or DAY


def _seconds(moment: time) -> int:
    return moment.hour * 3600 + moment.minute * 60 + moment.second


def _shared(one: Sequence[Span], other: Sequence[Span]) -> tuple[Span, ...]:
    pairs = ((max(a, c), min(b, d)) for a, b in one for c, d in other)
    return tuple(sorted((start, end) for start, end in pairs if start < end))


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds % 3600 // 60:02}"
