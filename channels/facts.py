"""What becomes of a message is a fact on its contact's timeline: `message.sent`, `message.blocked`, `message.opened` …"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contacts.timeline import NewEvent


@dataclass(frozen=True, slots=True)
class About:
    """The message that a fact is about. `labels` say where it comes from (journey, version, step, visit)."""

    id: int
    key: str
    contact_id: int
    brand_id: int
    channel: str
    template: str
    labels: Mapping[str, Any]


COLUMNS = ("id", "key", "contact_id", "brand_id", "channel", "template__key", "labels")
"""The columns of Message that make an About, in order."""


def fact(word: str, message: About, at: datetime, *, again: str = "", **more: Any) -> NewEvent:
    """`message.<word>`, once per message; `again` tells several of one word apart (clicks, or a provider's own id)."""
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
