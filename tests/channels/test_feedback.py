"""What is heard afterwards: by rank, once, in any order, and with its consequences."""

from datetime import timedelta
from itertools import permutations

import pytest

from channels import feedback
from channels.base import Update
from channels.models import Message
from compliance import gate
from contacts.models import Address, ConsentState, Event, Suppression
from tests.builders import NOW, account, consent, contact, message, template

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def sent() -> Message:
    account("sms")
    offer = template("offer", channel="sms", content={"body": "Hi"})
    person = contact("ada", phone="+447700900123")
    consent(person, "sms", now=NOW - MINUTE)
    one = message(person, offer)
    gate.release(NOW)
    Message.objects.update(provider_id="SM1")
    one.refresh_from_db()
    return one


def said(status: str, minute: int = 1, **fields) -> Update:
    return Update("SM1", status, NOW + minute * MINUTE, **fields)


def names() -> list[str]:
    return list(Event.objects.filter(name__startswith="message.").order_by("id").values_list("name", flat=True))


def test_a_delivery_is_a_fact_with_its_own_time(sent) -> None:
    assert feedback.apply([said("delivered", 7)], NOW + 9 * MINUTE) == 1
    sent.refresh_from_db()
    assert sent.delivery == Message.Delivery.DELIVERED
    assert Event.objects.get(name="message.delivered").occurred_at == NOW + 7 * MINUTE


@pytest.mark.parametrize("order", list(permutations(["delivered", "opened", "clicked"])))
def test_l19_in_any_order_the_highest_word_stands(sent, order) -> None:
    for word in order:
        feedback.apply([said(word)], NOW)
    sent.refresh_from_db()
    assert sent.delivery == Message.Delivery.CLICKED
    assert sorted(names()[1:]) == ["message.clicked", "message.delivered", "message.opened"]


def test_the_same_word_twice_is_one_fact(sent) -> None:
    for _ in range(2):
        feedback.apply([said("opened"), said("opened", 2)], NOW)
    assert names() == ["message.sent", "message.opened"]


def test_two_links_are_two_clicks(sent) -> None:
    feedback.apply(
        [said("clicked", reason="https://a.example.test"), said("clicked", reason="https://b.example.test")], NOW
    )
    feedback.apply([said("clicked", reason="https://a.example.test")], NOW)
    assert names().count("message.clicked") == 2


def test_a_failure_after_the_fact_frees_the_slot(sent) -> None:
    feedback.apply([said("failed", reason="twilio_30003")], NOW)
    sent.refresh_from_db()
    assert (sent.state, sent.reason, sent.cleared_at) == ("failed", "twilio_30003", None)
    assert names() == ["message.sent", "message.failed"]


def test_a_failure_that_comes_after_a_delivery_is_out_of_order(sent) -> None:
    feedback.apply([said("delivered")], NOW)
    feedback.apply([said("failed", reason="late")], NOW)
    sent.refresh_from_db()
    assert sent.state == "sent"


def test_a_callback_settles_what_nobody_knew(sent) -> None:
    Message.objects.update(state="unknown", provider_id="", sent_at=None)
    Event.objects.filter(name="message.sent")
    feedback.apply([Update("SM9", "delivered", NOW, message_id=sent.pk)], NOW + MINUTE)
    sent.refresh_from_db()
    assert (sent.state, sent.provider_id, sent.sent_at) == ("sent", "SM9", NOW + MINUTE)


def test_a_hard_bounce_stops_everything_to_this_address(sent) -> None:
    feedback.apply([said("bounced", reason="550")], NOW)
    assert Address.objects.get().validity == "invalid"
    found = Suppression.objects.get()
    assert (found.reason, found.channel, found.brand_id) == ("bounce", "", None)


def test_a_complaint_stops_the_brand_on_this_channel(sent) -> None:
    feedback.apply([said("complained")], NOW)
    found = Suppression.objects.get()
    assert (found.reason, found.channel, found.brand) == ("complaint", "sms", sent.brand)


def test_an_unsubscription_at_the_provider_is_a_withdrawal(sent) -> None:
    feedback.apply([said("unsubscribed")], NOW)
    assert ConsentState.objects.get().state == "withdrawn"
    assert "message.unsubscribed" in names()


def test_another_accounts_provider_cannot_speak_for_it(sent) -> None:
    assert feedback.apply([said("delivered")], NOW, account_id=sent.account_id + 1) == 0
    assert feedback.apply([said("delivered")], NOW, account_id=sent.account_id) == 1


def test_words_about_messages_that_are_not_ours_are_no_error(sent) -> None:
    assert feedback.apply([Update("SM404", "delivered", NOW), Update("", "opened", NOW, message_id=999)], NOW) == 0
    assert feedback.apply([], NOW) == 0
