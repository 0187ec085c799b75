"""A person's no reaches messages that are already cleared: they go back to the door, before anything of them has left.

And templates that a provider must approve are asked about from the moment in which a version speaks of them.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.db.models.signals import post_save
from django.dispatch import receiver

from channels import outbox, provider_templates
from channels.models import Account, TemplateVersion
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


@receiver(post_save, sender=TemplateVersion)
def follow_version(instance: TemplateVersion, raw: bool = False, **rest: Any) -> None:
    """A version may speak of a template of the provider's."""
    if not raw:
        provider_templates.follow(instance.template.brand_id, instance.template.channel)


@receiver(post_save, sender=Account)
def follow_account(instance: Account, raw: bool = False, **rest: Any) -> None:
    """Another account knows other templates."""
    if not raw:
        provider_templates.follow(instance.brand_id, instance.channel)
