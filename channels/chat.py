"""A person's chat with a brand: what is in it, and what the person writes or chooses there.

The widget holds a token for one contact and one brand, as the app does for its inbox; a token of one opens not the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from channels import feedback, inbound, inbox, quick_replies
from channels.base import Inbound, Outgoing, Receipt, SendError, Update
from channels.inbox import Outcome, Reader
from channels.models import Account, ChatMessage, InboundMessage, Message
from config import bulk, durations
from contacts import owners

KEY, PURPOSE = "chat", "chat"
LONGEST_LIST = 100
LONGEST_TEXT = inbound.LONGEST_TEXT
AT_ONCE, WITHIN = 20, timedelta(minutes=1)
"""So many messages of one person are taken in so long a time."""


class Refused(Exception):
    """What the person said was not taken; the message is a sentence. `status` is that of HTTP."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


@dataclass(frozen=True, slots=True)
class Said:
    """What a widget sends: `key` is its own id of it, `text` free words, `choice` the value or label of a quick reply of
    the message `answers`."""

    key: str
    text: str = ""
    answers: int = 0
    choice: str = ""


def token(reader: Reader, now: datetime) -> str:
    """For the widget of one person, good for 30 days."""
    return inbox.token(reader, now, PURPOSE)


def read(text: str, now: datetime) -> Reader | None:
    """Whose token this is; None for one that was forged, is over, is another's, or belongs to somebody who is gone."""
    return inbox.read(text, now, PURPOSE)


def put(batch: Sequence[Outgoing], life: str, now: datetime) -> list[Outcome]:
    """Put these messages into their chats, all or none; a message that is there already stays as it is.

    `life` is the account's: how long messages are shown.
    """
    try:
        with transaction.atomic():
            owners_of = inbox.whose([one.id for one in batch])
            rows = [_row(one, owners_of[one.id], life, now) for one in batch]
            bulk.insert(ChatMessage, rows, ignore_conflicts=True)
    except Exception as error:
        # Nothing was stored: the whole batch may be tried again.
        return [(one, SendError("not_stored", f"{type(error).__name__}: {error}")) for one in batch]
    return [(one, Receipt(f"chat-{one.id}")) for one in batch]


def _row(one: Outgoing, reader: Reader, life: str, now: datetime) -> dict[str, object]:
    return {
        "message_id": one.id,
        "contact_id": reader.contact_id,
        "brand_id": reader.brand_id,
        "content": dict(one.content),
        "created_at": now,
        "expires_at": now + durations.parse(life) if life else None,
        "read_at": None,
        "answered_at": None,
    }


def found(message_id: int) -> Receipt | None:
    """The receipt of a message that lies in a chat; None if it never came there."""
    return Receipt(f"chat-{message_id}") if ChatMessage.objects.filter(pk=message_id).exists() else None


def shown(reader: Reader, now: datetime) -> list[ChatMessage | InboundMessage]:
    """The conversation, the newest first: ours as long as they are shown, and what the person said. Two queries."""
    ours = _ours(reader, now).order_by("-created_at", "-pk")[:LONGEST_LIST]
    theirs = InboundMessage.objects.filter(contact=reader.contact_id, account__brand=reader.brand_id, channel=KEY)
    both: list[ChatMessage | InboundMessage] = [*ours, *theirs.order_by("-id")[:LONGEST_LIST]]
    # What was said at one instant stands in its order: first what we asked, then the answer.
    both.sort(key=lambda one: (said_at(one), isinstance(one, InboundMessage), one.pk), reverse=True)
    return both[:LONGEST_LIST]


def said_at(one: ChatMessage | InboundMessage) -> datetime:
    """When it was said."""
    return one.received_at if isinstance(one, InboundMessage) else one.created_at


def mark_read(reader: Reader, message_id: int, now: datetime) -> ChatMessage | None:
    """The person has read a message of ours: `message.opened`, once. None if it is not theirs."""
    with transaction.atomic():
        chosen = _locked(reader, message_id, now)
        if chosen is not None:
            _read(chosen, now)
    return chosen


def say(reader: Reader, said: Said, now: datetime) -> InboundMessage:
    """The person writes, or chooses a quick reply. The same `key` is taken once. Raises Refused.

    It is on the timeline as `message.received`, and understood (opt-outs among it), in one transaction. A reply to a test is
    only kept: it was tried out, and not meant.
    """
    with transaction.atomic():
        reader = _held(reader)
        account, reply, tried = (
            _answered(reader, said, now) if said.answers else (_account(reader.brand_id), None, False)
        )
        name = _name(reader, said)
        body = reply["label"] if reply else said.text
        told: dict[str, Any] = {"answers": said.answers, "choice": reply["value"]} if reply else {}
        heard = Inbound(name, f"contact {reader.contact_id}", body, contact_id=reader.contact_id, told=told)
        known = InboundMessage.objects.filter(account=account, provider_id=name)
        if not known.exists():
            _refuse_floods(reader, now)
        take = inbound.try_out if tried else inbound.receive
        taken = take(account, heard, now) or known.get()
        if reply and taken.body != body:
            raise Refused(409, "Another message has this id already; give each an id of its own.")
        taken.refresh_from_db()
    return taken


def _held(reader: Reader) -> Reader:
    """The reader, whom no merge makes another one until the transaction ends."""
    owners.lock([reader.contact_id])
    named = reader.named or reader.contact_id
    person = owners.today(named)
    if person is None:
        raise Refused(404, "Nobody has this chat any more.")
    return reader if person == reader.contact_id else _held(replace(reader, contact_id=person, named=named))


def _name(reader: Reader, said: Said) -> str:
    """What the message is known by: the widget's own id, among those of its token. Two who became one have two widgets."""
    return f"{reader.named or reader.contact_id}:{said.key}"


def _ours(reader: Reader, now: datetime) -> Any:
    mine = ChatMessage.objects.filter(contact=reader.contact_id, brand=reader.brand_id)
    return mine.filter(Q(expires_at=None) | Q(expires_at__gt=now))


def _locked(reader: Reader, message_id: int, now: datetime) -> ChatMessage | None:
    if not 0 < message_id < 2**63:
        return None
    rows = _ours(reader, now).filter(pk=message_id).select_for_update(of=("self",), no_key=True)
    chosen: ChatMessage | None = rows.first()
    return chosen


def _read(chosen: ChatMessage, now: datetime) -> None:
    if chosen.read_at is None:
        chosen.read_at = now
        chosen.save(update_fields=["read_at"])
        feedback.apply([Update("", "opened", now, message_id=chosen.pk)], now)


def _answered(reader: Reader, said: Said, now: datetime) -> tuple[Account, quick_replies.Reply, bool]:
    """The account that asked, the reply that was chosen, and whether the message is a test; each is answered so once."""
    chosen = _locked(reader, said.answers, now)
    if chosen is None:
        raise Refused(404, "This chat has no such message.")
    reply = quick_replies.chosen(chosen.content.get("quick_replies"), said.choice)
    if reply is None:
        raise Refused(400, "This message has no such quick reply.")
    message = Message.objects.select_related("account__brand").get(pk=chosen.pk)
    account = message.account or _account(reader.brand_id)
    again = InboundMessage.objects.filter(account=account, provider_id=_name(reader, said)).exists()
    if chosen.answered_at and not again:
        raise Refused(409, "This message was answered already; write in words.")
    if not chosen.answered_at:
        chosen.answered_at = now
        chosen.save(update_fields=["answered_at"])
    _read(chosen, now)
    return account, reply, message.contact_id is None


def _account(brand_id: int) -> Account:
    rows = Account.objects.filter(brand=brand_id, channel=KEY, enabled=True).select_related("brand")
    found_one = rows.order_by("-is_default", "pk").first()
    if found_one is None:
        raise Refused(409, "This brand has no chat at the moment.")
    return found_one


def _refuse_floods(reader: Reader, now: datetime) -> None:
    recent = InboundMessage.objects.filter(contact=reader.contact_id, channel=KEY, received_at__gt=now - WITHIN)
    if recent.count() >= AT_ONCE:
        raise Refused(429, f"These are too many messages at once; {AT_ONCE} a minute are taken.")
