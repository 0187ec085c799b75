"""Double opt-in: a consent that was asked for stays pending until its owner opens a link and says yes there.

The link carries what was asked, signed and with its end, so that nothing has to be stored until the person answers. Asking
puts `confirmation.requested` on the timeline with the link: a journey that starts with it sends `{{ event.confirm_url }}`.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from config import bulk
from config.crypto import sign, signed
from contacts import consents, owners, timeline
from contacts.consents import GRANTED, WITHDRAWN, Grant
from contacts.models import Consent, ConsentState, Contact, Topic

VALID_FOR = timedelta(days=7)
SOURCE = "confirmation link"
REQUESTED = "confirmation.requested"
PURPOSE = "confirm"
EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
Answer = Literal["open", "confirmed", "expired", "void"]
"""Open: waiting for the person. Void: they withdrew after it was asked, or are not known any more."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is asked to confirm, until when, and since when."""

    contact_id: int
    topic_id: int
    channel: str
    basis: str
    wording: str
    asked_at: datetime
    expires_at: datetime

    @property
    def token(self) -> str:
        """The question, readable and signed."""
        told = [self.contact_id, self.topic_id, self.channel, self.basis, self.wording]
        packed = _packed(bulk.dumps([*told, _number(self.asked_at), _number(self.expires_at)]))
        return f"{packed}.{sign(PURPOSE, packed)}"

    @property
    def url(self) -> str:
        """The page where it is answered."""
        return f"{settings.BASE_URL}/confirm/{self.token}"


def request(
    contact_id: int,
    topic: Topic,
    channel: str,
    *,
    source: str,
    now: datetime,
    basis: str = Consent.Basis.WRITTEN.value,
    wording: str = "",
    proof: Mapping[str, Any] | None = None,
    valid_for: timedelta = VALID_FOR,
) -> str:
    """Ask a person to confirm a consent; the address of the page where they do, valid for `valid_for`.

    The consent is pending from now on, unless the person allows it already (by a purchase, say): that still counts.
    """
    question = Question(contact_id, topic.pk, channel, basis, wording, now, now + valid_for)
    with transaction.atomic():
        owners.lock([contact_id])
        if not _allowed(question, now):
            pending = Consent.State.PENDING.value
            said = Grant(contact_id, topic.pk, channel, basis, now, source, wording, proof or {}, None, pending)
            consents.record([said], now)
        timeline.record([_fact(question, topic, now)], now)
    return question.url


def read(token: str) -> Question | None:
    """The question in a token; None for one that was forged or broken."""
    packed, _, signature = token.partition(".")
    if not signed(PURPOSE, packed, signature):
        return None
    try:
        contact, topic, channel, basis, wording, asked, expires = json.loads(
            urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
        )
        begin, end = EPOCH + asked * MICROSECOND, EPOCH + expires * MICROSECOND
        return Question(contact, topic, channel, basis, wording, begin, end)
    except (ValueError, TypeError):  # signed once, but by a version that asked otherwise
        return None


def state(question: Question, now: datetime) -> Answer:
    """Where the question stands; changes nothing. Somebody who was merged since is asked as the contact that is kept."""
    question = replace(question, contact_id=owners.kept(question.contact_id))
    if _confirmed(question):
        return "confirmed"
    if not Contact.objects.filter(pk=question.contact_id).exists() or _withdrawn(question):
        return "void"
    return "expired" if now >= question.expires_at else "open"


def confirm(question: Question, now: datetime, proof: Mapping[str, str]) -> Answer:
    """The person says yes, once however often they press the button; what became of it.

    Only an open question changes anything: an expired one leaves the consent pending, and the person must be asked anew.
    """
    with transaction.atomic():
        question = replace(question, contact_id=owners.kept(question.contact_id))
        owners.lock([question.contact_id])  # two presses at once: the second finds what the first has written
        found = state(question, now)
        if found != "open":
            return found
        consents.grant(
            question.contact_id,
            question.topic_id,
            question.channel,
            basis=question.basis,
            source=SOURCE,
            now=now,
            wording=question.wording,
            proof={**proof, "asked_at": question.asked_at.isoformat(), "confirmed_at": now.isoformat()},
        )
    return "confirmed"


def _lines(question: Question) -> QuerySet[Consent]:
    """What the person said about it since it was asked."""
    place = {"contact_id": question.contact_id, "channel": question.channel, "topic_id": question.topic_id}
    return Consent.objects.filter(**place, occurred_at__gte=question.asked_at)


def _confirmed(question: Question) -> bool:
    return _lines(question).filter(state=GRANTED, source=SOURCE).exists() and not _withdrawn(question)


def _withdrawn(question: Question) -> bool:
    return _lines(question).filter(state=WITHDRAWN).exists()


def _allowed(question: Question, now: datetime) -> bool:
    place = {"contact_id": question.contact_id, "channel": question.channel, "topic_id": question.topic_id}
    said = ConsentState.objects.filter(**place, state=GRANTED, flaw="").first()
    return said is not None and (said.expires_at is None or said.expires_at > now)


def _fact(question: Question, topic: Topic, now: datetime) -> timeline.NewEvent:
    properties = {
        "channel": question.channel,
        "topic": topic.key,
        "confirm_url": question.url,
        "expires_at": question.expires_at.isoformat(),
    }
    key = f"{REQUESTED}:{question.contact_id}:{topic.pk}:{question.channel}:{now.isoformat()}"
    return timeline.NewEvent(question.contact_id, REQUESTED, now, key, properties, topic.brand_id)


def _number(instant: datetime) -> int:
    return (instant - EPOCH) // MICROSECOND


def _packed(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")
