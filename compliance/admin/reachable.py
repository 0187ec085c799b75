"""A card on a person's page: can we write to this person now? Judged by the rules of the gate, for every channel and class."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.http import HttpRequest

from channels.base import channels
from channels.models import Account
from compliance import judging
from compliance.base import SEVERITY, Facts
from compliance.judging import Judgement
from compliance.whatif import people
from compliance.whatif.people import Question
from contacts import panels
from contacts.models import Contact, Topic

CLASSES = ("marketing", "transactional")
TONES = {"allow": "good", "wait": "warn", "deny": "bad"}


class Answer(NamedTuple):
    """For one channel and class: the best that any topic gets, and which topics get it."""

    judgement: Judgement
    tone: str
    topics: tuple[str, ...]


class Way(NamedTuple):
    """A channel of a brand."""

    brand: str
    channel: str
    answers: list[Answer]


def card(request: HttpRequest, contact: Contact, now: datetime) -> dict[str, Any]:
    """Channels by brand, with an answer per class."""
    topics = list(Topic.objects.select_related("brand").order_by("brand__name", "name"))
    senders = (
        Account.objects.filter(enabled=True, is_default=True).values_list("brand_id", "channel").order_by("channel")
    )
    asked = [
        (topic, Question(brand_id, topic.pk, channel, message_class))
        for brand_id, channel in senders
        if channel in channels and channels[channel].address_kind
        for topic in topics
        if topic.brand_id == brand_id
        for message_class in CLASSES
    ]
    facts = people.facts(contact.pk, [question for _, question in asked], now) if asked else []
    found = _by_way(asked, facts, now)
    return {
        "contact": contact,
        "ways": found,
        "brands": len({way.brand for way in found}),
        "zone": panels.zone_of(contact),
        "may_send": bool(asked),
    }


def _by_way(asked: Sequence[tuple[Topic, Question]], facts: Sequence[Facts], now: datetime) -> list[Way]:
    judged: dict[tuple[str, str], dict[str, list[tuple[Topic, Judgement]]]] = {}
    for (topic, question), known in zip(asked, facts, strict=True):
        way = judged.setdefault((topic.brand.name, channels[question.channel].title), {})
        way.setdefault(question.message_class, []).append((topic, judging.judge(known, now)))
    return [
        Way(brand, channel, [_best(answers[message_class]) for message_class in CLASSES])
        for (brand, channel), answers in sorted(judged.items())
    ]


def _best(judged: Iterable[tuple[Topic, Judgement]]) -> Answer:
    """The mildest judgement; of those that differ in nothing but the topic, all topics are named."""
    ranked = sorted(judged, key=lambda one: SEVERITY[one[1].outcome])
    mildest = ranked[0][1]
    same = tuple(topic.name for topic, judgement in ranked if judgement.outcome == mildest.outcome)
    return Answer(mildest, TONES[mildest.outcome], same)


panels.board.register(
    panels.Card(
        "reachable",
        "Can we write to this person now?",
        "admin/compliance/reachable.html",
        card,
        "compliance.view_decision",
        order=5,
    )
)
