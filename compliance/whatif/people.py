"""What the gate would say about a message to somebody whom we know: their real facts, an assumed message.

Only the words are assumed: approved, and of the class that is asked about. Nothing is stored.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from compliance import dossier
from compliance.base import Facts, VersionFact
from compliance.claims import Claimed

ASSUMED = "assumed"


class Question(NamedTuple):
    """A message that might be sent."""

    brand_id: int
    topic_id: int
    channel: str
    message_class: str


def facts(contact_id: int, questions: Sequence[Question], now: datetime) -> list[Facts]:
    """What the rules would know about each of these messages, in about a dozen queries, however many they are."""
    batch = [_asked(contact_id, one, now) for one in questions]
    found = dossier.load(batch, now)
    return [_approved(found.facts(one), question) for one, question in zip(batch, questions, strict=True)]


def _asked(contact_id: int, one: Question, now: datetime) -> Claimed:
    return Claimed(
        id=0,
        key="",
        contact_id=contact_id,
        brand_id=one.brand_id,
        channel=one.channel,
        template_key="",
        labels={},
        template_id=0,
        topic_id=one.topic_id,
        context={},
        expires_at=None,
        created_at=now,
    )


def _approved(known: Facts, one: Question) -> Facts:
    version = VersionFact(0, 1, "approved", one.message_class, ASSUMED, ASSUMED, approver="assumption")
    return replace(known, message_class=one.message_class, version=version)
