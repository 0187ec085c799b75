"""Virtual time: events are posted and due work is done as the clock jumps from one instant with work to the next."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from config import bulk, clock, pumps
from demo.story import Moment
from demo.web import Client

BATCH = 100
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Progress:
    """How far a replay is. `seconds` are real ones."""

    now: datetime
    events: int = 0
    ticks: int = 0
    seconds: float = 0.0
    worked: dict[str, int] = field(default_factory=dict)


def run(
    moments: Sequence[Moment],
    send: Client,
    *,
    start: datetime,
    end: datetime,
    tick: timedelta,
    speed: float | None = None,
    tell: Callable[[Progress], None] = lambda progress: None,
) -> Progress:
    """Post the moments and do all due work from `start` to `end`.

    Work due within one `tick` is done together at its end. `speed` is virtual seconds a real second; None: no waiting.
    """
    progress = Progress(start)
    begun = time.perf_counter()
    posted = 0
    while (instant := _next(progress.now, moments[posted].at if posted < len(moments) else None, tick)) <= end:
        _keep_pace(begun, instant - start, speed)
        ready = posted
        while ready < len(moments) and moments[ready].at <= instant:
            ready += 1
        _tick(moments[posted:ready], send, instant, progress)
        posted = ready
        progress.seconds = time.perf_counter() - begun
        tell(progress)
    _tick([moment for moment in moments[posted:] if moment.at <= end], send, end, progress)
    progress.seconds = time.perf_counter() - begun
    tell(progress)
    return progress


def _next(now: datetime, upcoming: datetime | None, tick: timedelta) -> datetime:
    """The next point of the grid of ticks, after `now`, at which there is something to do."""
    with clock.at(now):
        due = pumps.next_due(now)
    first = min(filter(None, (due, upcoming)), default=datetime.max.replace(tzinfo=UTC) - tick)
    return max(_on_grid(first, tick), _on_grid(now + timedelta(microseconds=1), tick))


def _on_grid(instant: datetime, tick: timedelta) -> datetime:
    return EPOCH + math.ceil((instant - EPOCH) / tick) * tick


def _tick(moments: Sequence[Moment], send: Client, instant: datetime, progress: Progress) -> None:
    with clock.at(instant):
        for part in bulk.chunks(moments, BATCH):
            send.send([{**moment.call, "timestamp": moment.at.isoformat()} for moment in part], instant)
        for pump, rows in pumps.drain(instant).items():
            progress.worked[pump] = progress.worked.get(pump, 0) + rows
    progress.now = instant
    progress.events += len(moments)
    progress.ticks += 1


def _keep_pace(begun: float, virtual: timedelta, speed: float | None) -> None:
    if speed:
        time.sleep(max(0.0, begun + virtual.total_seconds() / speed - time.perf_counter()))
