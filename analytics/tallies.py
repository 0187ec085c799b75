"""Counting: increments as things happen, merged later, made anew from the rows when in doubt."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Count, Sum

from analytics.models import Tally
from config import bulk

Key = tuple[int, str, str]
"""Version id, step key ("" for the journey as a whole), outcome."""

MERGE_AFTER = timedelta(hours=1)


def add(counts: Mapping[Key, int], at: datetime, values: Mapping[Key, Decimal] | None = None) -> None:
    """Count, in the caller's transaction: one insert, no lock. `values` adds money to the same keys."""
    hour = at.replace(minute=0, second=0, microsecond=0)
    rows = [
        {
            "version_id": version,
            "step": step,
            "outcome": outcome[:80],
            "hour": hour,
            "count": count,
            "value": (values or {}).get((version, step, outcome), Decimal(0)),
        }
        for (version, step, outcome), count in counts.items()
    ]
    bulk.insert(Tally, rows)


def count(keys: Iterable[Key], at: datetime) -> None:
    """Count each key once for every time that it occurs."""
    add(Counter(keys), at)


def merge(now: datetime, limit: int = 200) -> int:
    """Make one row of the many increments of a key and hour, for hours that are over. Returns how many keys it merged."""
    spread = (
        Tally.objects.filter(hour__lt=now - MERGE_AFTER)
        .values("version_id", "step", "outcome", "hour")
        .annotate(rows=Count("id"))
        .filter(rows__gt=1)
        .order_by()[:limit]
    )
    keys = [(row["version_id"], row["step"], row["outcome"], row["hour"]) for row in spread]
    for key in keys:
        _merge_one(*key)
    return len(keys)


def _merge_one(version: int, step: str, outcome: str, hour: datetime) -> None:
    with transaction.atomic():
        rows = list(
            Tally.objects.select_for_update(skip_locked=True)
            .filter(version_id=version, step=step, outcome=outcome, hour=hour)
            .values_list("id", "count", "value")
        )
        Tally.objects.filter(id__in=[row[0] for row in rows]).delete()
        Tally.objects.create(
            version_id=version,
            step=step,
            outcome=outcome,
            hour=hour,
            count=sum(row[1] for row in rows),
            value=sum((row[2] for row in rows), Decimal(0)),
        )


def total(version_ids: Iterable[int]) -> dict[Key, int]:
    """All-time sums of these versions."""
    rows = (
        Tally.objects.filter(version_id__in=list(version_ids))
        .values_list("version_id", "step", "outcome")
        .annotate(n=Sum("count"))
        .order_by()
    )
    return {(version, step, outcome): n for version, step, outcome, n in rows}
