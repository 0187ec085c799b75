"""Success and early exit: what an event does to people who are, or were, in a journey."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import Q

from contacts.models import Event
from journeys.designs import Design, Goal
from journeys.matching import Occurrence, matches, occurrences
from journeys.models import Enrolment
from journeys.runs import Run, State

HIGHEST = Decimal(10) ** 12


def ends(design: Design, run: Run, event: Occurrence) -> bool:
    """Whether the event is an exit criterion for this person."""
    return (
        bool(design.exit_when)
        and event.later_than(run.since, run.entered_by)
        and event.of_brand(design.brand_id)
        and any(matches(criterion, event) for criterion in design.exit_when)
    )


def end(run: Run, event: Occurrence) -> None:
    """The person leaves because of this event."""
    run.state = str(State.LEFT)
    run.end_reason = event.name


def reaches(design: Design, run: Run, event: Occurrence) -> bool:
    """Whether the event is the goal, in time, of somebody who has not reached it yet."""
    goal = design.goal
    return (
        goal is not None
        and run.converted_at is None
        and event.later_than(run.since, run.entered_by)
        and event.occurred_at <= run.since + goal.within
        and event.of_brand(design.brand_id)
        and matches(goal.awaited, event)
    )


def reach(design: Design, run: Run, event: Occurrence, now: datetime) -> None:
    """The person has converted by this event."""
    run.converted_at = now
    run.conversion_value = worth(design.goal, event)


def worth(goal: Goal | None, event: Occurrence) -> Decimal | None:
    """The goal's property of the event as money; None when it is missing or not a number below 10^12."""
    found: Any = event.properties
    for part in goal.value.split(".") if goal and goal.value else ():
        found = found.get(part) if isinstance(found, dict) else None
    if isinstance(found, dict | bool | None):
        return None
    try:
        value = Decimal(str(found))
    except InvalidOperation:
        return None
    return value.quantize(Decimal("0.01")) if value.is_finite() and abs(value) < HIGHEST else None


def since_entry(pairs: Sequence[tuple[Design, Run]]) -> dict[int, list[Occurrence]]:
    """Exit and goal events since these people entered, by contact, in one query (none when no design has any)."""
    names = {name for design, _ in pairs for name in _names(design)}
    if not names:
        return {}
    watched = [run for design, run in pairs if design.exit_when or design.goal]
    events = Event.objects.filter(
        _any_of(names),
        contact_id__in={run.contact_id for run in watched},
        occurred_at__gte=min(run.since for run in watched),
    )
    found: dict[int, list[Occurrence]] = {}
    for event in occurrences(events):
        found.setdefault(event.contact_id, []).append(event)
    return found


def _names(design: Design) -> Iterable[str]:
    for criterion in design.exit_when:
        yield from criterion.names
    if design.goal:
        yield from design.goal.awaited.names


def _any_of(names: set[str]) -> Q:
    wanted = Q(name__in=[name for name in names if not name.endswith(".*")])
    for name in names:
        if name.endswith(".*"):
            wanted |= Q(name__startswith=name[:-1])
    return wanted


def already_counted(runs: Sequence[Run], since: datetime) -> set[tuple[int, int]]:
    """(contact, journey) of other runs that converted from `since` on: one purchase is one success."""
    rows = Enrolment.objects.filter(
        contact_id__in={run.contact_id for run in runs},
        journey_id__in={run.journey_id for run in runs},
        converted_at__gte=since,
    ).exclude(id__in=[run.id for run in runs])
    return set(rows.order_by().values_list("contact_id", "journey_id"))
