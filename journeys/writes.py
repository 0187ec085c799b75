"""What a batch did, written with one statement a kind: visits, message requests, enrolments."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from channels import outbox
from config import bulk
from journeys.matching import stored
from journeys.models import Enrolment, Visit
from journeys.runs import Counts, Run, State
from journeys.walking import Stay, Walk

Row = dict[str, Any]


def write(walks: Sequence[Walk], counts: Counts, now: datetime) -> None:
    """Write what these walks say, in the caller's transaction."""
    if not walks:
        return
    _visits(walks, now)
    requests = [_request(walk, stay, now) for walk in walks for stay in walk.stays if stay.asks]
    if requests:
        outbox.request(requests, now)
    bulk.update(Enrolment, [_enrolment(walk, now) for walk in walks])
    _count(walks, counts)


def set_aside(failed: Iterable[tuple[Run, str]], counts: Counts, now: datetime) -> None:
    """Write that these people could not be moved, and why. They stay where they are; `engine.retry` lets them go on."""
    pairs = list(failed)
    bulk.update(
        Enrolment,
        [
            {"id": run.id, "state": str(State.FAILED), "due_at": None, "ended_at": now, "error": error}
            for run, error in pairs
        ],
    )
    counts.journey((run for run, _ in pairs), str(State.FAILED))


def _visits(walks: Sequence[Walk], now: datetime) -> None:
    """Close the visits that were open, insert the new ones and learn their ids."""
    closed: list[Row] = []
    new: list[tuple[Walk, Stay]] = []
    for walk in walks:
        for stay in walk.stays:
            if stay.id is None:
                new.append((walk, stay))
            elif stay.left_at:
                closed.append({"id": stay.id, "left_at": stay.left_at, "exit": stay.exit})
    bulk.update(Visit, closed)
    rows = [
        {
            "enrolment_id": walk.run.id,
            "step_id": stay.station.id,
            "entered_at": now,
            "left_at": stay.left_at,
            "exit": stay.exit,
        }
        for walk, stay in new
    ]
    ids = bulk.insert(Visit, rows, returning=("id", "enrolment_id"))
    # Both databases return rows in the order of insertion, but neither promises it: a wrong pair must not pass.
    for (walk, stay), (visit_id, enrolment_id) in zip(new, ids, strict=True):
        if enrolment_id != walk.run.id:
            raise AssertionError("The database returned new visits in another order than they were inserted in.")
        stay.id = visit_id


def _request(walk: Walk, stay: Stay, now: datetime) -> outbox.Request:
    ask = stay.asks[0]
    return outbox.Request(
        key=f"visit:{stay.id}",
        contact_id=walk.run.contact_id,
        template_id=ask.template_id,
        context=ask.context,
        labels={
            "journey": walk.design.journey_key,
            "version": walk.design.version_id,
            "step": stay.station.key,
            "visit": stay.id,
        },
        due_at=now,
        expires_at=ask.expires_at,
        priority=walk.design.priority,
    )


def _enrolment(walk: Walk, now: datetime) -> Row:
    run, stay = walk.run, walk.stay
    over = not run.live
    # Somebody set aside while a step was woken keeps the open visit, so that trying again wakes it again.
    kept = stay.id if stay.left_at is None else None
    return {
        "id": run.id,
        "state": run.state,
        "step_id": stay.station.id,
        "visit": kept,
        "due_at": walk.until,
        "awaits": stored(walk.awaits),
        "woken_by": run.woken_by if over and kept else None,
        "ended_at": now if over else None,
        "end_reason": run.end_reason[:120],
        "error": walk.error,
    }


def _count(walks: Sequence[Walk], counts: Counts) -> None:
    steps = counts.counts
    for walk in walks:
        version_id = walk.design.version_id
        for stay in walk.stays:
            key = stay.station.key
            if stay.id != walk.run.visit:
                steps[version_id, key, "entered"] += 1
            if stay.exit:
                steps[version_id, key, f"exit:{stay.exit}"] += 1
        if not walk.run.live:
            steps[version_id, "", walk.run.state] += 1
