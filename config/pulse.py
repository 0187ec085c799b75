"""The pulse: looks twice a second whether work is due, and rings for it.

django-q2's own schedules are looked at every 30 seconds; a wait of one minute that wakes half a minute late would be no
wait. The pulse enqueues at most one turn a tick: a second lane joins half a second later if there is still work, and a
trickle of work never wakes two workers. Pulses of several machines do no harm: each rings for its own lanes only.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic

from django.db import close_old_connections

from config import clock, faults, lanes, life, pumps, queue
from config.models import Heartbeat, Ticket

TICK_SECONDS = 0.5
BEAT_SECONDS = 2.0
FORGOTTEN = timedelta(days=1)

log = logging.getLogger("waymark.worker")


def run(wait: Callable[[float], bool]) -> None:
    """Tick until `wait(seconds)` says that it is over. A database or broker that is away is waited for."""
    next_beat = 0.0
    pause, started = 0.0, False
    while not wait(max(pause, TICK_SECONDS)):
        try:
            if not started:
                begin(queue.name(), clock.now())
                started = True
            if monotonic() >= next_beat:
                queue.enqueue(life.BEAT, queue.name())
                next_beat = monotonic() + BEAT_SECONDS
            tick(queue.name(), clock.now())
            pause = 0.0
        except Exception:
            log.exception("The pulse could not look for work; it tries again in a moment")
            pause = min(max(1.0, pause * 2), BEAT_SECONDS)
            close_old_connections()


def tick(name: str, now: datetime) -> bool:
    """Enqueue one turn if a lane is free and a pump has work. Returns whether it did. Raises what database and broker raise."""
    if not _lane_free(name, now) or not due(now):
        return False
    lane = lanes.take(name, now)
    if lane is None:
        return False
    try:
        queue.enqueue("config.tasks.turn", lane.queue, lane.lane, lane.number)
    except Exception:
        lane.free()
        raise
    return True


def due(now: datetime) -> bool:
    """Whether any pump that is not resting has work."""
    resting = faults.resting(now)
    for pump in pumps.registered():
        if pump.name in resting:
            continue
        try:
            instant = pump.next_due(now)
        except Exception as error:
            log.exception("%s cannot say when it is due, and rests for a while", pump.name)
            close_old_connections()
            faults.note(pump.name, error, now)
            continue
        if instant is not None and instant <= now:
            return True
    return False


def begin(name: str, now: datetime) -> None:
    """Free this queue's lanes, and forget queues that nobody has served for a day (containers get a new name each)."""
    lanes.reset(name)
    gone = Heartbeat.objects.filter(beat_at__lt=now - FORGOTTEN).exclude(name=name)
    Ticket.objects.filter(queue__in=list(gone.values_list("name", flat=True))).delete()
    gone.delete()
    Heartbeat.objects.update_or_create(name=name, defaults={"beat_at": now, "started_at": now})


def end(name: str) -> None:
    """A worker that was stopped on purpose is not missed."""
    Heartbeat.objects.filter(name=name).delete()


def _lane_free(name: str, now: datetime) -> bool:
    taken = Ticket.objects.filter(queue=name, lane__lt=lanes.count(), taken_until__gt=now).count()
    return taken < lanes.count()
