"""CPU seconds of all processes that the product needs, the database server's and the broker's included.

Own processes are found by their session, so that children, grandchildren and orphans all count; they are looked at several
times a second, and what ended in between counts with what was last seen of it. Redis tells its own times. Not counted are
this process (which posts the events) and the sink.
"""

import os
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import psutil

from bench.postgres import Postgres

LOOK_SECONDS = 0.2


class Meter:
    """Adds up from `start` to `stop`. `sessions` are ids by part, e.g. {"web": 4711}."""

    def __init__(self, sessions: Mapping[str, int], postgres: Postgres | None, broker: str) -> None:
        self._parts = {session: part for part, session in sessions.items()}
        self._postgres = postgres
        self._broker = broker
        self._seen: dict[tuple[int, float], tuple[str, float]] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def start(self) -> None:
        """Begin to count."""
        self._look()
        self._before = self._totals()
        if self._postgres:
            self._postgres.start()
        self._thread.start()

    def stop(self) -> dict[str, float]:
        """CPU seconds by part since `start`."""
        self._over.set()
        self._thread.join()
        self._look()
        found = {part: seconds - self._before[part] for part, seconds in self._totals().items()}
        if self._postgres:
            found["database"] = self._postgres.spent()
        return {part: round(seconds, 3) for part, seconds in sorted(found.items())}

    def _watch(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            self._look()

    def _look(self) -> None:
        for session, part in self._parts.items():
            for process in processes(session):
                try:
                    self._seen[process.pid, process.create_time()] = part, own(process)
                except psutil.Error:
                    continue
        if self._postgres:
            self._postgres.look()

    def _totals(self) -> dict[str, float]:
        totals: Counter[str] = Counter()
        for part, seconds in self._seen.values():
            totals[part] += seconds  # type: ignore[assignment]
        if self._broker:
            totals["broker"] = redis_seconds(self._broker)  # type: ignore[assignment]
        return dict(totals)


def processes(session: int) -> Iterator[psutil.Process]:
    """Everything that is alive in a session."""
    for pid in psutil.pids():
        try:
            if os.getsid(pid) == session:
                yield psutil.Process(pid)
        except (OSError, psutil.Error):
            continue


def own(process: psutil.Process) -> float:
    """CPU seconds of this process itself. Raises psutil.Error."""
    times = process.cpu_times()
    return float(times.user + times.system)


def redis_seconds(url: str) -> float:
    """CPU seconds of the Redis server so far."""
    import redis

    told: dict[str, Any] = redis.Redis.from_url(url).info("cpu")
    return float(told["used_cpu_user"]) + float(told["used_cpu_sys"])
