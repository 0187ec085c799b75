"""A provider refuses a number whose owner has opted out with it (Twilio's 21610): that is an opt-out like any other."""

from collections.abc import Sequence
from datetime import datetime

from channels.models import Message
from compliance.optouts import acting
from compliance.optouts.acting import Sender
from contacts import owners


def take(message_ids: Sequence[int], now: datetime) -> None:
    """Opt out the addresses of these refused messages, on the provider's word."""
    refused = Message.objects.filter(pk__in=message_ids, address__isnull=False).select_related("address")
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
        acting.stop(sender, now, by_provider=True)
