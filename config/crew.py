"""The worker's two children, from inside: what each does when told to stop, and when its supervisor is gone."""

import logging
import os
import signal
from time import sleep

from django.db import DatabaseError, connections

from config import pulse, queue, supervisor

LOOK_SECONDS = 0.5

log = logging.getLogger("waymark.worker")


def run_cluster() -> None:
    """django-q2's cluster, until SIGTERM. Kills its whole group when its parent is gone."""
    from django_q.cluster import Cluster

    parent = os.getppid()
    connections.close_all()  # the cluster forks: an inherited connection would be shared
    cluster = Cluster()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cluster.start()
    while cluster.sentinel.is_alive():
        if os.getppid() != parent:
            supervisor.kill_group(os.getpgrp())
        sleep(LOOK_SECONDS)


class PulseProcess:
    """The pulse, until SIGTERM; it becomes the worker when its parent is gone."""

    def __init__(self, group: int) -> None:
        self._group = group
        self._parent = os.getppid()
        self._stopping = False

    def run(self) -> None:
        """Tick until told to stop."""
        for number in (
            signal.SIGINT,
            signal.SIGHUP,
        ):  # a terminal sends them to all; the supervisor passes on its own word
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, self._stop)
        pulse.run(self._wait)
        try:
            pulse.end(queue.name())
        except DatabaseError:
            log.warning("The database is away; this worker's heartbeat row stays behind")

    def _wait(self, seconds: float) -> bool:
        if not self._stopping:
            sleep(seconds)
        if not self._stopping and os.getppid() != self._parent:
            self._take_over()
        return self._stopping

    def _take_over(self) -> None:
        log.error("The supervisor was killed; the pulse takes its place")
        supervisor.kill_group(self._group)
        connections.close_all()
        for number in supervisor.STOPPING:
            signal.signal(number, signal.SIG_DFL)  # an ignored signal stays ignored across exec
        os.execv(supervisor.command()[0], supervisor.command())  # noqa: S606

    def _stop(self, *_: object) -> None:
        self._stopping = True
