"""A person's inbox in the app: who may read it, what is in it, and what its reader does with a message.

The app holds a token for one contact and one brand, signed and with an end; it opens nothing but this inbox.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce

from channels import feedback
from channels.base import Outgoing, Receipt, SendError, Update
from channels.models import InAppMessage, Message
from config import bulk, durations
from config.crypto import sign, signed
from contacts import owners

PURPOSE = "inbox"
LIFE = timedelta(days=30)
LONGEST_LIST = 100
Outcome = tuple[Outgoing, Receipt | SendError]


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose inbox it is, and of which brand."""

    contact_id: int
    brand_id: int
    named: int = 0
    """The contact that the token names, where a merge made it another one."""


def token(reader: Reader, now: datetime, purpose: str = PURPOSE) -> str:
    """`<contact>.<brand>.<end>.<signature>`, good for 30 days, and for nothing but its purpose."""
    said = f"{reader.contact_id}.{reader.brand_id}.{int((now + LIFE).timestamp())}"
    return f"{said}.{sign(purpose, said)}"


def ends(text: str) -> datetime:
    """When a token of ours ends."""
    return datetime.fromtimestamp(int(text.split(".")[2]), UTC)


def read(text: str, now: datetime, purpose: str = PURPOSE) -> Reader | None:
    """Whose token this is; None for one that was forged, is over, or belongs to somebody who is gone.

    Who was merged into another reads as that one, and as themselves again when the merge is undone.
    """
    said, _, signature = text.rpartition(".")
    if not said.isascii() or not signed(purpose, said, signature):
        return None
    contact_id, brand_id, end = map(int, said.split("."))
    person = owners.today(contact_id) if now.timestamp() < end else None
    if person is None:
        return None
    return Reader(person, brand_id, contact_id if person != contact_id else 0)


def put(batch: Sequence[Outgoing], life: str, now: datetime) -> list[Outcome]:
    """Put these messages into their inboxes, all or none; a message that is there already stays as it is.

    `life` is the account's: how long messages without an end of their own are shown.
    """
    try:
        with transaction.atomic():
            owners_of = whose([one.id for one in batch])
            rows = [_row(one, owners_of[one.id], life, now) for one in batch]
            bulk.insert(InAppMessage, rows, ignore_conflicts=True)
    except Exception as error:
        # Nothing was stored: the whole batch may be tried again.
        return [(one, SendError("not_stored", f"{type(error).__name__}: {error}")) for one in batch]
    return [(one, Receipt(f"inbox-{one.id}")) for one in batch]


def whose(message_ids: Sequence[int]) -> dict[int, Reader]:
    """Whose inbox each message goes to: its contact's, or of a test the tester's."""
    owner = Coalesce("contact_id", "test__inbox_id")
    rows = Message.objects.filter(pk__among=list(message_ids)).values_list("pk", owner, "brand_id")
    return {pk: Reader(contact_id, brand_id) for pk, contact_id, brand_id in rows}


def _row(one: Outgoing, reader: Reader, life: str, now: datetime) -> dict[str, object]:
    content = {name: value for name, value in one.content.items() if name != "expires_in"}
    lasts = one.content.get("expires_in") or life
    return {
        "message_id": one.id,
        "contact_id": reader.contact_id,
        "brand_id": reader.brand_id,
        "content": content,
        "created_at": now,
        "expires_at": now + durations.parse(lasts) if lasts else None,
        "read_at": None,
        "clicked_at": None,
        "dismissed_at": None,
    }


def shown(reader: Reader, now: datetime) -> list[InAppMessage]:
    """What is in the inbox now, the newest first: neither dismissed nor over. It changes nothing."""
    mine = InAppMessage.objects.filter(contact=reader.contact_id, brand=reader.brand_id, dismissed_at=None)
    return list(mine.filter(Q(expires_at=None) | Q(expires_at__gt=now)).order_by("-created_at", "-pk")[:LONGEST_LIST])


def mark(reader: Reader, message_id: int, act: str, now: datetime) -> InAppMessage | None:
    """The reader reads, clicks or dismisses a message of theirs; None if it is not theirs. Twice is once.

    Reading is `message.opened` on the timeline, clicking `message.clicked` (of a test neither); who clicks has read.
    """
    with transaction.atomic():
        mine = InAppMessage.objects.filter(pk=message_id, contact=reader.contact_id, brand=reader.brand_id)
        chosen = mine.select_for_update(of=("self",), no_key=True).first()
        if chosen is None:
            return None
        acts = ("read", "clicked") if act == "clicked" else (act,)
        fresh = [one for one in acts if getattr(chosen, f"{one}_at") is None]
        for one in fresh:
            setattr(chosen, f"{one}_at", now)
        chosen.save(update_fields=[f"{one}_at" for one in fresh])
        words = {"read": ("opened", ""), "clicked": ("clicked", str(chosen.content.get("link") or ""))}
        told = [Update("", words[one][0], now, words[one][1], message_id=message_id) for one in fresh if one in words]
        feedback.apply(told, now)
    return chosen


def found(message_id: int) -> Receipt | None:
    """The receipt of a message that lies in an inbox; None if it never came there."""
    return Receipt(f"inbox-{message_id}") if InAppMessage.objects.filter(pk=message_id).exists() else None
