"""Kept-open lines to a provider, and a batch handed over on several of them at once.

A line is one connection (SMTP) or one pooled HTTP client. Lines stay open between batches of the same account in this
process, so that a message costs neither a handshake nor a log-in.
"""

import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from queue import SimpleQueue
from typing import Protocol

from channels.base import Outgoing, Receipt, SendError

Outcome = tuple[Outgoing, Receipt | SendError]

# Servers hang up on idle clients after some minutes; we do first.
IDLE_SECONDS = 30.0


class Line(Protocol):
    """One way to the provider. `send` raises SendError; `usable` turns False when the line is broken or worn out."""

    usable: bool

    def send(self, message: Outgoing) -> Receipt: ...

    def close(self) -> None: ...


Connect = Callable[[], Line]

_idle: dict[Hashable, deque[tuple[float, Line]]] = {}
_lock = threading.Lock()


def hand_over(key: Hashable, connect: Connect, batch: Sequence[Outgoing], at_once: int) -> Iterator[Outcome]:
    """Send the batch on up to `at_once` lines and yield each outcome as it is known; never raises for a message.

    `key` names the account's settings: lines with the same key are shared. When no line can be opened, what is left of
    the batch fails with the reason, which is transient: nothing of it was handed over.
    """
    run = _Run((os.getpid(), key), connect, batch)
    workers = max(1, min(at_once, len(batch)))
    if workers == 1:
        yield from run.alone()
    else:
        yield from run.together(workers)


class _Run:
    """One batch on its way: what waits, and what came of it."""

    def __init__(self, key: Hashable, connect: Connect, batch: Sequence[Outgoing]) -> None:
        self.key, self.connect = key, connect
        self.waiting = deque(batch)
        self.down: SendError | None = None

    def alone(self) -> Iterator[Outcome]:
        yield from self._outcomes()
        yield from self._left()

    def together(self, workers: int) -> Iterator[Outcome]:
        done: SimpleQueue[Outcome | None] = SimpleQueue()
        threads = [threading.Thread(target=self._work, args=(done,), daemon=True) for _ in range(workers)]
        for thread in threads:
            thread.start()
        try:
            running = workers
            while running:
                outcome = done.get()
                if outcome is None:
                    running -= 1
                else:
                    yield outcome
        finally:
            # Also when the caller stops listening: what has not begun must not begin behind its back.
            left = list(self.waiting)
            self.waiting.clear()
            for thread in threads:
                thread.join()
        self.waiting.extend(left)
        yield from self._left()

    def _work(self, done: "SimpleQueue[Outcome | None]") -> None:
        try:
            for outcome in self._outcomes():
                done.put(outcome)
        finally:
            done.put(None)

    def _outcomes(self) -> Iterator[Outcome]:
        """Take messages until none waits or no line opens; the line goes back for the next batch."""
        line: Line | None = None
        try:
            while self.waiting:
                if line is None or not line.usable:
                    line = self._replaced(line)
                    if line is None:
                        return
                try:
                    message = self.waiting.popleft()
                except IndexError:
                    return
                yield message, _sent(line, message)
        finally:
            if line is not None:
                _give_back(self.key, line)

    def _replaced(self, worn: Line | None) -> Line | None:
        if worn is not None:
            _close(worn)
        try:
            return (_taken(self.key) if worn is None else None) or self.connect()
        except SendError as error:
            self.down = error
        except Exception as error:
            self.down = SendError("unreachable", f"{type(error).__name__}: {error}")
        return None

    def _left(self) -> Iterator[Outcome]:
        error = self.down or SendError("unreachable", "No connection to the provider could be opened.")
        while self.waiting:
            yield self.waiting.popleft(), error


def _sent(line: Line, message: Outgoing) -> Receipt | SendError:
    try:
        return line.send(message)
    except SendError as error:
        return error
    except Exception as error:
        # A fault of ours in the middle of handing over: whether it left is not known.
        return SendError("internal_error", f"{type(error).__name__}: {error}", maybe_sent=True)


def _taken(key: Hashable) -> Line | None:
    _close_stale()
    with _lock:
        kept = _idle.get(key)
        return kept.pop()[1] if kept else None


def _give_back(key: Hashable, line: Line) -> None:
    if not line.usable:
        _close(line)
        return
    with _lock:
        _idle.setdefault(key, deque()).append((time.monotonic(), line))


def _close_stale() -> None:
    """Of every account: one whose settings changed never asks for its old lines again."""
    stale: list[Line] = []
    limit = time.monotonic() - IDLE_SECONDS
    with _lock:
        for kept in _idle.values():
            while kept and kept[0][0] < limit:
                stale.append(kept.popleft()[1])
    for line in stale:
        _close(line)


def _close(line: Line) -> None:
    with contextlib.suppress(Exception):  # it is thrown away either way
        line.close()


def never_connected(error: BaseException) -> bool:
    """Whether an HTTP client's exception says that no connection was made, so that nothing can have been taken.

    requests wraps urllib3's exceptions in its arguments, those in `reason`, and the causes beneath.
    """
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ProxyError, SSLError

    seen: list[object] = [error]
    for found in seen:
        if isinstance(found, NewConnectionError | ConnectTimeoutError | ProxyError | SSLError):
            return True
        if isinstance(found, BaseException):
            inner = (*found.args, getattr(found, "reason", None), found.__cause__, found.__context__)
            seen += [one for one in inner if isinstance(one, BaseException) and one not in seen]
    return False


def close_all() -> None:
    """Close every idle line of this process (tests, and before the end of a process)."""
    with _lock:
        lines = [line for kept in _idle.values() for _, line in kept]
        _idle.clear()
    for line in lines:
        _close(line)
