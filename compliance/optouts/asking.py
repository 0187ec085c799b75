"""A number that its provider blocks, whose owner has allowed texts again elsewhere: only START opens it, so they are asked for it.

What they said is recorded and counts (H05); but after STOP the provider refuses the number until its owner texts START to it.
We cannot text them that: the question takes another channel, as a transactional template of the house. Where it cannot be
asked, the home page of the admin tells (compliance.optouts.attention).
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import QuerySet

from channels import outbox
from channels.models import Message
from compliance.base import TEXTS
from compliance.erasure import is_own_word
from compliance.models import HousePolicy
from contacts import owners
from contacts.models import Address, ConsentState, Suppression

GOOD_FOR = timedelta(days=3)
MOST = 200
ASKS = "asks_to_text_start"
"""The label that says which block the question is about."""
DONE = (Message.State.PENDING, Message.State.SENDING, Message.State.SENT, Message.State.UNKNOWN)


class Waiting(NamedTuple):
    """Somebody who allows what the provider blocks."""

    contact_id: int
    brand_id: int
    suppression_id: int

    @property
    def key(self) -> str:
        """One block, one question."""
        return f"ask_to_text_start:{self.suppression_id}:{self.contact_id}"


def after_consents(contact_ids: Sequence[int], now: datetime) -> int:
    """Ask those of these people, who have just allowed something, whose provider stands in between; how many questions.

    One query where nobody's number is blocked.
    """
    theirs = Address.objects.filter(contact_id__among=list(contact_ids)).order_by()
    blocked = list(_blocks().filter(digest__in=theirs.values("digest")))
    waiting = _waiting(blocked, contact_ids) if blocked else []
    houses = HousePolicy.objects.filter(brand_id__in={one.brand_id for one in waiting}, ask_to_text_start__isnull=False)
    templates = dict(houses.values_list("brand_id", "ask_to_text_start_id"))
    requests = [_request(one, template, now) for one in waiting if (template := templates.get(one.brand_id))]
    return len(outbox.request(requests, now)) if requests else 0


def unasked() -> list[Waiting]:
    """Those who allow texts, wait for the provider, and have been told by no message of ours; at most 200 blocks are looked at."""
    blocked = list(_blocks().order_by("-pk")[:MOST])
    people = Address.objects.filter(digest__in=[one.digest for one in blocked]).values_list("contact_id", flat=True)
    waiting = _waiting(blocked, set(people))
    asked = Message.objects.filter(key__among=[one.key for one in waiting], state__in=DONE)
    keys = set(asked.values_list("key", flat=True))
    return [one for one in waiting if one.key not in keys]


def _blocks() -> QuerySet[Suppression]:
    return Suppression.objects.filter(reason=Suppression.Reason.PROVIDER, lifted_at=None)


def _waiting(blocked: Sequence[Suppression], contact_ids: Collection[int]) -> list[Waiting]:
    """Whose number in use is one of these, and who has said yes since, in their own words."""
    since = {(one.digest, one.brand_id): one for one in blocked}
    people = list(contact_ids)
    found: dict[Waiting, None] = {}
    for kind in sorted({one.address_kind for one in blocked}):
        digests = owners.current(people, kind)
        for said in _own_words(people):
            block = since.get((digests.get(said.contact_id, ""), said.topic.brand_id))
            if block and said.occurred_at > block.created_at and _is_about(block, said.channel):
                found[Waiting(said.contact_id, said.topic.brand_id, block.pk)] = None
    return list(found)


def _own_words(people: Collection[int]) -> Iterator[ConsentState]:
    yeses = ConsentState.objects.filter(contact_id__in=people, state="granted", flaw="").select_related(
        "topic", "consent"
    )
    return (said for said in yeses.order_by("pk") if is_own_word(said.consent))


def _is_about(block: Suppression, channel: str) -> bool:
    return block.channel == channel or {block.channel, channel} <= TEXTS


def _request(one: Waiting, template_id: int, now: datetime) -> outbox.Request:
    labels = {ASKS: one.suppression_id}
    return outbox.Request(one.key, one.contact_id, template_id, now, labels=labels, expires_at=now + GOOD_FOR)
