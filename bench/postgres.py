"""What a PostgreSQL server on this machine spends.

When nobody else uses the server, its total is exact: live processes plus what the postmaster has inherited from those that
ended. Otherwise only our own count: backends of our database by their titles, looked at several times a second (what ended
in between counts with what was last seen of it), and the server's own processes, which work for everybody.
"""

from collections import defaultdict

import psutil

SHARED = ("checkpointer", "writer", "walwriter", "autovacuum", "launcher")
"""Words in the titles of the server's own processes."""
TOLERATED = 0.05
"""CPU seconds that others may spend (an idle connection of theirs) before they are somebody to be told apart."""


class Postgres:
    """The server's processes, as far as they run on this machine."""

    def __init__(self, backend: int, database: str) -> None:
        """`backend` is the pid of any backend of the server. Raises ValueError if the server is on another machine."""
        self._postmaster = _parent(backend)
        self._name = database
        self._seen: dict[str, dict[tuple[int, float], float]] = defaultdict(dict)

    def start(self) -> None:
        """Count from now on."""
        self.look()
        self._before = self._totals()

    def look(self) -> None:
        """Read what every process of the server has used so far."""
        for process in self._postmaster.children():
            try:
                whose = self._whose(" ".join(process.cmdline()).split())
                self._seen[whose][process.pid, process.create_time()] = _own(process)
            except psutil.Error:
                continue

    def spent(self) -> float:
        """CPU seconds since `start`."""
        self.look()
        spent = {name: seconds - self._before[name] for name, seconds in self._totals().items()}
        alone = spent["others"] < TOLERATED
        return spent["whole"] if alone else spent["ours"] + spent["shared"]

    def _totals(self) -> dict[str, float]:
        totals = {name: sum(self._seen[name].values()) for name in ("ours", "shared", "others")}
        times = self._postmaster.cpu_times()
        inherited = getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
        alive = sum(map(_own, self._postmaster.children()))
        return {**totals, "whole": float(times.user + times.system + inherited + alive)}

    def _whose(self, title: list[str]) -> str:
        if self._name in title:
            return "ours"
        return "shared" if any(word in SHARED for word in title) else "others"


def _parent(backend: int) -> psutil.Process:
    try:
        found = psutil.Process(backend).parent()
    except psutil.NoSuchProcess:
        found = None
    if found is None or "postgres" not in found.name():
        raise ValueError("The database server runs on another machine; its CPU cannot be counted from here.")
    return found


def _own(process: psutil.Process) -> float:
    """CPU seconds of this process itself; nothing when it has just ended (its parent has inherited them)."""
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)
