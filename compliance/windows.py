"""Wall-clock windows: pure arithmetic on when something may leave, by the clocks of one or several places.

A window is written in local time and lived in instants; the two disagree twice a year. What holds here:
- half-open: the first second of a window is inside, its end is outside;
- a window over midnight is cut at midnight: the part after it belongs to the next calendar day;
- an end that comes twice (clocks put back) closes at its first coming, and a closed window stays closed in the repeated
  hour; a start that comes twice opens at its first coming, but nothing is open while the clock reads a time before it;
- a time that does not exist (clocks put forward) counts as the instant of the change.
So an instant is open only if the wall clock reads a time inside the window: the careful reading, in every zone.
"""

import functools
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Protocol

DAY = 86_400
EVERY_DAY = tuple(range(7))
HORIZON = timedelta(days=14)

Span = tuple[int, int]
"""Seconds since local midnight, half-open; the end may be 86,400."""

Interval = tuple[datetime, datetime]
"""Instants (UTC), half-open."""


class Windows(Protocol):
    """Something that knows the open spans of a calendar day; hashable, since answers are cached."""

    def on(self, day: date) -> tuple[Span, ...]:
        """The open spans of this day in order, without overlaps."""
        ...

    def __hash__(self) -> int: ...


Clock = tuple[tzinfo, Windows]
"""A place's clock with the windows that hold by it."""


@dataclass(frozen=True, slots=True)
class Weekly:
    """Windows that repeat every week; `days` are the spans of Monday to Sunday."""

    days: tuple[tuple[Span, ...], ...]

    def on(self, day: date) -> tuple[Span, ...]:
        """The spans of this weekday."""
        return self.days[day.weekday()]


ALWAYS = Weekly((((0, DAY),),) * 7)
NEVER = Weekly(((),) * 7)


@functools.lru_cache(maxsize=1024)
def daily(start: time, end: time) -> Weekly:
    """Open from `start` to `end` on every day; `start` after `end` wraps midnight. Raises ValueError if they are the same."""
    return weekly([(EVERY_DAY, start, end)])


def weekly(windows: Iterable[tuple[Collection[int], time, time]]) -> Weekly:
    """Windows as `(weekdays, start, end)`, Monday is 0; midnight as an end means the end of the day.

    A window that wraps midnight belongs to the weekday on which it starts. Raises ValueError for a start that equals its
    end: that would be all day or never, and the two must not be mistaken for one another.
    """
    days: list[list[Span]] = [[] for _ in EVERY_DAY]
    for weekdays, start, end in windows:
        if start == end:
            raise ValueError(f"A window from {start:%H:%M} to {end:%H:%M} is either all day or never; write which.")
        opens, closes = _seconds(start), _seconds(end)
        for weekday in weekdays:
            if opens < closes:
                days[weekday].append((opens, closes))
            else:
                days[weekday].append((opens, DAY))
                days[(weekday + 1) % 7].append((0, closes))
    return Weekly(tuple(_merged(spans) for spans in days))


def is_open(clocks: Iterable[Clock], instant: datetime) -> bool:
    """Whether every one of these clocks stands inside its windows at `instant`."""
    return all(_is_open(zone, windows, instant) for zone, windows in clocks)


def next_open(clocks: Sequence[Clock], instant: datetime, horizon: timedelta = HORIZON) -> datetime | None:
    """The earliest instant from `instant` on at which all clocks are open; None when there is none within `horizon`."""
    limit, candidate = instant + horizon, instant
    while candidate <= limit:
        latest = candidate
        for zone, windows in clocks:
            opening = _opening(zone, windows, latest, limit)
            if opening is None:
                return None
            latest = opening
        if latest == candidate:
            return candidate
        candidate = latest
    return None


@functools.lru_cache(maxsize=16_384)
def intervals(zone: tzinfo, windows: Windows, day: date) -> tuple[Interval, ...]:
    """The open instants of a local calendar day, in order."""
    found: list[Interval] = []
    for start, end in windows.on(day):
        for piece in _pieces(zone, _wall(day, start), _wall(day, end)):
            if found and found[-1][1] == piece[0]:
                found[-1] = (found[-1][0], piece[1])
            else:
                found.append(piece)
    return tuple(found)


def _is_open(zone: tzinfo, windows: Windows, instant: datetime) -> bool:
    day = instant.astimezone(zone).date()
    return any(start <= instant < end for start, end in intervals(zone, windows, day))


def _opening(zone: tzinfo, windows: Windows, instant: datetime, limit: datetime) -> datetime | None:
    day, last = instant.astimezone(zone).date(), limit.astimezone(zone).date()
    while day <= last:
        for start, end in intervals(zone, windows, day):
            if end > instant:
                return max(start, instant)
        day += timedelta(days=1)
    return None


def _pieces(zone: tzinfo, start: datetime, end: datetime) -> list[Interval]:
    """The instants of one span: one piece, or two when the clocks are put back to before its start."""
    opens, again, closes = _instant(zone, start), _last(zone, start), _instant(zone, end)
    pieces = [(opens, closes)]
    if again > opens:
        pieces = [(opens, min(_turn(zone, opens, again), closes)), (again, closes)]
    return [(first, last) for first, last in pieces if first < last]


def _instant(zone: tzinfo, wall: datetime) -> datetime:
    """The first instant at which the clock reads `wall`; of a time that is skipped, the instant of the change."""
    instant = wall.replace(tzinfo=zone).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall:
        return instant
    return _turn(zone, wall.replace(tzinfo=zone, fold=1).astimezone(UTC), instant)


def _last(zone: tzinfo, wall: datetime) -> datetime:
    return wall.replace(tzinfo=zone, fold=1).astimezone(UTC)


def _turn(zone: tzinfo, low: datetime, high: datetime) -> datetime:
    """The instant between the two at which the zone's offset changes, to the second."""
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high


def _wall(day: date, seconds: int) -> datetime:
    return datetime.combine(day, time()) + timedelta(seconds=seconds)


def _seconds(moment: time) -> int:
    return moment.hour * 3600 + moment.minute * 60 + moment.second


def _merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    merged: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)
