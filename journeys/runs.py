"""Enrolments in memory: how a batch of them is read, locked, and taken out of its journey."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from channels import outbox
from config import bulk
from journeys.models import Enrolment, Visit
from journeys.signals import journeys_counted

State = Enrolment.State
LIVE = tuple(str(state) for state in Enrolment.LIVE)


@dataclass(slots=True)
class Run:
    """An enrolment's row, read and to be written. A new one has the id 0."""

    id: int
    journey_id: int
    version_id: int
    contact_id: int
    instance_key: str
    state: str
    step_id: int | None
    visit: int | None
    due_at: datetime | None
    awaits: list[dict[str, Any]]
    woken_by: int | None
    context: Mapping[str, Any]
    since: datetime
    entered_by: int | None
    entered_at: datetime
    converted_at: datetime | None
    end_reason: str = ""
    conversion_value: Decimal | None = None

    @property
    def live(self) -> bool:
        """Whether the journey is still going on for this person."""
        return self.state in LIVE


COLUMNS = (
    "id",
    "journey_id",
    "version_id",
    "contact_id",
    "instance_key",
    "state",
    "step_id",
    "visit",
    "due_at",
    "awaits",
    "woken_by",
    "context",
    "since",
    "entered_by",
    "entered_at",
    "converted_at",
)


def locked(enrolments: QuerySet[Enrolment], *, skip_locked: bool = False) -> list[Run]:
    """Read these rows and lock them until the end of the transaction (SQLite: it is the only writer anyway)."""
    rows = enrolments.select_for_update(skip_locked=skip_locked, no_key=True).values_list(*COLUMNS)
    return [Run(*row) for row in rows]


def live_of(contact_ids: Collection[int]) -> list[Run]:
    """Everything that goes on for these people, locked in the order of ids; waits for an engine that is moving one."""
    return locked(Enrolment.objects.filter(contact_id__in=contact_ids, state__in=LIVE).order_by("id"))


def leave(runs: Sequence[Run], now: datetime) -> None:
    """Write that these (locked, already in the table) left early: their visits close, their pending messages are blocked."""
    if not runs:
        return
    bulk.update(
        Enrolment,
        [
            {
                "id": run.id,
                "state": str(State.LEFT),
                "ended_at": now,
                "end_reason": run.end_reason[:120],
                "due_at": None,
                "awaits": [],
                "woken_by": None,
                "visit": None,
            }
            for run in runs
        ],
    )
    visits = [run.visit for run in runs if run.visit]
    if visits:
        bulk.update(Visit, [{"id": visit, "left_at": now} for visit in visits])
        outbox.cancel([f"visit:{visit}" for visit in visits], "left_journey", now)


def convert(runs: Sequence[Run]) -> None:
    """Write the conversions of these runs."""
    rows = [
        {"id": run.id, "converted_at": run.converted_at, "conversion_value": run.conversion_value}
        for run in runs
        if run.id
    ]
    bulk.update(Enrolment, rows)


Key = tuple[int, str, str]


class Counts:
    """What a batch did, added up: told once, in its transaction."""

    def __init__(self) -> None:
        self.counts: Counter[Key] = Counter()
        self.values: dict[Key, Decimal] = {}

    def journey(self, runs: Iterable[Run], outcome: str) -> None:
        """The journey as a whole: entered, finished, left, failed."""
        self.counts.update((run.version_id, "", outcome) for run in runs)

    def converted(self, runs: Iterable[Run]) -> None:
        """Conversions, with their worth."""
        for run in runs:
            key = (run.version_id, "", "converted")
            self.counts[key] += 1
            self.values[key] = self.values.get(key, Decimal(0)) + (run.conversion_value or Decimal(0))

    def tell(self, now: datetime) -> None:
        """Send the signal, if anything was counted."""
        if self.counts:
            journeys_counted.send(None, counts=dict(self.counts), values=self.values, now=now)


def ended_for_goals(contact_ids: Collection[int], version_ids: Collection[int], since: datetime) -> list[Run]:
    """Runs that are over but may still convert, locked."""
    over = ~Q(state__in=LIVE)
    found = Enrolment.objects.filter(
        over, contact_id__in=contact_ids, version_id__in=version_ids, converted_at=None, since__gte=since
    )
    return locked(found.order_by("id"))
