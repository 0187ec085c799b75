"""Confirmation at once, a tip on day 3, a review request on day 14; each order has its own run."""

import pytest

from channels.models import Message
from contacts.models import Event
from journeys.models import Enrolment

pytestmark = pytest.mark.django_db


def test_a_purchase_becomes_three_mails(house) -> None:
    house.meets()
    house.orders("ada")
    assert [to for to, _ in house.mails()] == ["ada@example.test"]
    assert "order is packed" in house.mails()[0][1]
    house.passes(days=2, hours=23)
    assert len(house.mails()) == 1
    house.passes(hours=2)
    assert "two minutes of care" in house.mails()[1][1]
    house.passes(days=11, hours=1)
    assert "what did you think" in house.mails()[2][1]
    assert house.inside("post-purchase") == 0
    assert set(Enrolment.objects.values_list("state", "end_reason")) == {("finished", "completed")}


def test_somebody_who_allowed_nothing_gets_the_confirmation_only(house) -> None:
    house.meets(email=False, sms=False)
    house.orders("ada")
    house.passes(days=20)
    assert len(house.mails()) == 1
    assert house.reasons() == {"usage-tip": "no_consent", "review-request": "no_consent"}
    assert Enrolment.objects.get(journey__key="post-purchase").state == "finished"


def test_two_orders_are_two_runs_and_the_cap_holds_over_both(house) -> None:
    house.meets()
    house.orders("ada", "A1")
    house.passes(hours=1)
    house.orders("ada", "A2")
    assert len(house.mails()) == 2
    assert house.inside("post-purchase") == 2
    house.passes(days=30)
    marketing = list(Message.objects.filter(message_class="marketing", state="sent").order_by("sent_at"))
    assert len(marketing) == 4
    for number, one in enumerate(marketing[2:]):
        assert (one.sent_at - marketing[number].sent_at).days >= 7


def test_an_order_reported_twice_is_confirmed_once(house) -> None:
    house.meets()
    call = {**house.event("ada", "Order Completed", order_id="A1", revenue=20.0, items=1), "messageId": "m-1"}
    house.says(call)
    house.says(call)
    assert len(house.mails()) == 1
    house.says({**call, "messageId": "m-2"})
    assert len(house.mails()) == 1


def test_an_order_at_night_is_confirmed_at_once_and_the_tip_waits_for_the_morning(house) -> None:
    house.meets()
    house.passes(hours=14)  # 23:00 in Chicago
    house.orders("ada")
    assert len(house.mails()) == 1
    house.passes(days=3, minutes=1)
    assert len(house.mails()) == 1
    waiting = Message.objects.get(state="pending")
    assert (waiting.reason, waiting.due_at.hour) == ("quiet_hours", 13)  # 07:00 in Chicago
    house.passes(hours=8)
    assert len(house.mails()) == 2


def test_who_unsubscribes_while_waiting_gets_nothing_more(house) -> None:
    house.meets()
    house.orders("ada")
    house.passes(days=1)
    house.says(house.event("ada", "consent.withdrawn", channel="email", topic="news"))
    house.passes(days=20)
    assert len(house.mails()) == 1
    assert house.reasons() == {"usage-tip": "opted_out", "review-request": "opted_out"}


def test_everything_is_on_one_timeline(house) -> None:
    house.meets(sms=False)
    house.orders("ada")
    house.passes(days=4)
    names = list(Event.objects.order_by("occurred_at", "id").values_list("name", flat=True))
    assert names == [
        "contact.identified", "consent.granted", "order.completed", "message.sent", "message.sent",
    ]  # fmt: skip
