"""The law that decisions were made by: their rule sets, and the rows that held where the person may have been."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from compliance.law import cells, rule_sets
from compliance.law.rules import HoursRow, Row
from compliance.models import Decision, RuleSet
from contacts import zones

NOTICE = "A collection of sources, not legal advice."


def of(decisions: Iterable[Decision], channel: str, message_class: str) -> list[dict[str, Any]]:
    """One entry a rule set, with the rows that were about this channel and class, and held on the days of judging."""
    by_number: dict[int, list[Decision]] = {}
    for one in decisions:
        if number := one.evidence.get("rule_set"):
            by_number.setdefault(int(number), []).append(one)
    return [_entry(number, mine, channel, message_class) for number, mine in sorted(by_number.items())]


def _entry(number: int, decisions: Sequence[Decision], channel: str, message_class: str) -> dict[str, Any]:
    entry: dict[str, Any] = {"number": number, "as_of": None, "checksum": "", "rows": [], "notice": NOTICE}
    try:
        law = rule_sets.of_number(number)
    except (RuleSet.DoesNotExist, rule_sets.Tampered) as error:
        return {**entry, "problem": str(error)}
    rows = (*law.tables.hours, *law.tables.bans, *law.tables.caps)
    held = [row for row in rows if row.concerns(channel, message_class) and any(_held(row, one) for one in decisions)]
    return {**entry, "as_of": law.as_of, "checksum": law.checksum, "rows": [_plain(row) for row in held]}


def _held(row: Row, decision: Decision) -> bool:
    """Whether it held for this decision: in one of its jurisdictions, on the day there."""
    if row.jurisdiction not in (decision.evidence.get("jurisdictions") or ()):
        return False
    return any(row.valid(day) for day in _days(decision))


def _days(decision: Decision) -> set[date]:
    """The day in every zone that was believed possible."""
    names = decision.evidence.get("zones") or [decision.evidence.get("zone") or "UTC"]
    return {_day(decision.decided_at, name) for name in names}


def _day(instant: datetime, name: str) -> date:
    return instant.astimezone(zones.zone(name)).date() if zones.known(name) else instant.date()


def _plain(row: Row) -> dict[str, Any]:
    found = {"table": type(row).__name__.removesuffix("Row").lower(), **asdict(row)}
    found["channels"] = " ".join(row.channels)
    if isinstance(row, HoursRow):
        found["weekdays"] = cells.weekday_text(row.weekdays)
    return {name: value for name, value in found.items() if value not in (None, "")}
