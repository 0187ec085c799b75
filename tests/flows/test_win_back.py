"""No purchase in 180 days: a mail, an SMS on day 3, out at once on repurchase."""

import pytest

from channels.models import Message
from journeys import publishing
from journeys.models import Enrolment, Journey
from tests.builders import user

pytestmark = pytest.mark.django_db


@pytest.fixture
def lapsed(house):
    """Ada bought half a year ago."""
    house.meets()
    house.orders("ada")
    house.passes(days=179)
    assert house.inside("win-back") == 0
    house.post.mails.clear()
    house.passes(days=2)
    return house


def test_a_mail_and_three_days_later_an_sms(lapsed) -> None:
    assert [subject for _, subject in lapsed.mails()] == ["It has been quiet, Ada"]
    assert not lapsed.texts()
    lapsed.passes(days=3, hours=14)
    assert ["ENCORE" in text for text in lapsed.texts()] == [True]
    assert Enrolment.objects.get(journey__key="win-back").state == "finished"


def test_who_buys_again_is_left_alone_at_once(lapsed) -> None:
    lapsed.passes(days=1)
    lapsed.orders("ada", "A2", revenue=55.5)
    assert lapsed.inside("win-back") == 0
    lapsed.passes(days=10)
    assert not lapsed.texts()
    found = Enrolment.objects.get(journey__key="win-back")
    assert (found.state, found.end_reason) == ("left", "order.completed")
    assert float(found.conversion_value) == 55.5


def test_pause_keeps_people_in_place_and_messages_at_the_door(lapsed) -> None:
    journey, anna = Journey.objects.get(key="win-back"), user("anna", "journeys.publish_journey")
    publishing.pause(journey, anna, lapsed.now, "A test.")
    lapsed.passes(days=10)
    assert not lapsed.texts()
    assert lapsed.inside("win-back") == 1
    publishing.resume(journey, anna, lapsed.now, "A test.")
    lapsed.passes(days=1)
    assert len(lapsed.texts()) == 1


def test_a_purchase_during_the_pause_still_lets_out(lapsed) -> None:
    journey, anna = Journey.objects.get(key="win-back"), user("anna", "journeys.publish_journey")
    publishing.pause(journey, anna, lapsed.now, "A test.")
    lapsed.orders("ada", "A2")
    assert lapsed.inside("win-back") == 0
    publishing.resume(journey, anna, lapsed.now, "A test.")
    lapsed.passes(days=10)
    assert not lapsed.texts()


def test_who_opted_out_of_sms_gets_the_mail_only(house) -> None:
    house.meets(sms=False)
    house.orders("ada")
    house.passes(days=200)
    assert not house.texts()
    assert Message.objects.get(template__key="win-back-sms").reason == "no_consent"
    assert Enrolment.objects.get(journey__key="win-back").state == "finished"
