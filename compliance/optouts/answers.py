"""The one short answer to STOP, START and HELP. It passes the gate as every message does; its class lets it."""

from datetime import datetime, timedelta

from channels import outbox
from channels.models import InboundMessage, Message, MessageTemplate
from compliance.models import HousePolicy
from compliance.optouts.acting import Sender
from contacts import owners

AT_MOST_EVERY = timedelta(hours=24)
WITHIN = timedelta(minutes=5)
"""A confirmation that comes later than five minutes counts as a message of its own (47 CFR 64.1200(a)(12))."""
ANSWERS = "answers"
"""The label that says which inbound message is answered."""


def send(which: str, message: InboundMessage, sender: Sender, now: datetime) -> None:
    """Ask for the house's answer (a field of HousePolicy), unless the provider has answered, or we did within a day."""
    template = template_for(which, sender.brand_id, sender.channel)
    reader = _reader(sender)
    if message.opt_out_type or template is None or reader is None:
        return
    late = Message.objects.filter(
        template=template, contact_id__in=sender.contact_ids, created_at__gt=now - AT_MOST_EVERY
    )
    if late.exclude(labels__answers=None).exists():
        return
    key = f"answer:{which}:{message.pk}"
    labels = {ANSWERS: message.pk}
    outbox.request([outbox.Request(key, reader, template.pk, now, labels=labels, expires_at=now + WITHIN)], now)


def template_for(which: str, brand_id: int, channel: str) -> MessageTemplate | None:
    """The house's answer on this channel; None if it has chosen none."""
    policy = HousePolicy.objects.filter(brand_id=brand_id).select_related(which).first()
    template: MessageTemplate | None = getattr(policy, which, None)
    return template if template is not None and template.channel == channel else None


def _reader(sender: Sender) -> int | None:
    """Of those with the address somebody who is written to there: the answer must not go to another number."""
    if not sender.digest:  # known by a token of ours: whoever wrote reads the answer
        return next(iter(sender.contact_ids), None)
    digests = owners.current(list(sender.contact_ids), sender.address_kind)
    return next((pk for pk in sender.contact_ids if digests.get(pk) == sender.digest), None)
