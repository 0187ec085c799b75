"""Facts of this floor that its segments look at, and an app's word that its owner wants no notifications any more.

Receivers of segments only write notes; `contacts.refresh` does the work.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from contacts import devices, rechecks
from contacts.models import Contact
from contacts.signals import events_recorded
from contacts.timeline import NewEvent


@receiver(events_recorded)
def note_events(recorded: Sequence[tuple[int, NewEvent]], now: datetime, **rest: Any) -> None:
    """People of whom a segment must know what they just did."""
    rechecks.after_events(recorded, now)


@receiver(events_recorded)
def take_notifications_back(recorded: Sequence[tuple[int, NewEvent]], now: datetime, **rest: Any) -> None:
    """The phone's owner has switched the app's notifications off."""
    revoked = [event for _, event in recorded if event.name == devices.REVOKED]
    if revoked:
        devices.withdraw(revoked, now)


@receiver(post_save, sender=Contact)
def note_edit(instance: Contact, created: bool, raw: bool = False, **rest: Any) -> None:
    """Somebody saved one contact by hand: everything about it may have changed."""
    if not raw:
        rechecks.after_edit(instance.pk, instance.updated_at)
