"""Signs of life of this machine's cluster: the modification time of one file, which the supervisor watches.

It is a file and not a row because it must neither wait for a locked database nor fail with a lost one. It is touched
- by django-q2's monitor process when it has acknowledged a beat: the beat has then gone all the way round from the pulse
  through broker, pusher, worker and monitor, so every one of them lives and no lock of theirs is held by the dead;
- by a worker within a task that takes longer than a few seconds: beats may be waiting behind it. django-q2's own
  time-out bounds how long that can go on.
"""

import threading
from pathlib import Path
from time import monotonic
from typing import Any

from django.conf import settings

from config import queue

BEAT = "config.tasks.beat"
LONG_TASK_SECONDS = 4.0


def path() -> Path:
    """The file of this machine's cluster."""
    return Path(settings.VAR_DIR) / f"worker-{queue.name()}.alive"


def touch() -> None:
    """Say that the cluster lives."""
    path().touch()


class Watch:
    """How long a file has not been touched. It looks at changes, not at dates: a clock that is set kills nobody."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._stamp = self._read()
        self._since = monotonic()
        self.seen_alive = False
        """Whether there was a sign since the watch began: until then the cluster may still be starting."""

    def silence(self) -> float:
        """Seconds since the last sign."""
        stamp = self._read()
        if stamp != self._stamp:
            self._stamp, self._since, self.seen_alive = stamp, monotonic(), True
        return monotonic() - self._since

    def _read(self) -> int:
        try:
            return self._file.stat().st_mtime_ns
        except FileNotFoundError:
            return 0


class _Keeper(threading.Thread):
    """Touches the file as long as one long task runs."""

    def __init__(self) -> None:
        super().__init__(daemon=True, name="signs-of-life")
        self.done = threading.Event()

    def run(self) -> None:
        while not self.done.wait(LONG_TASK_SECONDS):
            touch()


_keeper: _Keeper | None = None


def connect() -> None:
    """Hear django-q2's signals; called once per process, when all apps are ready."""
    from django_q.signals import post_execute, post_execute_in_worker, pre_execute

    pre_execute.connect(_task_begins, dispatch_uid="life")
    post_execute_in_worker.connect(_task_ends, dispatch_uid="life")
    post_execute.connect(_task_acknowledged, dispatch_uid="life")


def _task_begins(**rest: Any) -> None:
    global _keeper
    _task_ends()
    _keeper = _Keeper()
    _keeper.start()


def _task_ends(**rest: Any) -> None:
    if _keeper:
        _keeper.done.set()


def _task_acknowledged(task: dict[str, Any], **rest: Any) -> None:
    if task["func"] == BEAT:
        touch()
