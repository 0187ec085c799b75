"""What becomes of a message is a fact on its contact's timeline: `message.sent`, `message.blocked`, `message.opened` …"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contacts import timeline
from contacts.timeline import NewEvent


@dataclass(frozen=True, slots=True)
class About:
    """The message that a fact is about. `labels` say where it comes from (journey, version, step, visit)."""

    id: int
    key: str
    contact_id: int | None
    """None: a test."""
    brand_id: int
    channel: str
    template: str
    labels: Mapping[str, Any]


COLUMNS = ("id", "key", "contact_id", "brand_id", "channel", "template__key", "labels")
"""The columns of Message that make an About, in order."""


def fact(word: str, message: About, at: datetime, *, again: str = "", **more: Any) -> NewEvent | None:
    """`message.<word>`, once per message; `again` tells several of one word apart (clicks, or a provider's own id).

    None for a test: it is nobody's, so there is no timeline to tell.
    """
    if message.contact_id is None:
        return None
    name = f"message.{word}"
    properties = {
        **message.labels,
        "message": message.id,
        "key": message.key,
        "channel": message.channel,
        "template": message.template,
        **more,
    }
    key = f"{name}:{message.id}:{again}" if again else f"{name}:{message.id}"
    return NewEvent(message.contact_id, name, at, key[:240], properties, message.brand_id)


def record(found: Iterable[NewEvent | None], now: datetime) -> None:
    """Write these facts on their contacts' timelines."""
    timeline.record([one for one in found if one], now)
