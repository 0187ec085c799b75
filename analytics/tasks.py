"""django-q2 entry points of this floor: housekeeping, on a schedule."""

from typing import Any

from analytics import tallies
from config import clock


def merge_tallies() -> int:
    """Hourly: make one row of many increments. Returns how many keys it merged."""
    merged = 0
    while found := tallies.merge(clock.now()):
        merged += found
    return merged


def schedule(**rest: Any) -> None:
    """Make sure that the schedule exists (after every migrate)."""
    from django_q.models import Schedule

    Schedule.objects.get_or_create(
        name="analytics.merge_tallies",
        defaults={"func": "analytics.tasks.merge_tallies", "schedule_type": Schedule.HOURLY},
    )
