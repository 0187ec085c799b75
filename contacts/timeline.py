"""The one writer of the timeline: whatever happens to a contact becomes a row here, once, and everything else reads it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from config import bulk
from contacts import signals
from contacts.models import Event, EventBatch
from contacts.storable import mapping, text


@dataclass(frozen=True, slots=True)
class NewEvent:
    """Something that happened. `key` makes it idempotent (at most 240 characters), e.g. `message.sent:42`."""

    contact_id: int
    name: str
    occurred_at: datetime
    key: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    brand_id: int | None = None


def record(events: Sequence[NewEvent], now: datetime) -> list[tuple[int, NewEvent]]:
    """Put events on the timeline; the ids and events of those that are new, in order. A known key is no news.

    All of one call are one EventBatch, for journeys to react to, in the caller's transaction. `events_recorded` is sent.
    """
    by_key: dict[str, NewEvent] = {}
    for event in events:
        by_key.setdefault(event.key, event)
    if not by_key:
        return []
    with transaction.atomic(savepoint=False):
        [(batch_id,)] = bulk.insert(EventBatch, [{"created_at": now, "size": len(by_key)}], returning=("id",))
        rows = [_row(event, batch_id, now) for event in by_key.values()]
        stored = bulk.insert(Event, rows, ignore_conflicts=True, returning=("id", "key"))
        if len(stored) < len(rows):
            _shrink(batch_id, len(stored))
        keys = {row["key"]: event for row, event in zip(rows, by_key.values(), strict=True)}
        recorded = [(pk, keys[key]) for pk, key in sorted(stored)]
        if recorded:
            signals.events_recorded.send(sender=Event, recorded=recorded, now=now)
    return recorded


def _row(event: NewEvent, batch_id: int, now: datetime) -> dict[str, Any]:
    return {
        "contact_id": event.contact_id,
        "batch_id": batch_id,
        "brand_id": event.brand_id,
        "name": text(event.name),
        "occurred_at": event.occurred_at,
        "received_at": now,
        "key": text(event.key),
        "properties": mapping(event.properties),
    }


def _shrink(batch_id: int, size: int) -> None:
    """Some were known: the batch counts only what is new, and one without any is none."""
    batch = EventBatch.objects.filter(pk=batch_id)
    if size:
        batch.update(size=size)
    else:
        batch.delete()
