"""The worker's supervisor: starts the cluster and the pulse, watches both, and starts again what dies or freezes.

Why each piece is there:
- **A supervisor at all.** A django-q2 worker that is killed while idle dies holding the queue's lock: its cluster replaces
  it, looks healthy, and never works again. Nothing inside the cluster can notice, so something outside must.
- **Signs of life (config/life.py)** rather than a look at the process list, for the same reason. Each beat goes round through
  pulse, broker, pusher, worker and monitor; whichever of them hangs, the beats stop, and all are started anew.
- **A process group for the cluster**: one SIGKILL ends all of it. Orphans would go on taking tasks from the queue.
- **A supervisor that touches neither database nor broker**: it cannot hang with them.
- **The pulse takes over** when the supervisor itself is killed: it sees that its parent is gone, kills the old cluster and
  becomes the new worker. The cluster also kills itself when its parent is gone, in case the pulse was not yet there.
- **A lock file** per queue, held by the operating system as long as the supervisor lives: two workers on one queue would
  mistake each other's signs of life for their own.
- **Killing is always safe**: the work lies in rows that are locked or leased, a task is only a doorbell.
"""

import fcntl
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep

from django.conf import settings

from config import life, queue

LOOK_SECONDS = 0.25
SILENCE_SECONDS = 12.0
"""A beat every 2 s, turns of 2 s: five missed beats are no coincidence."""
START_SECONDS = 20.0
"""How long a cluster may take to its first beat. One that never came to life may be hung, or the machine slow: the next
gets twice as long, up to LONGEST_START."""
LONGEST_START = 120.0
STOP_SECONDS = 10.0
LONGEST_PAUSE = 15.0
STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

log = logging.getLogger("waymark.worker")


class AlreadyRunning(RuntimeError):
    """Another worker serves this queue on this machine."""


def command(*arguments: str) -> list[str]:
    """`manage.py worker …` of this interpreter."""
    return [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), "worker", *arguments]


def kill_group(group: int) -> None:
    """SIGKILL to every process of the group, if any is left."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


class Crew:
    """A cluster in a process group of its own, and the pulse that rings for it."""

    def __init__(self, patience: float) -> None:
        life.touch()
        self._patience = patience
        self._watch = life.Watch(life.path())
        self._cluster = subprocess.Popen(command("--part", "cluster"), process_group=0)  # noqa: S603
        self._pulse = self._start_pulse()

    @property
    def lived(self) -> bool:
        """Whether it ever gave a sign of life."""
        return self._watch.seen_alive

    def trouble(self) -> str:
        """Why this crew must be replaced; empty while all is well. A dead pulse is replaced at once, that is no trouble."""
        if self._cluster.poll() is not None:
            return f"the cluster ended with code {self._cluster.returncode}"
        if self._pulse.poll() is not None:
            log.warning("The pulse ended with code %s; starting another", self._pulse.returncode)
            self._pulse = self._start_pulse()
        silence = self._watch.silence()
        if silence > (SILENCE_SECONDS if self._watch.seen_alive else self._patience):
            return f"the cluster gave no sign of life for {silence:.0f} seconds"
        return ""

    def stop(self) -> None:
        """Let the pulse end, then the cluster finish what it has begun; kill what is left after STOP_SECONDS."""
        for process in (self._pulse, self._cluster):
            process.terminate()
        until = monotonic() + STOP_SECONDS
        for process in (self._pulse, self._cluster):
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, until - monotonic()))
        self.kill()

    def kill(self) -> None:
        """End every process of the crew now."""
        self._pulse.kill()
        kill_group(self._cluster.pid)
        self._pulse.wait()
        self._cluster.wait()

    def _start_pulse(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(command("--part", "pulse", "--group", str(self._cluster.pid)))  # noqa: S603


class Supervisor:
    """Keeps one crew at work until SIGTERM, SIGINT or SIGHUP."""

    def __init__(self) -> None:
        self._stopping = False
        self._patience = START_SECONDS

    def run(self) -> None:
        """Supervise until told to stop. Raises AlreadyRunning."""
        with _only_one(), _asked_to_stop(self._stop):
            pause = 0.0
            while not self._stopping:
                pause = self._one_crew(pause)

    def _one_crew(self, pause: float) -> float:
        """The life of one crew; returns how long to pause before the next, should this one never have come to life."""
        self._sleep(pause)
        if self._stopping:
            return 0.0
        crew = Crew(self._patience)
        try:
            trouble = self._watch(crew)
        except BaseException:
            crew.kill()
            raise
        if not trouble:
            crew.stop()
            return 0.0
        crew.kill()
        log.error("Starting the worker again: %s", trouble)
        if crew.lived:
            self._patience = START_SECONDS
            return 0.0
        self._patience = min(2 * self._patience, LONGEST_START)
        return min(max(1.0, pause * 2), LONGEST_PAUSE)

    def _watch(self, crew: Crew) -> str:
        while not self._stopping:
            if trouble := crew.trouble():
                return trouble
            sleep(LOOK_SECONDS)
        return ""

    def _sleep(self, seconds: float) -> None:
        until = monotonic() + seconds
        while not self._stopping and monotonic() < until:
            sleep(LOOK_SECONDS)

    def _stop(self) -> None:
        self._stopping = True


@contextmanager
def _asked_to_stop(note: Callable[[], None]) -> Iterator[None]:
    before = {number: signal.signal(number, lambda *_: note()) for number in STOPPING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _only_one() -> Iterator[None]:
    """Hold this queue's lock file. The system lets go of it when this process ends, however it ends."""
    path = Path(settings.VAR_DIR) / f"worker-{queue.name()}.lock"
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(
                f"A worker of the queue {queue.name()!r} is running on this machine already. "
                "Set WORKER_QUEUE to another name to run one beside it."
            ) from None
        yield
