"""The only place that reads the time.

Edges (views, commands, tasks) ask `now()` once and pass it on; nothing below an edge reads a clock. That is what lets
`manage.py replay` run eighteen months in a minute on the production code: it moves this clock, and nothing else.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

_frozen: datetime | None = None


def now() -> datetime:
    """The current instant, aware, in UTC."""
    return _frozen or datetime.now(UTC)


@contextmanager
def at(instant: datetime) -> Iterator[None]:
    """Hold this process's clock (all of its threads) at `instant`. Raises ValueError for a naive datetime."""
    global _frozen
    if instant.tzinfo is None:
        raise ValueError(f"The clock needs an aware datetime, not {instant!r}.")
    before, _frozen = _frozen, instant
    try:
        yield
    finally:
        _frozen = before
