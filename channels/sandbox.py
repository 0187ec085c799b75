"""While DELIVERY is not live, nothing reaches a real address: mail goes to the mail sandbox, everything else becomes a row."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings

from channels.base import Channel, Outgoing, Receipt, SendError
from channels.models import SandboxMessage
from config import bulk
from config.egress import is_loopback

Config = Mapping[str, Any]
Outcome = tuple[Outgoing, Receipt | SendError]


def send(
    channel: Channel, config: Config, batch: Sequence[Outgoing], concurrency: int, now: datetime
) -> Iterator[Outcome]:
    """Hand the batch over where it may go now: live to the provider, otherwise to this machine or into the sandbox."""
    place = _place(channel, config)
    if place is None:
        return iter(_kept(channel, config, batch, now))
    return channel.send(place, batch, concurrency)


def _place(channel: Channel, config: Config) -> Config | None:
    """The account's settings to use; None: keep the messages as rows."""
    if settings.DELIVERY == "live" or is_loopback(channel.endpoint(config)):
        return config
    return channel.sandboxed(config)


def _kept(channel: Channel, config: Config, batch: Sequence[Outgoing], now: datetime) -> list[Outcome]:
    sender = str(config.get("from_number") or config.get("from_email") or config.get("url") or "")
    bulk.insert(SandboxMessage, [_row(channel, sender, message, now) for message in batch])
    return [(message, Receipt(f"sandbox-{message.id}")) for message in batch]


def _row(channel: Channel, sender: str, message: Outgoing, now: datetime) -> dict[str, Any]:
    return {
        "channel": channel.key,
        "sender": sender[:320],
        "recipient": message.to[:320],
        "subject": message.content.get("subject", "")[:998],
        "text": channel.readable(message.content),
        "html": message.content.get("html", ""),
        "message_id": message.id,
        "received_at": now,
    }
