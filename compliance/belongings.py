"""What this floor keeps about a contact, for when two contacts are one; and the audit chain's word on it."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from compliance import chain
from compliance.chain.receivers import actor
from compliance.models import PrivacyRequest
from contacts import merging
from contacts.merging import belongings
from contacts.models import Merge
from contacts.signals import contacts_merged, contacts_unmerged

MERGED, UNMERGED = "contact.merged", "contact.unmerged"

chain.register(MERGED, "Contacts merged")
chain.register(UNMERGED, "Merge of contacts undone")
merging.register(belongings.rows("privacy_requests", PrivacyRequest, order=60))


@receiver(contacts_merged)
def note_merge(merge: Merge, now: datetime, **rest: Any) -> None:
    """Who made one of two, and how much went over; numbers only, since an entry outlives the person."""
    counts = {name: len(record["ids"]) for name, record in merge.moved.items() if record.get("ids")}
    told = {"other": merge.other_id, "source": merge.source, "moved": counts}
    chain.append(MERGED, now=now, actor=merge.merged_by_id or actor(), subject=merge.kept, payload=told)


@receiver(contacts_unmerged)
def note_undo(merge: Merge, now: datetime, **rest: Any) -> None:
    """Who made two of one again."""
    by = merge.undone_by_id or actor()
    chain.append(UNMERGED, now=now, actor=by, subject=merge.kept, payload={"other": merge.other_id})
