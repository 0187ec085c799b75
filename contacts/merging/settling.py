"""Whoever had found the other contact before the merge may write to it a moment after: a minute later that is brought over.

Ingest takes no locks to find people, and finding again for every row would cost every batch.
"""

from datetime import datetime, timedelta

from django.db.models import QuerySet

from contacts.merging import acting
from contacts.models import Merge

AFTER = timedelta(minutes=1)
"""Longer than any transaction that writes for people."""
BATCH = 100


def next_due(now: datetime) -> datetime | None:
    """When the oldest merge that is not settled is to be looked at."""
    first = _open().values_list("merged_at", flat=True).first()
    return first + AFTER if first else None


def work(now: datetime) -> int:
    """Settle a batch of merges; how many."""
    due = list(_open().filter(merged_at__lte=now - AFTER)[:BATCH])
    for made in due:
        acting.settle(made, now)
    return len(due)


def _open() -> QuerySet[Merge]:
    return Merge.objects.filter(settled_at=None, undone_at=None).order_by("merged_at", "pk")
