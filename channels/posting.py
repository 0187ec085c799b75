"""Signed JSON to somebody's web server, many at once on few connections."""

import base64
import hmac
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import aiohttp
from yarl import URL

from channels import wires
from channels.base import CannotTell, Outgoing, Receipt, SendError
from channels.wires import Outcome
from config import clock
from config.bulk import dumps

LONGEST_ANSWER = 4096


def post_all(config: Mapping[str, Any], batch: Sequence[Outgoing], concurrency: int) -> Iterator[Outcome]:
    """POST the batch, at most `concurrency` at once; yields outcomes as they are known and never raises for a message."""
    timestamp = str(int(clock.now().timestamp()))

    async def one(session: aiohttp.ClientSession, message: Outgoing) -> Receipt:
        return await _posted(session, config, message, timestamp)

    return wires.hand_over(config, batch, concurrency, one)


def look_up(config: Mapping[str, Any], key: str) -> Receipt | None:
    """GET <lookup_url>/<key>: 200 is a receipt, 404 None. Raises CannotTell for all else."""
    if not config.get("lookup_url"):
        raise CannotTell("This webhook has no look-up address.")
    url = URL(f"{config['lookup_url'].rstrip('/')}/{quote(key, safe='')}", encoded=True)
    try:
        status = wires.ask(config, lambda session: _status_of(session, config, url))
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise CannotTell(f"The look-up failed: {error}") from error
    if status == 200:
        return Receipt(key)
    if status == 404:
        return None
    raise CannotTell(f"The look-up answered {status}.")


async def _status_of(session: aiohttp.ClientSession, config: Mapping[str, Any], url: URL) -> int:
    async with session.get(url, timeout=wires.timeout(config), allow_redirects=False) as answer:
        return answer.status


async def _posted(
    session: aiohttp.ClientSession, config: Mapping[str, Any], message: Outgoing, timestamp: str
) -> Receipt:
    """Raises SendError, and what aiohttp raises."""
    try:
        body = body_of(message)
        url, key = URL(config["url"]), key_of(config["secret"])
    except (ValueError, TypeError, KeyError) as error:
        raise SendError("unsendable", f"The request cannot be written: {error!r}", permanent=True) from error
    headers = {
        "Content-Type": "application/json",
        "webhook-id": message.key,
        "webhook-timestamp": timestamp,
        "webhook-signature": signature(key, message.key, timestamp, body),
    }
    async with session.post(
        url, data=body, headers=headers, timeout=wires.timeout(config), allow_redirects=False
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


def _refusal(status: int, reason: str) -> SendError:
    code = "rate_limited" if status == 429 else f"http_{status}"
    return SendError(code, f"{status} {reason}", permanent=status not in (408, 429) and status < 500)
