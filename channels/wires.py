"""Many HTTP requests at once on few connections: one event loop a thread that sends, with its open connections.

The loop only runs while a batch is handed over, and its connections stay open in between. Where requests may go is
decided in `config.egress`.
"""

import asyncio
import os
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

import aiohttp
from django.conf import settings

from channels.base import Outgoing, Receipt, SendError
from config.egress import Refused, SocketFactory, loopback_socket, public_socket

TIMEOUT = 10.0
Config = Mapping[str, Any]
Outcome = tuple[Outgoing, Receipt | SendError]
One = Callable[[aiohttp.ClientSession, Outgoing], Awaitable[Receipt]]
"""Hands over one message; raises SendError, or what aiohttp raises."""
T = TypeVar("T")

_thread = threading.local()
_inherited: list["_Wires"] = []


def hand_over(config: Config, batch: Sequence[Outgoing], concurrency: int, one: One) -> Iterator[Outcome]:
    """Hand the batch over, at most `concurrency` at once; yields outcomes as they are known and never raises for a message."""
    waiting = deque(batch)
    sender = _Sender(config, waiting, one)
    left = len(batch)
    wires = _wires()
    workers = [wires.loop.create_task(sender.work(wires)) for _ in range(min(concurrency, left))]
    try:
        while left:
            for outcome in wires.loop.run_until_complete(sender.next_outcomes()):
                left -= 1
                yield outcome
    finally:
        # Also when the caller stops listening: what has not begun must not begin behind its back.
        waiting.clear()
        if workers:
            wires.loop.run_until_complete(asyncio.wait(workers))


def ask(config: Config, question: Callable[[aiohttp.ClientSession], Coroutine[Any, Any, T]]) -> T:
    """One question and its answer, on the same connections. Raises what the question raises."""
    wires = _wires()

    async def asked() -> T:
        return await question(wires.session(config))

    return wires.loop.run_until_complete(asked())


class _Sender:
    """One batch on its way."""

    def __init__(self, config: Config, waiting: deque[Outgoing], one: One) -> None:
        self.config = config
        self.waiting = waiting
        self.one = one
        self.outcomes: list[Outcome] = []
        self.news = asyncio.Event()

    async def next_outcomes(self) -> list[Outcome]:
        await self.news.wait()
        self.news.clear()
        found, self.outcomes = self.outcomes, []
        return found

    async def work(self, wires: "_Wires") -> None:
        # One turn of the loop first, so that connections closed while it stood still are noticed and not used.
        await asyncio.sleep(0)
        while self.waiting:
            message = self.waiting.popleft()
            outcome = await self._outcome(wires, message)
            # Not in one line with the await: the list is another one by then.
            self.outcomes.append((message, outcome))
            self.news.set()

    async def _outcome(self, wires: "_Wires", message: Outgoing) -> Receipt | SendError:
        try:
            return await self.one(wires.session(self.config), message)
        except SendError as error:
            return error
        except Exception as error:
            return send_error(error)


def send_error(error: Exception) -> SendError:
    """What went wrong on the way: before the request left it is transient, afterwards nobody can tell."""
    if isinstance(error, aiohttp.ClientConnectorError):
        if isinstance(error.os_error, Refused):
            return SendError("address_refused", str(error.os_error), permanent=True)
        return SendError("unreachable", str(error))
    if isinstance(error, Refused):
        return SendError("address_refused", str(error), permanent=True)
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return SendError("unreachable", "No connection in time.")
    if isinstance(error, aiohttp.InvalidURL | ValueError):
        return SendError("unsendable", f"{type(error).__name__}: {error}", permanent=True)
    return SendError("no_answer", f"{type(error).__name__}: {error}", maybe_sent=True)


@lru_cache(maxsize=64)
def _timeout_of(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=None, sock_connect=min(seconds, 5.0), sock_read=seconds)


def timeout(config: Config) -> aiohttp.ClientTimeout:
    """How long an answer may take: the account's `timeout` in seconds."""
    return _timeout_of(float(config.get("timeout") or TIMEOUT))


class _Wires:
    """This thread's event loop and its sessions, one for each answer to "where may requests go"."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.loop = asyncio.new_event_loop()
        self._sessions: dict[SocketFactory | None, aiohttp.ClientSession] = {}

    def session(self, config: Config) -> aiohttp.ClientSession:
        """Only inside the running loop, the first time."""
        factory = socket_factory(config)
        if factory not in self._sessions:
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=15, socket_factory=factory, ttl_dns_cache=30)
            self._sessions[factory] = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                headers={"User-Agent": "Waymark"},
                skip_auto_headers=("Accept", "Accept-Encoding"),
            )
        return self._sessions[factory]

    def close(self) -> None:
        for session in self._sessions.values():
            self.loop.run_until_complete(session.close())
        self.loop.close()


def socket_factory(config: Config) -> SocketFactory | None:
    """Which addresses a request may go to: in the sandbox this machine, live the public internet, or anywhere if allowed."""
    if settings.DELIVERY != "live":
        return loopback_socket
    return None if config.get("allow_private") else public_socket


def _wires() -> _Wires:
    found: _Wires | None = getattr(_thread, "wires", None)
    if found is None or found.pid != os.getpid():
        # Forked: the parent's loop must not even be collected here, both share what it waits on.
        if found is not None:
            _inherited.append(found)
        found = _thread.wires = _Wires()
    return found


def close() -> None:
    """Close this thread's connections (tests, and before the end of a process)."""
    found: _Wires | None = getattr(_thread, "wires", None)
    if found is not None and found.pid == os.getpid():
        found.close()
        del _thread.wires
