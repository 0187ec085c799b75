"""Pumps of this floor: its due work, and how a batch of it is done; and its housekeeping, on a schedule."""

from datetime import datetime
from logging import getLogger
from typing import Any

from config import clock
from config.pumps import Pump, register
from contacts.models import EventBatch
from journeys import engine, liveness, reactions

log = getLogger(__name__)


def unhandled_since(now: datetime) -> datetime | None:
    """The pulse asks when there is something to react to: since the oldest batch that nobody has handled."""
    return EventBatch.objects.filter(handled_at=None).order_by("id").values_list("created_at", flat=True).first()


register(Pump("journeys.react", unhandled_since, lambda now: reactions.react(now), order=20))
register(Pump("journeys.advance", lambda now: engine.next_due(), lambda now: engine.advance(now), order=30))


def look_after_the_living() -> int:
    """Hourly: find people who are stuck and set them going again. Returns how many findings there were."""
    found = liveness.repair(clock.now())
    for finding in found:
        log.warning("Stuck, set going again: %s", finding)
    return len(found)


def schedule(**rest: Any) -> None:
    """Make sure that the schedule exists (after every migrate)."""
    from django_q.models import Schedule

    Schedule.objects.get_or_create(
        name="journeys.look_after_the_living",
        defaults={"func": "journeys.tasks.look_after_the_living", "schedule_type": Schedule.HOURLY},
    )
