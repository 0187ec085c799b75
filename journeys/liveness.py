"""Is anybody stuck? Every live enrolment has a due timer, an awaited event that can still come, or work in flight.

Engine and reactions keep it so by themselves, and the database refuses a row with neither timer nor event. This is the net
below them, for what no constraint can see: a fact that never came, a hand in the tables, two that crossed.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from logging import getLogger
from typing import Any, Literal

from django.db import transaction
from django.db.models import Count, F, Min, OuterRef, Q, Subquery

from channels import facts
from channels.models import Message
from config import bulk
from contacts import timeline
from contacts.models import Event
from journeys import engine
from journeys.base import THIS_VISIT
from journeys.matching import COLUMNS as EVENT
from journeys.matching import Occurrence, named, wakes
from journeys.models import Enrolment, Journey, Visit
from journeys.runs import LIVE, locked

log = getLogger(__name__)

SETTLED = timedelta(minutes=10)
"""What happened within this time may still be on its way."""
OVERDUE = timedelta(minutes=15)
"""A worker that runs moves everybody within seconds."""
FORGOTTEN = timedelta(days=365)
"""Nobody waits for an event longer than this without a timer."""
BATCH = 1000
KNOWN = ("sent", "blocked", "failed")
"""Final states of a message; `unknown` may still become one of them."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Somebody who is stuck, and why. `enrolment` is None when it is about many people of one journey."""

    journey: str
    enrolment: int | None
    sentence: str

    def __str__(self) -> str:
        who = f"enrolment {self.enrolment}" if self.enrolment else "the journey"
        return f"{self.journey}, {who}: {self.sentence}"


@dataclass(frozen=True, slots=True)
class Stuck:
    """A finding with its cure. `visit` is where the person was found: who has moved since then needs none."""

    finding: Finding
    cure: Literal["move", "leave", "tell", "advance"]
    visit: int | None = None
    event: int | None = None
    fact: timeline.NewEvent | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody who waits for an event, since `since`."""

    id: int
    journey: str
    brand_id: int
    contact_id: int
    visit: int
    awaits: Sequence[Mapping[str, Any]]
    due_at: datetime | None
    entered: datetime
    since: datetime

    @property
    def names(self) -> set[str]:
        """Every name, or family of names, that it waits for."""
        return {name for one in self.awaits for name in one["names"]}

    @property
    def for_own_message(self) -> bool:
        """Whether it waits to hear what became of the message of its visit."""
        return any(c.get("value") == THIS_VISIT for one in self.awaits for c in one["where"])

    def stuck(self, sentence: str, cure: Literal["move", "tell"], **more: Any) -> Stuck:
        """This one needs a cure."""
        return Stuck(Finding(self.journey, self.id, sentence), cure, self.visit, **more)


def check(now: datetime) -> list[Finding]:
    """Who is stuck at `now`; nothing is changed."""
    return [stuck.finding for stuck in _all(now)]


def repair(now: datetime) -> list[Finding]:
    """Who is stuck, set going again: moved on, told the fact they wait for, or taken out of a closed journey."""
    found = list(_all(now))
    timeline.record([stuck.fact for stuck in found if stuck.fact], now)
    _move([stuck for stuck in found if stuck.cure == "move"], now)
    leaving = [stuck.finding.enrolment for stuck in found if stuck.cure == "leave" and stuck.finding.enrolment]
    engine.leave(leaving, "journey archived", now)
    if any(stuck.cure == "advance" for stuck in found):
        engine.advance(now)
    return [stuck.finding for stuck in found]


def _all(now: datetime) -> Iterator[Stuck]:
    yield from _still_inside()
    yield from _without_timer()
    yield from _strayed()
    yield from _overdue(now)
    for batch in _waiting(now):
        yield from _unheard(batch, now)


def _move(found: Sequence[Stuck], now: datetime) -> None:
    """Let the engine look at these people now, those still where they were found."""
    by_id = {stuck.finding.enrolment: stuck for stuck in found}
    with transaction.atomic():
        runs = locked(Enrolment.objects.filter(id__among=list(by_id), state__in=LIVE).order_by("id"))
        rows = [
            {"id": run.id, "due_at": now, "woken_by": run.woken_by or by_id[run.id].event}
            for run in runs
            if run.visit == by_id[run.id].visit
        ]
        bulk.update(Enrolment, rows)


def _live(*conditions: Q, **filters: Any) -> Any:
    return Enrolment.objects.filter(*conditions, state__in=LIVE, **filters).order_by("id")


def _found(rows: Any, sentence: str, cure: Literal["move", "leave"]) -> Iterator[Stuck]:
    for pk, journey, visit in rows.values_list("id", "journey__key", "visit").iterator():
        yield Stuck(Finding(journey, pk, sentence), cure, visit)


def _still_inside() -> Iterator[Stuck]:
    """Let in by one process at the very moment at which another closed the journey."""
    rows = _live(journey__state=Journey.State.ARCHIVED)
    return _found(rows, "The journey is archived, but this person is still in it.", "leave")


def _without_timer() -> Iterator[Stuck]:
    rows = _live(Q(state=Enrolment.State.ACTIVE) | Q(woken_by__isnull=False), due_at=None)
    return _found(rows, "It has work to do, but nothing says when.", "move")


def _strayed() -> Iterator[Stuck]:
    """Moving them sets them aside, with an error that says the same."""
    rows = _live(~Q(step__version=F("version")), step__isnull=False)
    return _found(rows, "It stands at a step that is not one of its version's.", "move")


def _overdue(now: datetime) -> Iterator[Stuck]:
    late = Enrolment.objects.filter(journey=OuterRef("pk"), state__in=LIVE, due_at__lt=now - OVERDUE).order_by()
    figures = late.values("journey").annotate(n=Count("id"), first=Min("due_at"))
    journeys = Journey.objects.filter(state=Journey.State.LIVE).annotate(
        late=Subquery(figures.values("n")), first=Subquery(figures.values("first"))
    )
    for key, late_ones, first in journeys.exclude(late=None).order_by("key").values_list("key", "late", "first"):
        people = "1 person is" if late_ones == 1 else f"{late_ones:,} people are"
        sentence = (
            f"{people} due, the first since {first:%d %B %Y %H:%M} UTC, and nobody moves them. Does the worker run?"
        )
        yield Stuck(Finding(key, None, sentence), "advance")


def _waiting(now: datetime) -> Iterator[list[Waiting]]:
    """Everybody who has been waiting for an event for a while, in batches."""
    visit = Visit.objects.filter(pk=OuterRef("visit"))
    rows = (
        _live(~Q(awaits=[]), state=Enrolment.State.WAITING, woken_by=None)
        .exclude(journey__state=Journey.State.ARCHIVED)
        .annotate(entered=Subquery(visit.values("entered_at")))
        .filter(entered__lte=now - SETTLED)
    )
    names = ("id", "journey__key", "journey__brand_id", "contact_id", "visit", "awaits", "due_at", "entered", "since")
    last = 0
    while batch := [Waiting(*row) for row in rows.filter(id__gt=last).values_list(*names)[:BATCH]]:
        last = batch[-1].id
        yield batch


def _unheard(batch: Sequence[Waiting], now: datetime) -> Iterator[Stuck]:
    """Of these, those to whom what they wait for has happened, or can no longer happen."""
    messages = _messages(one for one in batch if one.for_own_message)
    told = _told(message for message in messages.values() if message.state in KNOWN)
    events = _events([one for one in batch if not one.for_own_message])
    for one in batch:
        if one.for_own_message:
            stuck = _by_message(one, messages.get(f"visit:{one.visit}"), told)
        else:
            stuck = _by_event(one, events[one.contact_id], now)
        if stuck:
            yield stuck


def _by_message(one: Waiting, message: Message | None, told: Mapping[str, tuple[int, bool]]) -> Stuck | None:
    if message is None:
        return one.stuck("It waits to hear of its message, but there is none.", "move")
    if message.state not in KNOWN:
        return None
    fact = _fact(message)
    if fact.key not in told:
        return one.stuck(f"Its message is {message.state}, but the fact never came.", "tell", fact=fact)
    event, handled = told[fact.key]
    if handled:
        return one.stuck(f"Its message is {message.state}, but that did not wake it.", "move", event=event)
    return None


def _by_event(one: Waiting, events: Iterable[Occurrence], now: datetime) -> Stuck | None:
    for event in events:
        if (
            event.received_at > one.entered
            and event.occurred_at >= one.since
            and event.of_brand(one.brand_id)
            and wakes(one.awaits, event, one.visit)
        ):
            return one.stuck(f"{event.name} happened, but did not wake it.", "move", event=event.id)
    if one.due_at is None and one.entered <= now - FORGOTTEN:
        return one.stuck("It has waited for an event for more than a year, without a timer.", "move")
    return None


def _messages(waiting: Iterable[Waiting]) -> dict[str, Message]:
    keys = [f"visit:{one.visit}" for one in waiting]
    found = Message.objects.filter(key__among=keys).select_related("template").order_by() if keys else ()
    return {message.key: message for message in found}


def _fact(message: Message) -> timeline.NewEvent:
    about = facts.About(
        message.pk,
        message.key,
        message.contact_id,
        message.brand_id,
        message.channel,
        message.template.key,
        message.labels,
    )
    why = {"reason": message.reason} if message.reason else {}
    found = facts.fact(message.state, about, message.sent_at or message.created_at, **why)
    assert found is not None  # journeys ask for people only
    return found


def _told(messages: Iterable[Message]) -> dict[str, tuple[int, bool]]:
    """The facts that are on the timeline, by key: the event, and whether journeys have handled it."""
    keys = [_fact(message).key for message in messages]
    rows = (
        Event.objects.filter(key__among=keys).order_by().values_list("key", "id", "batch__handled_at") if keys else ()
    )
    return {key: (pk, handled is not None) for key, pk, handled in rows}


def _events(waiting: Sequence[Waiting]) -> dict[int, list[Occurrence]]:
    """Handled events of these people under names that they wait for, the oldest first."""
    found: dict[int, list[Occurrence]] = defaultdict(list)
    if not waiting:
        return found
    names = set().union(*(one.names for one in waiting))
    wanted = Q(name__in=[name for name in names if not name.endswith(".*")])
    for name in names:
        wanted |= Q(name__startswith=name[:-1]) if name.endswith(".*") else Q()
    events = Event.objects.filter(
        wanted,
        contact_id__among=[one.contact_id for one in waiting],
        received_at__gt=min(one.entered for one in waiting),
        batch__handled_at__isnull=False,
    )
    for row in events.order_by("id").values_list(*EVENT):
        event = Occurrence(*row)
        if named(event.name, names):
            found[event.contact_id].append(event)
    return found
