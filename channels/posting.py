"""Signed JSON to somebody's web server, many at once on few connections.

Each thread that sends keeps one event loop with its open connections between batches; the loop only runs while a batch
is handed over. Where requests may go is decided in `config.egress`.
"""

import asyncio
import base64
import hmac
import os
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import aiohttp
from django.conf import settings
from yarl import URL

from channels.base import CannotTell, Outgoing, Receipt, SendError
from config import clock
from config.bulk import dumps
from config.egress import Refused, SocketFactory, loopback_socket, public_socket

TIMEOUT = 10.0
LONGEST_ANSWER = 4096
Outcome = tuple[Outgoing, Receipt | SendError]

_thread = threading.local()
_inherited: list["_Wires"] = []


def post_all(config: Mapping[str, Any], batch: Sequence[Outgoing], concurrency: int) -> Iterator[Outcome]:
    """POST the batch, at most `concurrency` at once; yields outcomes as they are known and never raises for a message."""
    waiting = deque(batch)
    poster = _Poster(config, waiting)
    left = len(batch)
    wires = _wires()
    workers = [wires.loop.create_task(poster.work(wires)) for _ in range(min(concurrency, left))]
    try:
        while left:
            for outcome in wires.loop.run_until_complete(poster.next_outcomes()):
                left -= 1
                yield outcome
    finally:
        # Also when the caller stops listening: what has not begun must not begin behind its back.
        waiting.clear()
        if workers:
            wires.loop.run_until_complete(asyncio.wait(workers))


def look_up(config: Mapping[str, Any], key: str) -> Receipt | None:
    """GET <lookup_url>/<key>: 200 is a receipt, 404 None. Raises CannotTell for all else."""
    if not config.get("lookup_url"):
        raise CannotTell("This webhook has no look-up address.")
    url = URL(f"{config['lookup_url'].rstrip('/')}/{quote(key, safe='')}", encoded=True)
    wires = _wires()
    try:
        status = wires.loop.run_until_complete(_status_of(wires, config, url))
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise CannotTell(f"The look-up failed: {error}") from error
    if status == 200:
        return Receipt(key)
    if status == 404:
        return None
    raise CannotTell(f"The look-up answered {status}.")


async def _status_of(wires: "_Wires", config: Mapping[str, Any], url: URL) -> int:
    async with wires.session(config).get(url, timeout=_timeout(config), allow_redirects=False) as answer:
        return answer.status


class _Poster:
    """One batch on its way to one address."""

    def __init__(self, config: Mapping[str, Any], waiting: deque[Outgoing]) -> None:
        self.config = config
        self.waiting = waiting
        self.outcomes: list[Outcome] = []
        self.news = asyncio.Event()
        self.timestamp = str(int(clock.now().timestamp()))

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
            body = body_of(message)
            url, key = URL(self.config["url"]), key_of(self.config["secret"])
        except (ValueError, TypeError, KeyError) as error:
            return SendError("unsendable", f"The request cannot be written: {error!r}", permanent=True)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message.key,
            "webhook-timestamp": self.timestamp,
            "webhook-signature": signature(key, message.key, self.timestamp, body),
        }
        try:
            return await self._posted(wires.session(self.config), url, body, headers, message)
        except SendError as error:
            return error
        except Exception as error:
            return send_error(error)

    async def _posted(
        self, session: aiohttp.ClientSession, url: URL, body: bytes, headers: dict[str, str], message: Outgoing
    ) -> Receipt:
        async with session.post(
            url, data=body, headers=headers, timeout=_timeout(self.config), allow_redirects=False
        ) as answer:
            # Read to the end so that the connection can be used again; a longer answer closes it. The status has said
            # all that matters: what goes wrong from here on changes nothing.
            with suppress(aiohttp.ClientError, OSError):
                await answer.content.read(LONGEST_ANSWER)
            if 200 <= answer.status < 300:
                return Receipt(message.key)
            raise _refusal(answer.status, str(answer.reason))


def body_of(message: Outgoing) -> bytes:
    """The JSON that is posted."""
    told = message.metadata
    return dumps(
        {
            "id": message.id,
            "key": message.key,
            "template": told.get("template", ""),
            "contact": told.get("contact") or {},
            "content": dict(message.content),
        }
    ).encode()


def signature(key: bytes, message_key: str, timestamp: str, body: bytes) -> str:
    """`v1,` and the base64 of HMAC-SHA-256 over `id.timestamp.body` (Standard Webhooks 1.0)."""
    mac = hmac.digest(key, b".".join((message_key.encode(), timestamp.encode(), body)), "sha256")
    return "v1," + base64.b64encode(mac).decode()


@lru_cache(maxsize=256)
def key_of(secret: str) -> bytes:
    """The bytes of a `whsec_…` secret. Raises ValueError for what is not base64."""
    return base64.b64decode(secret.removeprefix("whsec_"), validate=True)


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


def _refusal(status: int, reason: str) -> SendError:
    code = "rate_limited" if status == 429 else f"http_{status}"
    return SendError(code, f"{status} {reason}", permanent=status not in (408, 429) and status < 500)


@lru_cache(maxsize=64)
def _timeout_of(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=None, sock_connect=min(seconds, 5.0), sock_read=seconds)


def _timeout(config: Mapping[str, Any]) -> aiohttp.ClientTimeout:
    return _timeout_of(float(config.get("timeout") or TIMEOUT))


class _Wires:
    """This thread's event loop and its sessions, one for each answer to "where may requests go"."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.loop = asyncio.new_event_loop()
        self._sessions: dict[SocketFactory | None, aiohttp.ClientSession] = {}

    def session(self, config: Mapping[str, Any]) -> aiohttp.ClientSession:
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


def socket_factory(config: Mapping[str, Any]) -> SocketFactory | None:
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
