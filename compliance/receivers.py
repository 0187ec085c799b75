"""What is said to us is acted on where it becomes known, in the same transaction: nothing leaves in between."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.dispatch import receiver

from channels.base import Reassignment
from channels.models import Account, InboundMessage, ProviderTemplate
from channels.signals import address_reassigned, message_received, provider_template_changed
from compliance import conversations, erasure, reassigned
from compliance.optouts import asking, hearing, refusals
from contacts.signals import events_recorded
from contacts.timeline import NewEvent


@receiver(message_received)
def understand(
    message: InboundMessage,
    contact_ids: Sequence[int],
    digest: str,
    told: Mapping[str, Any],
    now: datetime,
    **rest: Any,
) -> None:
    """STOP, START, HELP, and everything that may mean one of them."""
    hearing.take(message, contact_ids, digest, told, now)


@receiver(address_reassigned)
def close_reassigned(account: Account, digest: str, told: Reassignment, now: datetime, **rest: Any) -> None:
    """A number has a new owner, who has allowed nothing."""
    reassigned.reassigned(digest, now, source=f"{account.key}, event {told.key}", proof=dict(told.proof))


@receiver(events_recorded)
def learn_from_refusals(recorded: Sequence[tuple[int, NewEvent]], now: datetime, **rest: Any) -> None:
    """A provider that refuses a number because its owner opted out there tells us of an opt-out."""
    refused = {
        int(event.properties["message"]): str(event.properties["reason"])
        for _, event in recorded
        if event.name == "message.failed" and event.properties.get("reason") in refusals.MEANING
    }
    if refused:
        refusals.take(refused, now)


@receiver(events_recorded)
def welcome_back(recorded: Sequence[tuple[int, NewEvent]], now: datetime, **rest: Any) -> None:
    """Somebody who was erased comes back by a consent of their own; whose number the provider blocks is asked to open it."""
    allowed = sorted({event.contact_id for _, event in recorded if event.name == "consent.granted"})
    if allowed:
        erasure.welcome_back(allowed, now)
        asking.after_consents(allowed, now)


@receiver(provider_template_changed)
def judge_again(template: ProviderTemplate, now: datetime, **rest: Any) -> None:
    """What the provider says of its template is asked at the door: approved, paused, or put into another category."""
    conversations.judge_again(template, now)
