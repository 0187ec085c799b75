"""Due work, as every floor declares it and as the worker, `run_due` and virtual time carry it out.

A pump is a named source of due rows: it can say when the next row is due, and it can work one batch of them. The truth
is in the rows; a task is only a doorbell, so losing, doubling or delaying one is harmless.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Pump:
    """`next_due(now)` is the earliest due instant (None: no work at all); `run(now)` works one batch and says how many rows it took.

    `run` must take only rows that are due at `now`, must be safe to run many times at once, and returns 0 only when
    nothing was due for it.
    """

    name: str
    next_due: Callable[[datetime], datetime | None]
    run: Callable[[datetime], int]
    order: int = 50


_pumps: dict[str, Pump] = {}


def register(pump: Pump) -> None:
    """Called from `AppConfig.ready()`; a second pump of the same name replaces the first (reloads)."""
    _pumps[pump.name] = pump


def get(name: str) -> Pump:
    """The pump of this name; raises KeyError."""
    return _pumps[name]


def registered() -> list[Pump]:
    """All pumps, in the order in which a fact travels: react, advance, release, …"""
    return sorted(_pumps.values(), key=lambda pump: (pump.order, pump.name))


def drain(now: datetime) -> dict[str, int]:
    """Do all work due at `now`, round by round, until a whole round finds nothing; the rows worked by pump name."""
    worked = {pump.name: 0 for pump in registered()}
    while True:
        round_total = 0
        for pump in registered():
            # One look at an index is cheaper than claiming nothing.
            if (due := pump.next_due(now)) and due <= now:
                rows = pump.run(now)
                worked[pump.name] += rows
                round_total += rows
        if not round_total:
            return worked


def next_due(now: datetime) -> datetime | None:
    """The earliest instant at which any pump has work; None when none has."""
    instants = [instant for pump in registered() if (instant := pump.next_due(now))]
    return min(instants, default=None)
