"""Hearing what people write to us: each message once, with who wrote it, on their timeline."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from channels import signals
from channels.base import Inbound, channels
from channels.models import Account, InboundMessage, Message
from config import bulk
from contacts import addresses, owners, timeline
from contacts.storable import text

LONGEST_TEXT = 1600


def receive(account: Account, heard: Inbound, now: datetime) -> InboundMessage | None:
    """Take a message in, and tell the floors above in the same transaction; None if it is known already.

    Whoever has the sender's address wrote it: of several, the one whom this account wrote to last. Nobody: it becomes a
    contact of whom only the address is known. Where a channel knows the writer for certain, it is them. A sender without an address of the channel's kind (a short code) is nobody.
    """
    with transaction.atomic():
        message = _stored(account, heard, now)
        if message is None:
            return None
        digest, contact_ids = ("", [heard.contact_id]) if heard.contact_id else _people(account, heard.sender, now)
        if contact_ids:
            message.contact_id = _writer(account, contact_ids)
            message.save(update_fields=["contact"])
            timeline.record([_fact(message, heard)], now)
        signals.message_received.send(
            sender=InboundMessage,
            message=message,
            contact_ids=contact_ids,
            digest=digest,
            told=heard.told,
            now=now,
        )
    return message


def try_out(account: Account, heard: Inbound, now: datetime) -> InboundMessage | None:
    """Keep an answer to a test, for the eyes of whoever gave it; None if it is known already.

    Nobody means it: it is no fact on the timeline, and neither an opt-out nor an answer to anything.
    """
    with transaction.atomic():
        message = _stored(account, heard, now)
        if message:
            message.contact_id, message.understood = heard.contact_id, InboundMessage.Understood.TEST
            message.save(update_fields=["contact", "understood"])
    return message


def _stored(account: Account, heard: Inbound, now: datetime) -> InboundMessage | None:
    stored = bulk.insert(InboundMessage, [_row(account, heard, now)], ignore_conflicts=True, returning=("id",))
    return InboundMessage.objects.select_related("account__brand").get(pk=stored[0][0]) if stored else None


def _row(account: Account, heard: Inbound, now: datetime) -> dict[str, object]:
    return {
        "account_id": account.pk,
        "channel": account.channel,
        "sender": text(heard.sender)[:320],
        "recipient": text(heard.recipient)[:320],
        "body": text(heard.body),
        "provider_id": text(heard.provider_id)[:200],
        "received_at": now,
        "opt_out_type": text(heard.opt_out_type)[:20],
        "contact_id": None,
    }


def _people(account: Account, sender: str, now: datetime) -> tuple[str, list[int]]:
    """The keyed hash of the sender's address, and everybody who has it."""
    kind = channels[account.channel].address_kind
    if kind is None:
        return "", []
    try:
        value = addresses.normalise(kind, sender)
    except ValueError:
        return "", []
    digest = addresses.digest(kind, value)
    found = owners.of(digest)
    if not found:
        # Two first messages of one stranger at the same time: the second waits, and finds the contact of the first.
        Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        found = owners.of(digest) or [owners.newcomer(kind, value, now)]
    return digest, found


def _writer(account: Account, contact_ids: Sequence[int]) -> int:
    """Of several with one number, the person whom this account wrote to last."""
    if len(contact_ids) == 1:
        return contact_ids[0]
    written = Message.objects.filter(contact_id__in=contact_ids, account=account, cleared_at__isnull=False)
    last = written.order_by("-cleared_at").values_list("contact_id", flat=True).first()
    return last or contact_ids[0]


def _fact(message: InboundMessage, heard: Inbound) -> timeline.NewEvent:
    properties = {
        "inbound": message.pk,
        "channel": message.channel,
        "account": message.account.key,
        "text": message.body[:LONGEST_TEXT],
        **heard.told,
    }
    key = f"message.received:{message.pk}"
    contact_id = int(message.contact_id or 0)
    brand_id = message.account.brand_id
    return timeline.NewEvent(contact_id, "message.received", message.received_at, key, properties, brand_id)


def asked(contact_id: int | None, channel: str, since: datetime) -> int | None:
    """The id of our question that waits for this person's answer: the label `question`, sent since then, nothing heard after."""
    if contact_id is None:
        return None
    questions = Message.objects.filter(
        contact=contact_id, channel=channel, cleared_at__gte=since, state=Message.State.SENT, labels__question=True
    )
    last = questions.order_by("-cleared_at", "-id").values_list("id", "cleared_at").first()
    if last is None:
        return None
    question, sent_at = last
    answers = InboundMessage.objects.filter(contact=contact_id, channel=channel, received_at__gt=sent_at)
    return None if answers.filter(understood=InboundMessage.Understood.ANSWER).exists() else question
