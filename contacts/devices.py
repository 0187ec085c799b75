"""Devices that notifications are pushed to: what their owners switch off there counts here."""

from collections.abc import Sequence
from datetime import datetime

from contacts import consents
from contacts.consents import WITHDRAWN, Grant
from contacts.models import ConsentState
from contacts.timeline import NewEvent

CHANNEL = "push"
REVOKED = "push.permission_revoked"
"""What an app tells when its owner has taken back the permission to show notifications."""


def withdraw(revoked: Sequence[NewEvent], now: datetime) -> int:
    """These people allow no push messages any more; how many of their words that takes back.

    All topics of the brand that the event belongs to (of every brand, if of none). A word that is newer than the event stands.
    """
    by_contact = {event.contact_id: event for event in sorted(revoked, key=lambda event: event.occurred_at)}
    allowed = ConsentState.objects.filter(contact_id__among=list(by_contact), channel=CHANNEL).exclude(state=WITHDRAWN)
    rows = allowed.order_by("contact_id", "topic_id").values_list("contact_id", "topic_id", "topic__brand_id")
    grants = [
        Grant(contact_id, topic_id, CHANNEL, "", event.occurred_at, "device settings", proof={"event": event.key}, state=WITHDRAWN)
        for contact_id, topic_id, brand_id in rows
        if (event := by_contact[contact_id]).brand_id in (None, brand_id)
    ]  # fmt: skip
    return len(consents.record(grants, now))
