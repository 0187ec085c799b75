"""Carry people from step to step, a batch at a time: claim, prefetch, walk in memory, write.

Nothing here talks to the world, so no lease is needed: the rows stay locked until all of it is written, or none. The rows of
enrolments are themselves the record of entries and ends; they are not repeated on the timeline (decision 7).
"""

from collections.abc import Collection, Sequence
from datetime import datetime, tzinfo
from logging import getLogger
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import OuterRef, Subquery

from contacts import facts, zones
from contacts.base import NOTHING, ContactFacts
from journeys import designs, goals, writes
from journeys.bisection import bisect, sentence
from journeys.designs import Design
from journeys.matching import Occurrence, by_id
from journeys.models import Enrolment, Journey
from journeys.runs import COLUMNS, LIVE, Counts, Run, State, convert, locked
from journeys.runs import leave as write_leave
from journeys.walking import Walk

log = getLogger(__name__)

Row = tuple[Any, ...]
Zones = dict[int, tzinfo]


def next_due() -> datetime | None:
    """The earliest instant at which somebody in a live journey has to be moved."""
    return min((due for _, _, due in _due_journeys()), default=None)


def advance(now: datetime, limit: int = 1000) -> int:
    """Move people whose time has come, at most `limit`; 0 only when there was nobody. Paused journeys keep theirs in place.

    Somebody who cannot be moved is set aside (state failed, with the error), and the others go on.
    """
    with transaction.atomic():
        rows, homes = _claim(now, limit)
        failed = bisect(rows, lambda part: _advance(part, homes, now)) if rows else []
        if failed:
            _set_aside(failed, now)
    return len(rows)


def leave(enrolment_ids: Collection[int], reason: str, now: datetime) -> int:
    """Take people out at once; their messages that are still waiting are blocked. Returns how many were still in."""
    with transaction.atomic():
        runs = locked(Enrolment.objects.filter(id__in=enrolment_ids, state__in=LIVE).order_by("id"))
        for run in runs:
            run.end_reason = reason
        write_leave(runs, now)
        counts = Counts()
        counts.journey(runs, str(State.LEFT))
        counts.tell(now)
    return len(runs)


def retry(enrolment_ids: Collection[int], now: datetime) -> int:
    """Let people who were set aside go on where they are. Returns how many do; who is in it again already does not."""
    done = 0
    for enrolment in Enrolment.objects.filter(id__in=enrolment_ids, state=State.FAILED).order_by("id"):
        try:
            with transaction.atomic():
                found = Enrolment.objects.filter(id=enrolment.pk, state=State.FAILED)
                changed = found.update(state=State.ACTIVE, due_at=now, error="", ended_at=None)
                counts = Counts()
                counts.counts[enrolment.version_id, "", str(State.FAILED)] -= changed
                counts.tell(now)
            done += changed
        except IntegrityError:
            log.info("Enrolment %s is not tried again: its person is in the journey already.", enrolment.pk)
    return done


def _due_journeys() -> list[tuple[int, str, datetime]]:
    """Live journeys with the earliest due instant of anybody in them: one index look-up each."""
    due = Enrolment.objects.filter(journey=OuterRef("pk"), state__in=LIVE, due_at__isnull=False).order_by("due_at")
    found = Journey.objects.filter(state=Journey.State.LIVE).annotate(due=Subquery(due.values("due_at")[:1]))
    rows = found.order_by().values_list("id", "brand__timezone", "due")
    return sorted((row for row in rows if row[2]), key=lambda row: row[2])


def _claim(now: datetime, limit: int) -> tuple[list[Row], Zones]:
    """Lock the rows of due people, the longest due journey first; rows that another worker holds are passed over."""
    rows: list[Row] = []
    homes: Zones = {}
    for journey_id, zone, due in _due_journeys():
        if due > now or len(rows) >= limit:
            break
        homes[journey_id] = zones.zone(zone if zones.known(zone) else "UTC")
        found = Enrolment.objects.filter(journey=journey_id, state__in=LIVE, due_at__lte=now).order_by("due_at")
        rows += found.select_for_update(skip_locked=True, no_key=True).values_list(*COLUMNS)[: limit - len(rows)]
    return rows, homes


def _advance(rows: Sequence[Row], homes: Zones, now: datetime) -> None:
    """Move these people and write it. The runs are made here, anew for every attempt that bisection makes."""
    runs = [Run(*row) for row in rows]
    known, broken = designs.many({run.version_id for run in runs})
    counts = Counts()
    staying = _without_leavers([(known[run.version_id], run) for run in runs if run.version_id in known], counts, now)
    events = by_id({run.woken_by for _, run in staying if run.woken_by})
    walks = [Walk(run, design, homes[run.journey_id], events.get(run.woken_by or 0)) for design, run in staying]
    _walk(walks, now)
    writes.write(walks, counts, now)
    writes.set_aside([(run, str(broken[run.version_id])) for run in runs if run.version_id in broken], counts, now)
    counts.tell(now)


def _walk(walks: Sequence[Walk], now: datetime) -> None:
    """Everybody as far as it goes without knowing the person; then load what the rest asks for, once, and go on."""
    asking = []
    for walk in walks:
        walk.begin()
        if not _go(walk, None, now):
            asking.append(walk)
    if not asking:
        return
    needs = NOTHING
    for design in {walk.design for walk in asking}:
        needs |= design.needs
    people = facts.load(list({walk.run.contact_id for walk in asking}), needs, now)
    for walk in asking:
        _go(walk, people.get(walk.run.contact_id) or ContactFacts(walk.run.contact_id), now)


def _go(walk: Walk, contact: ContactFacts | None, now: datetime) -> bool:
    try:
        return walk.go(now, contact)
    except Exception as error:
        walk.fail(sentence(error), now)
        log.warning("Enrolment %s was set aside: %s", walk.run.id, walk.error)
        return True


def _without_leavers(pairs: Sequence[tuple[Design, Run]], counts: Counts, now: datetime) -> list[tuple[Design, Run]]:
    """Look back at what happened since these people entered: who met an exit criterion leaves now, whoever was first."""
    history = goals.since_entry(pairs)
    if not history:
        return list(pairs)
    _count_late_goals(pairs, history, counts, now)
    staying, leaving = [], []
    for design, run in pairs:
        final = next((event for event in history.get(run.contact_id, ()) if goals.ends(design, run, event)), None)
        if final:
            goals.end(run, final)
            leaving.append(run)
        else:
            staying.append((design, run))
    write_leave(leaving, now)
    counts.journey(leaving, str(State.LEFT))
    return staying


def _count_late_goals(
    pairs: Sequence[tuple[Design, Run]], history: dict[int, list[Occurrence]], counts: Counts, now: datetime
) -> None:
    """A goal that was handled before its person's entry was (two workers, two batches) still counts, once."""
    late = []
    for design, run in pairs:
        if run.step_id is None and run.converted_at is None:
            reached = next((e for e in history.get(run.contact_id, ()) if goals.reaches(design, run, e)), None)
            if reached:
                late.append((design, run, reached))
    if not late:
        return
    taken = goals.already_counted([run for _, run, _ in late], min(event.occurred_at for _, _, event in late))
    converted = []
    for design, run, event in late:
        if (run.contact_id, run.journey_id) not in taken:
            taken.add((run.contact_id, run.journey_id))
            goals.reach(design, run, event, now)
            converted.append(run)
    convert(converted)
    counts.converted(converted)


def _set_aside(failed: Sequence[tuple[Row, Exception]], now: datetime) -> None:
    counts = Counts()
    writes.set_aside([(Run(*row), sentence(error)) for row, error in failed], counts, now)
    counts.tell(now)
