"""Several messages of one person, and fewer slots: the one with the highest priority gets the slot."""

from datetime import datetime, time, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from channels.models import Message
from compliance import claims, gate
from compliance.models import FrequencyCap, QuietHours
from contacts.models import Contact
from tests.builders import NOW, account, brand, consent, contact, message, template
from tests.racing import at_once

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LOW, NORMAL, HIGH, URGENT = Message.Priority


@pytest.fixture(autouse=True)
def cap(db) -> FrequencyCap:
    account("sms")
    return FrequencyCap.objects.create(brand=brand(), name="Daily", limit=1, days=1)


@pytest.fixture
def offer(db):
    return template("offer", channel="sms", content={"body": "Hello"})


def person(number: int = 1) -> Contact:
    found = contact(f"u{number}", phone=f"+44770090{number:04}")
    consent(found, "sms", now=NOW - 30 * DAY)
    return found


def asked(who: Contact, about, *priorities: int, **fields) -> list[Message]:
    """Messages to this person with these priorities, asked for one after the other."""
    first = Message.objects.count()
    return [
        message(who, about, f"m{first + number}", context={"n": first + number}, priority=priority, **fields)
        for number, priority in enumerate(priorities)
    ]


def states(found: list[Message]) -> list[str]:
    return [Message.objects.get(pk=one.pk).state for one in found]


@pytest.mark.django_db
class TestOneBatch:
    def test_the_highest_gets_the_last_slot_whoever_asked_first(self, offer) -> None:
        found = asked(person(), offer, LOW, NORMAL, URGENT, HIGH)
        gate.release(NOW)
        assert states(found) == ["pending", "pending", "sent", "pending"]

    def test_of_equals_the_one_that_was_due_first(self, offer) -> None:
        ada = person()
        later, first = (*asked(ada, offer, HIGH), *asked(ada, offer, HIGH, due_at=NOW - HOUR))
        gate.release(NOW)
        assert states([later, first]) == ["pending", "sent"]

    def test_without_priorities_everything_is_as_before(self, offer) -> None:
        found = asked(person(), offer, NORMAL, NORMAL)
        gate.release(NOW)
        assert states(found) == ["sent", "pending"]

    def test_what_comes_back_from_the_cap_at_the_same_instant_is_judged_by_priority_again(self, offer) -> None:
        ada = person()
        asked(ada, offer, NORMAL)
        gate.release(NOW)
        found = asked(ada, offer, LOW, HIGH)
        gate.release(NOW + HOUR)
        assert {one.due_at for one in Message.objects.filter(state="pending")} == {NOW + DAY}
        gate.release(NOW + DAY)
        assert states(found) == ["pending", "sent"]

    def test_a_higher_one_that_may_not_leave_now_takes_no_slot(self, offer, cap) -> None:
        other = template("draft", channel="sms", content={"body": "x"}, state="submitted")
        ada = person()
        [low], [high] = asked(ada, offer, LOW), asked(ada, other, HIGH)
        gate.release(NOW)
        assert states([low, high]) == ["sent", "blocked"]

    def test_a_crowd_that_waits_for_the_morning_keeps_each_persons_messages_together(self, offer) -> None:
        QuietHours.objects.create(brand=brand(), channel="sms", start=time(21), end=time(8), classes=["marketing"])
        night = NOW.replace(hour=23)
        for number in range(gate.CROWD // 2 + 5):
            asked(person(number), offer, LOW, HIGH, now=night)
        gate.release(night)
        times: dict[int, set[datetime]] = {}
        for contact_id, due in Message.objects.values_list("contact_id", "due_at"):
            times.setdefault(contact_id, set()).add(due)
        assert {len(found) for found in times.values()} == {1}
        assert len({due for found in times.values() for due in found}) > 50


@pytest.mark.django_db
class TestTheLimitOfABatch:
    def test_a_rival_beyond_the_limit_is_judged_in_the_same_batch(self, offer) -> None:
        ada = person()
        low, high = (*asked(ada, offer, LOW, due_at=NOW - HOUR), *asked(ada, offer, HIGH))
        assert gate.release(NOW, limit=1) == 1
        assert states([low, high]) == ["pending", "sent"]

    def test_what_is_not_due_yet_is_no_rival(self, offer) -> None:
        ada = person()
        low, high = (*asked(ada, offer, LOW), *asked(ada, offer, HIGH, due_at=NOW + HOUR))
        gate.release(NOW)
        assert states([low, high]) == ["sent", "pending"]

    def test_lower_ones_beyond_the_limit_wait_for_their_turn(self, offer) -> None:
        ada = person()
        asked(ada, offer, HIGH, due_at=NOW - HOUR)
        asked(ada, offer, LOW, NORMAL)
        batch, due = claims.claim(NOW, 1)
        assert ([one.priority for one in batch], due) == ([HIGH], 1)

    def test_rivals_cost_one_query_however_many_people(self, offer) -> None:
        def cost() -> int:
            with CaptureQueriesContext(connection) as found, transaction.atomic():
                claims.claim(NOW, 1000)
            return sum(query["sql"].startswith("SELECT") for query in found)

        asked(person(1), offer, LOW)
        few = cost()
        for number in range(2, 30):
            asked(person(number), offer, LOW, HIGH)
        assert cost() == few == 3


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
def test_a_lower_one_does_not_pass_a_rival_that_another_worker_has_claimed(offer) -> None:
    """The other has the rival, but not the person: neither judges; the next batch has both."""
    ada = person()
    found = asked(ada, offer, LOW, HIGH)
    with transaction.atomic():
        list(Message.objects.filter(pk=found[1].pk).select_for_update(no_key=True))
        at_once(lambda: gate.release(NOW))
        assert states(found) == ["pending", "pending"]
    gate.release(NOW)
    assert states(found) == ["pending", "sent"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
def test_workers_with_small_batches_give_every_last_slot_to_the_highest(offer) -> None:
    everybody = [person(number) for number in range(40)]
    for priority in (LOW, NORMAL, HIGH):
        for one in everybody:
            asked(one, offer, priority)
    at_once(*[lambda: [gate.release(NOW, 7) for _ in range(25)]] * 3)
    while Message.objects.filter(state="pending", due_at__lte=NOW).exists():
        gate.release(NOW)
    assert list(Message.objects.filter(state="sent").values_list("priority", flat=True)) == [HIGH] * 40
