"""A person's no reaches messages that are already cleared: they go back to the door, before anything of them has left."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.dispatch import receiver

from channels import outbox
from contacts.signals import addresses_suppressed, events_recorded
from contacts.timeline import NewEvent


@receiver(events_recorded)
def recall_withdrawn(recorded: Sequence[tuple[int, NewEvent]], now: datetime, **rest: Any) -> None:
    """Messages of a person on a channel whose consent was just withdrawn."""
    said = {(e.contact_id, e.properties.get("channel")) for _, e in recorded if e.name == "consent.withdrawn"}
    if said:
        stale = Q()
        for contact_id, channel in said:
            stale |= Q(contact_id=contact_id, channel=channel)
        outbox.recall(stale, now)


@receiver(addresses_suppressed)
def recall_suppressed(digests: Sequence[str], now: datetime, **rest: Any) -> None:
    """Messages to an address that was just suppressed."""
    outbox.recall(Q(address__digest__among=list(digests)), now)
