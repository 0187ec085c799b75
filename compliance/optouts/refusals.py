"""A provider refuses a number whose owner has opted out with it (Twilio's 21610): that is an opt-out like any other."""

from collections.abc import Mapping
from datetime import datetime

from channels.models import Message
from compliance.optouts import acting
from compliance.optouts.acting import Sender
from compliance.optouts.intent import MARKETING
from contacts import owners

MEANING = {"opted_out": "", "opted_out_of_marketing": MARKETING}
"""Codes of refusals that are opt-outs, and what the opt-out is limited to; the second is WhatsApp's 131050."""


def take(codes: Mapping[int, str], now: datetime) -> None:
    """Opt out the addresses of these refused messages (their codes by message id), on the provider's word."""
    refused = Message.objects.filter(pk__in=list(codes), address__isnull=False).select_related("address")
    for message in refused.order_by("contact_id", "id"):
        if message.address is None:
            continue
        sender = Sender(
            digest=message.address.digest,
            address_kind=message.address.kind,
            channel=message.channel,
            brand_id=message.brand_id,
            said_at=now,
            source="provider",
            contact_ids=owners.of(message.address.digest),
            proof={"message": message.pk},
        )
        limit = MEANING[codes[message.pk]]
        acting.stop(sender, now, limit=limit, by_provider=not limit)
