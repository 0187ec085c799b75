"""What the worker's queue carries: turns, and beats. Both may be lost, doubled or late without harm."""

import logging
from time import monotonic

from django.db import close_old_connections

from config import clock, faults, pumps
from config.lanes import Lane
from config.models import Heartbeat

TURN_SECONDS = 2.0
"""Long enough that a turn's own cost (3-14 ms) is nothing, short enough that a beat behind it is prompt."""

log = logging.getLogger("waymark.worker")


def turn(queue: str, lane: int, number: int) -> int:
    """Work due batches, round by round through all pumps, until a round finds nothing or the time is up.

    A round takes one batch of each pump in the order in which facts travel, so that a person goes from event to message
    within one turn and no pump starves another. Returns the rows worked.
    """
    mine, until, total = Lane(queue, lane, number), monotonic() + TURN_SECONDS, 0
    known = set(faults.known())
    while monotonic() < until and mine.keep():
        rows = _round(mine, known)
        if not rows:
            break
        total += rows
    mine.free()
    return total


def beat(name: str) -> None:
    """A sign of life for other machines: this worker's row says when it last carried out a task.

    The pulse makes the row and takes it away; a beat that comes late must not bring it back.
    """
    Heartbeat.objects.filter(name=name).update(beat_at=clock.now())


def _round(mine: Lane, known: set[str]) -> int:
    rows = 0
    resting = faults.resting(clock.now()) if known else frozenset()
    for pump in pumps.registered():
        if pump.name not in resting and mine.keep():
            rows += _batch(pump, known)
    return rows


def _batch(pump: pumps.Pump, known: set[str]) -> int:
    """One batch; an exception is logged and lets this pump rest, and is nobody else's problem."""
    try:
        rows = pump.run(clock.now())
    except Exception as error:
        log.exception("%s failed and rests for a while", pump.name)
        close_old_connections()
        faults.note(pump.name, error, clock.now())
        known.add(pump.name)
        return 0
    if pump.name in known and faults.over(pump.name, rows, clock.now()):
        known.discard(pump.name)
    return rows
