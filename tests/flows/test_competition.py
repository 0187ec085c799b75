"""Two journeys want to write to the same person, and the house allows one message a day."""

from datetime import timedelta

import pytest

from channels.models import Message
from compliance import gate
from compliance.models import FrequencyCap
from journeys.models import Journey
from tests.builders import NOW, account, brand, consent, contact, template
from tests.journeys.driving import happens, live, only, run, step

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def ada():
    account("sms")
    for key in ("news", "cart"):
        template(key, channel="sms", content={"body": key})
        live(step("send", template=key), key=key)
    FrequencyCap.objects.create(brand=brand(), name="Daily", limit=1, days=1)
    found = contact("ada", phone="+447700900023")
    consent(found, "sms", now=NOW - DAY)
    return found


def works(now) -> None:
    run(now)
    gate.release(now)
    run(now)


def sent() -> list[str]:
    return list(Message.objects.filter(state="sent").order_by("cleared_at").values_list("template__key", flat=True))


def test_the_more_important_journey_gets_the_slot_and_the_other_waits(ada) -> None:
    Journey.objects.filter(key="cart").update(priority=Message.Priority.HIGH)
    happens(ada)
    works(NOW)
    assert sent() == ["cart"]
    works(NOW + DAY)
    assert sent() == ["cart", "news"]
    assert [only(journey__key=key).state for key in ("news", "cart")] == ["finished", "finished"]


def test_a_changed_priority_holds_from_then_on_without_publishing_again(ada) -> None:
    happens(ada)
    works(NOW)
    assert sent() == ["news"], "Both are normal: the one that was due first."
    works(NOW + DAY)
    Journey.objects.filter(key="cart").update(priority=Message.Priority.URGENT)
    happens(ada, at=NOW + 3 * DAY)
    works(NOW + 3 * DAY)
    assert sent() == ["news", "cart", "cart"]
