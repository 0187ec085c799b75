"""Pumps of this floor: its due work, and how a batch of it is done."""

from datetime import datetime

from config.pumps import Pump, register
from contacts.models import EventBatch
from journeys import engine, reactions


def unhandled_since(now: datetime) -> datetime | None:
    """The pulse asks when there is something to react to: since the oldest batch that nobody has handled."""
    return EventBatch.objects.filter(handled_at=None).order_by("id").values_list("created_at", flat=True).first()


register(Pump("journeys.react", unhandled_since, lambda now: reactions.react(now), order=20))
register(Pump("journeys.advance", lambda now: engine.next_due(), lambda now: engine.advance(now), order=30))
