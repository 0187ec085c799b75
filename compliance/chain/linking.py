"""Notes become links: numbered 1, 2, 3 … without gaps, each with the hash of the one before."""

from datetime import datetime

from django.db import transaction

from compliance.chain import marks
from compliance.chain.canonical import of_entry
from compliance.models import AuditEntry, AuditNote
from config import bulk

BATCH = 1000
_ACT = ("at", "kind", "actor", "subject_type", "subject_id", "payload")


def link(now: datetime, limit: int = BATCH) -> int:
    """Chain the notes that are committed, at most `limit`; how many. Does nothing while another linker is at it.

    Numbers are given here, under the lock of one row, and not in the transactions of the acts: so a rollback leaves no
    gap, and no act waits for another one's commit.
    """
    with transaction.atomic():
        mark = marks.lock(marks.ENTRIES)
        notes = list(AuditNote.objects.order_by("id")[:limit]) if mark else []
        if not mark or not notes:
            return 0
        # Read after the lock was taken, so that it is the last one there is.
        last = head()
        number, previous = (last.number, last.hash) if last else (0, "")
        rows = []
        for note in notes:
            number += 1
            entry = AuditEntry(number=number, previous=previous, **{name: getattr(note, name) for name in _ACT})
            previous = of_entry(entry)
            rows.append({**{name: getattr(entry, name) for name in _ACT}, "number": number,
                         "previous": entry.previous, "hash": previous})  # fmt: skip
        bulk.insert(AuditEntry, rows)
        AuditNote.objects.filter(pk__in=[note.pk for note in notes]).delete()
        mark.upto = number
        mark.save(update_fields=["upto"])
    return len(notes)


def head() -> AuditEntry | None:
    """The last link; None before the first."""
    return AuditEntry.objects.order_by("-number").first()
