"""When the chain has work, and one batch of it: sealing, linking, and the daily head."""

from datetime import datetime, timedelta

from django.db.models import Case, DateTimeField, F, OuterRef, QuerySet, Subquery, When

from compliance.chain import heads, linking, marks, sealing
from compliance.chain.rows import LEDGERS
from compliance.models import AuditEntry, AuditMark, AuditNote

SEAL_AFTER = timedelta(minutes=1)
"""A row is sealed when it is so old: one seal a minute at most while little happens, many rows in each when much does."""
_DELAYS = dict.fromkeys(LEDGERS, SEAL_AFTER)


def next_due(now: datetime) -> datetime | None:
    """The earliest instant at which something waits to be sealed, linked or written out. One query, by primary keys."""
    return min(_due().values(), default=None)


def run(now: datetime) -> int:
    """Seal a batch of each ledger that is due, link what is noted, and write out the day's head; how many rows it took."""
    due = {name for name, instant in _due().items() if instant <= now}
    worked = sum(sealing.seal(name, now) for name in LEDGERS if name in due)
    worked += linking.link(now)
    return worked + (heads.keep(now) if marks.HEADS in due else 0)


def _due() -> dict[str, datetime]:
    """Each mark that has something waiting, and when its turn is."""
    whens = [
        When(name=name, then=Subquery(_first(ledger.model._default_manager.filter(pk__gt=OuterRef("upto")), ledger.at)))
        for name, ledger in LEDGERS.items()
    ]
    whens.append(When(name=marks.ENTRIES, then=Subquery(_first(AuditNote.objects.all(), "at"))))
    whens.append(
        When(name=marks.HEADS, then=Subquery(_first(AuditEntry.objects.filter(pk__gt=OuterRef("upto")), "at")))
    )
    waiting = AuditMark.objects.annotate(since=Case(*whens, output_field=DateTimeField())).filter(since__isnull=False)
    rows = waiting.values_list("name", F("since"), "due_at")
    return {name: max(filter(None, (since + _DELAYS.get(name, timedelta()), due))) for name, since, due in rows}


def _first(rows: QuerySet, column: str) -> QuerySet:
    return rows.order_by("pk").values(column)[:1]
