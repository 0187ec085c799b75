"""Somebody texts STOP while a message to them waits at the door: it is blocked before anything else can happen."""

from datetime import time

import pytest

from channels.models import Account, Message
from compliance.models import QuietHours
from contacts.models import Brand, ConsentState, Event
from journeys.models import Enrolment
from tests import texting

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(house):
    """Ada has lapsed; the text of day 3 waits for the evening, since this house texts in the evening only."""
    QuietHours.objects.update_or_create(
        brand=Brand.objects.get(), channel="sms", defaults={"start": time(7), "end": time(20), "classes": ["marketing"]}
    )
    house.ada = house.meets()
    house.orders("ada")
    house.passes(days=181)
    while not Message.objects.filter(channel="sms").exists():
        house.passes(hours=1)
    one = Message.objects.get(channel="sms")
    assert one.state == "pending"
    return house


def says(house, words: str):
    sms = Account.objects.get(channel="sms")
    return texting.text(
        words,
        sender=house.ada.addresses.get(kind="phone").value,
        account=sms.key,
        token=sms.config["auth_token"],
        to=sms.config.get("from_number", ""),
        at=house.now,
    )


def test_what_waits_is_blocked_in_the_same_transaction(waiting) -> None:
    says(waiting, "STOP")
    one = Message.objects.get(template__key="win-back-sms")
    assert (one.state, one.reason, one.due_at) == ("blocked", "opted_out", None)
    assert ConsentState.objects.get(channel="sms").state == "withdrawn"
    assert ConsentState.objects.get(channel="email").state == "granted"
    waiting.passes(days=2)
    assert not any("ENCORE" in words for words in waiting.texts())
    assert Enrolment.objects.get(journey__key="win-back").state == "finished"
    names = set(Event.objects.filter(contact=waiting.ada).values_list("name", flat=True))
    assert {"message.received", "contact.opted_out", "consent.withdrawn", "message.blocked"} <= names


def test_a_question_about_the_start_blocks_nothing(waiting) -> None:
    says(waiting, "When does the class start?")
    waiting.passes(days=2)
    assert ["ENCORE" in words for words in waiting.texts()] == [True]


def test_after_start_the_next_campaign_reaches_them_again(waiting) -> None:
    says(waiting, "Please stop texting me")
    waiting.passes(hours=1)
    says(waiting, "START")
    assert ConsentState.objects.get(channel="sms").state == "granted"
    waiting.orders("ada", "A2")
    waiting.passes(days=190)
    assert ["ENCORE" in words for words in waiting.texts()].count(True) == 1


@pytest.mark.parametrize(
    ("word", "answer"),
    [
        ("STOP", "Waymark Records: you are opted out and will get no more texts from us."),
        ("HELP", "Waymark Records: tips and news by text, at most 2 a week."),
    ],
)
def test_the_demo_answers_at_once_whatever_the_hour(waiting, word, answer) -> None:
    says(waiting, word)
    waiting.passes(minutes=1)
    [text] = waiting.texts()
    assert text.startswith(answer)
    one = Message.objects.get(labels__has_key="answers")
    assert (one.state, one.message_class) == ("sent", "transactional")


def test_start_is_answered_too(waiting) -> None:
    for word in ("STOP", "START"):
        says(waiting, word)
        waiting.passes(minutes=1)
    assert ["again" in text for text in waiting.texts()] == [False, True]
