"""Web, worker and mail sandbox together: started, watched, and stopped to the last grandchild."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType

START_SECONDS = 60
STOP_SECONDS = 20
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Died(RuntimeError):
    """A service ended by itself."""


@dataclass
class Asked:
    """Whether to stop. No threading.Event: a handler that sets one can meet its lock held by the very thread it stopped."""

    stop: bool = False


class Service:
    """A child process in a group of its own, so that stopping it stops its children too."""

    def __init__(self, name: str, command: Sequence[str], env: Mapping[str, str]) -> None:
        self.name = name
        self._process = subprocess.Popen(command, env={**os.environ, **env}, start_new_session=True)  # noqa: S603

    @property
    def died(self) -> bool:
        """Whether it ended without being asked to."""
        return self._process.poll() is not None

    def ask_to_stop(self) -> None:
        """SIGTERM to the service alone: it knows how to stop its children in order."""
        if not self.died:
            self._process.terminate()

    def stop(self, until: float) -> None:
        """Wait until a monotonic instant, then SIGKILL whatever of its group is left."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.1, until - time.monotonic()))
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self._process.wait()


def run(commands: Mapping[str, Sequence[str]], env: Mapping[str, str], port: int, ready: Callable[[], None]) -> None:
    """Run the commands until SIGINT, SIGTERM or SIGHUP; call `ready` once something listens on `port`.

    Raises Died (after stopping the others) if one of them ends by itself, TimeoutError if nothing ever listens.
    """
    services: list[Service] = []
    with _stop_asked() as asked:
        try:
            for name, command in commands.items():
                services.append(Service(name, command, env))
            _wait_for(port, services, asked)
            if not asked.stop:
                ready()
            while not asked.stop:
                _check(services)
                time.sleep(0.2)
        finally:
            stop(services)


def stop(services: Sequence[Service]) -> None:
    """Stop them all, at once and in order; nobody is left behind."""
    for service in services:
        service.ask_to_stop()
    until = time.monotonic() + STOP_SECONDS
    for service in services:
        service.stop(until)


def python(*arguments: str) -> list[str]:
    """A command of this interpreter."""
    return [sys.executable, *arguments]


def free_port(preferred: int) -> int:
    """The preferred port of this machine if nobody has it, else any free one."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("This machine has no free port.")


def _wait_for(port: int, services: Sequence[Service], asked: Asked) -> None:
    until = time.monotonic() + START_SECONDS
    while not asked.stop:
        _check(services)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
        if time.monotonic() > until:
            raise TimeoutError(f"Nothing answers on port {port} after {START_SECONDS} seconds.")


def _check(services: Sequence[Service]) -> None:
    for service in services:
        if service.died:
            raise Died(f"{service.name} ended by itself; its last words are above.")


@contextmanager
def _stop_asked() -> Iterator[Asked]:
    """Set by the stopping signals, for the length of the block."""
    asked = Asked()

    def note(number: int, frame: FrameType | None) -> None:
        asked.stop = True

    before = {number: signal.signal(number, note) for number in STOPPING}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
