"""The product's own processes and the sink: started, found, killed, and none of them left behind."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from bench.costs import own, processes

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 90
STOP_SECONDS = 15
WEB = ("-m", "gunicorn", "config.wsgi", "--workers", "2", "--threads", "4", "--log-level", "warning")


class Failed(RuntimeError):
    """A process did not do what the bench needs of it; the sentence says which and why."""


class Service:
    """A process in a session of its own; what it says goes into a file."""

    def __init__(self, name: str, arguments: tuple[str, ...], env: Mapping[str, str], folder: Path) -> None:
        self.name = name
        self._said = folder / f"{name}.log"
        with self._said.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, *arguments], cwd=ROOT, env=dict(env), stdout=log, stderr=log, start_new_session=True
            )
        self.session = self._process.pid

    def check(self) -> None:
        """Raises Failed if nothing of it is alive."""
        if self._process.poll() is not None and not any(processes(self.session)):
            raise Failed(f"The {self.name} ended by itself:\n{self.said()}")

    def said(self) -> str:
        """Its last words."""
        return self._said.read_text(errors="replace")[-3000:]

    def stop(self) -> None:
        """SIGTERM to the one that leads, SIGKILL to whatever is left a while later."""
        leaders = [self._process.pid] if self._process.poll() is None else [p.pid for p in processes(self.session)]
        for pid in leaders:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        until = time.monotonic() + STOP_SECONDS
        while any(_alive(processes(self.session))) and time.monotonic() < until:
            self._process.poll()
            time.sleep(0.1)
        for process in processes(self.session):
            with suppress(psutil.Error):
                process.kill()
        self._process.wait()


class Sink:
    """The bench's own receiver of messages."""

    def __init__(self, folder: Path) -> None:
        with (folder / "sink.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bench.sink"], cwd=ROOT, stdout=subprocess.PIPE, stderr=log
            )
        assert self._process.stdout is not None
        self.ports: dict[str, int] = json.loads(self._process.stdout.readline())

    def ask(self, path: str) -> Any:
        """`summary` or `contents`."""
        line = http.client.HTTPConnection("127.0.0.1", self.ports["http"], timeout=30)
        line.request("GET", f"/{path}")
        answer = json.loads(line.getresponse().read())
        line.close()
        return answer

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()


@contextmanager
def running(name: str, arguments: tuple[str, ...], env: Mapping[str, str], folder: Path) -> Iterator[Service]:
    """A service for the length of the block."""
    service = Service(name, arguments, env, folder)
    try:
        yield service
    finally:
        service.stop()


def manage(env: Mapping[str, str], *arguments: str) -> str:
    """What a command of the product prints. Raises Failed with what it said instead."""
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=dict(env), capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise Failed(f"manage.py {' '.join(arguments)} failed:\n{done.stderr[-3000:]}")
    return done.stdout


def until(ready: Callable[[], bool], service: Service) -> None:
    """Wait until the service is ready. Raises Failed."""
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        service.check()
        if time.monotonic() > deadline:
            raise Failed(f"The {service.name} is not ready after {START_SECONDS} seconds:\n{service.said()}")
        time.sleep(0.1)


def kill_busiest(worker: Service) -> None:
    """SIGKILL to that process of a django-q cluster which has worked most."""
    crowd = [process for process in processes(worker.session) if "cluster" in _line(process)]
    max(crowd, key=own).kill()


def kill_supervisor(worker: Service) -> None:
    """SIGKILL to the worker's first process: its pulse must notice and take its place."""
    for process in processes(worker.session):
        if _line(process)[-1:] == ["worker"]:
            process.kill()


def _line(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def _alive(found: Iterator[psutil.Process]) -> Iterator[psutil.Process]:
    for process in found:
        with suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE:
                yield process
