"""Rows of law as CSV, in and out: every mistake is told with its line, its column and what to write instead."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any, TypeVar

from channels.models import MessageClass
from compliance.law import cells, public_holidays
from compliance.law.rules import KINDS, LIFT_WORDS, BanRow, CapRow, HoursRow, Row

R = TypeVar("R", bound=Row)
CONFIDENCES = ("high", "medium", "low")
COUNTS = ("messages", "channels")
WINDOWS = ("24h", "local-day", "local-week")
CODES = ("channel_restricted", "state_emergency")


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong in a table, and what to write instead. `line` counts from 1, the header included."""

    line: int
    column: str
    text: str

    def __str__(self) -> str:
        return f"Line {self.line}, {self.column}: {self.text}" if self.column else f"Line {self.line}: {self.text}"


class BadTable(ValueError):
    """A table that cannot be taken; `mistakes` are all of them."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(map(str, mistakes)))


def read_hours(text: str) -> tuple[HoursRow, ...]:
    """The rows of a table of hours. Raises BadTable."""
    found = _read(text, HOURS, _hours)
    mistakes = list(_overlaps(found))
    if mistakes:
        raise BadTable(mistakes)
    return tuple(row for _, row in found)


def read_bans(text: str) -> tuple[BanRow, ...]:
    """The rows of a table of bans. Raises BadTable."""
    return tuple(row for _, row in _read(text, BANS, _ban))


def read_caps(text: str) -> tuple[CapRow, ...]:
    """The rows of a table of statutory caps. Raises BadTable."""
    return tuple(row for _, row in _read(text, CAPS, _cap))


def overlap(one: HoursRow, other: HoursRow) -> bool:
    """Whether two rows of one kind say something about the same time of the same weekday."""
    return _same_scope(one, other) and _hours_meet(one, other)


def write(rows: Iterable[Row], columns: Sequence[str]) -> str:
    """The rows as CSV, as the readers take them."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(row, column) for column in columns] for row in rows)
    return out.getvalue()


_PLACE = ("jurisdiction", "channels", "category")
HOURS = (
    *_PLACE, "weekday", "allowed_start_local", "allowed_end_local", "holidays_excluded", "source", "confidence", "kind",
    "lifted_by_consent", "effective_from", "effective_to", "note",
)  # fmt: skip
BANS = (*_PLACE, "code", "source", "effective_from", "effective_to", "note")
CAPS = (*_PLACE, "limit", "counts", "window", "same_subject", "source", "effective_from", "effective_to", "note")


class _Line:
    """One line of a table while it is read; mistakes are collected, not raised."""

    def __init__(self, number: int, said: dict[str, str], mistakes: list[Mistake]) -> None:
        self.number = number
        self.said = said
        self.mistakes = mistakes

    def wrong(self, column: str, text: str) -> None:
        """Note a mistake."""
        self.mistakes.append(Mistake(self.number, column, text))

    def text(self, column: str) -> str:
        """The cell without surrounding blanks."""
        return self.said[column].strip()

    def take(self, column: str, read: Callable[[str], Any], instead: Any = None) -> Any:
        """The cell as `read` makes it; its ValueError is a mistake."""
        try:
            return read(self.text(column))
        except ValueError as error:
            self.wrong(column, str(error))
            return instead

    def one_of(self, column: str, words: Sequence[str]) -> str:
        """The cell, which must be one of these words."""
        return str(self.take(column, lambda said: cells.word(said, words), words[0]))


def _read(text: str, columns: Sequence[str], make: Callable[[_Line], R]) -> list[tuple[int, R]]:
    mistakes: list[Mistake] = []
    found = [(line.number, make(line)) for line in _lines(text, columns, mistakes)]
    if not found and not mistakes:
        mistakes.append(Mistake(2, "", "There is no row; a rule set without rules would allow everything."))
    if mistakes:
        raise BadTable(sorted(mistakes, key=lambda mistake: mistake.line))
    return found


def _lines(text: str, columns: Sequence[str], mistakes: list[Mistake]) -> Iterator[_Line]:
    if "\x00" in text:
        mistakes.append(
            Mistake(text[: text.index("\x00")].count("\n") + 1, "", "There is a NUL character; save it as text.")
        )
        return
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        if problems := _header_problems(header, columns):
            mistakes.extend(Mistake(1, column, problem) for column, problem in problems)
            return
        before = reader.line_num
        for said in reader:
            number, before = before + 1, reader.line_num
            if not any(cell.strip() for cell in said):
                continue
            if len(said) != len(header):
                told = (
                    f"There are {len(said)} cells instead of {len(header)}; put a cell with a comma in it into quotes."
                )
                mistakes.append(Mistake(number, "", told))
                continue
            yield _Line(number, dict(zip(header, said, strict=True)), mistakes)
    except csv.Error as error:
        mistakes.append(Mistake(reader.line_num, "", f"This is not CSV ({error}); check the quotes."))


def _header_problems(header: Sequence[str], columns: Sequence[str]) -> list[tuple[str, str]]:
    missing = [(name, "This column is missing.") for name in columns if name not in header]
    unknown = [
        (name or "(empty)", f"There is no such column; there are {', '.join(columns)}.")
        for name in header
        if name not in columns
    ]
    twice = [(name, "This column is there twice.") for name in sorted(set(header)) if header.count(name) > 1]
    return missing + unknown + twice


def _hours(line: _Line) -> HoursRow:
    start, end = line.take("allowed_start_local", cells.clock_time), line.take("allowed_end_local", cells.clock_time)
    _check_window(line, start, end)
    row = HoursRow(
        **_shared(line),
        weekdays=line.take("weekday", cells.weekdays, ()),
        start=start,
        end=end,
        holidays_excluded=line.one_of("holidays_excluded", ("no", "yes")) == "yes",
        confidence=line.one_of("confidence", CONFIDENCES),
        kind=line.one_of("kind", KINDS),
        lifted_by_consent=line.one_of("lifted_by_consent", LIFT_WORDS),
    )
    if row.jurisdiction and row.holidays_excluded and not public_holidays.known(row.jurisdiction):
        line.wrong("holidays_excluded", f"No calendar of {row.jurisdiction}'s holidays is known; write no.")
    return row


def _ban(line: _Line) -> BanRow:
    return BanRow(**_shared(line), code=line.one_of("code", CODES))


def _cap(line: _Line) -> CapRow:
    return CapRow(
        **_shared(line),
        limit=line.take("limit", cells.count, 1),
        counts=line.one_of("counts", COUNTS),
        window=line.one_of("window", WINDOWS),
        same_subject=line.one_of("same_subject", ("no", "yes")) == "yes",
    )


def _shared(line: _Line) -> dict[str, Any]:
    first, last = line.take("effective_from", cells.calendar_date), line.take("effective_to", cells.calendar_date)
    if first and last and last < first:
        line.wrong("effective_to", f"{last} is before {first}; write the last day on which the rule holds.")
    return {
        "jurisdiction": line.take("jurisdiction", cells.jurisdiction, ""),
        "channels": line.take("channels", cells.channels, ()),
        "category": line.one_of("category", [str(value) for value in MessageClass.values]),
        "source": line.take("source", cells.source, ""),
        "effective_from": first,
        "effective_to": last,
        "note": line.text("note"),
    }


def _check_window(line: _Line, start: time | None, end: time | None) -> None:
    written = [bool(line.text(column)) for column in ("allowed_start_local", "allowed_end_local")]
    if written[0] != written[1]:
        line.wrong("allowed_end_local", "Write both times, or neither where nothing is allowed.")
    elif start is not None and start == end:
        line.wrong(
            "allowed_end_local", "It is the same as the start; write two times, or neither where nothing is allowed."
        )
    elif start is not None and end is not None and time() < end < start:
        line.wrong("allowed_end_local", "The end is before the start; write two rows, one until 24:00, one from 00:00.")


def _overlaps(found: Sequence[tuple[int, HoursRow]]) -> Iterator[Mistake]:
    """Rows of one kind are united, so two that overlap would hide which one is meant."""
    for index, (number, row) in enumerate(found):
        for earlier, other in found[:index]:
            if overlap(row, other):
                told = f"These hours overlap with those of line {earlier}; give each time of a weekday one row."
                yield Mistake(number, "allowed_start_local", told)


def _same_scope(one: HoursRow, other: HoursRow) -> bool:
    return (
        one.jurisdiction == other.jurisdiction
        and one.kind == other.kind
        and one.category == other.category
        and any(one.names(channel) and other.names(channel) for channel in cells.CHANNELS)
        and bool(set(one.weekdays) & set(other.weekdays))
        and (one.effective_from or date.min) <= (other.effective_to or date.max)
        and (other.effective_from or date.min) <= (one.effective_to or date.max)
    )


def _hours_meet(one: HoursRow, other: HoursRow) -> bool:
    if one.start is None or other.start is None or one.end is None or other.end is None:
        return True
    last = time.max
    return one.start < (other.end if other.end != time() else last) and other.start < (
        one.end if one.end != time() else last
    )


_ATTRIBUTES = {"weekday": "weekdays", "allowed_start_local": "start", "allowed_end_local": "end"}


def _cell(row: Row, column: str) -> str:
    value = getattr(row, _ATTRIBUTES.get(column, column))
    if column == "weekday":
        return cells.weekday_text(value)
    if column == "channels":
        return " ".join(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, time):
        return "24:00" if column == "allowed_end_local" and value == time() else f"{value:%H:%M}"
    return "" if value is None else str(value)
