"""Batches that meet: on PostgreSQL two at once, with the same new people, in other orders."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from contacts import consents, segments, timeline
from contacts.consents import Grant
from contacts.identity import Person, resolve
from contacts.models import Address, AnonymousId, ConsentState, Contact, Event, EventBatch, Membership
from contacts.traits import clean
from tests.builders import NOW, contact, segment, topic

# SQLite has one writer at a time.
pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def at_once(*works):
    """Run these in threads with connections of their own, started together."""
    gate = threading.Barrier(len(works))

    def run(work):
        try:
            gate.wait(10)
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return [future.result(30) for future in [pool.submit(run, work) for work in works]]


def people(numbers, **traits):
    return [Person(f"u{n}", f"a{n}", clean({"email": f"u{n}@example.test", **traits})) for n in numbers]


def test_the_same_new_people_in_two_batches_are_made_once():
    for round_ in range(5):
        numbers = range(round_ * 200, round_ * 200 + 200)
        there, back = at_once(
            lambda numbers=numbers: resolve(people(numbers, one=1), NOW),
            lambda numbers=numbers: resolve(people(reversed(numbers), other=2), NOW),
        )
        assert there == back[::-1]
    assert Contact.objects.count() == AnonymousId.objects.count() == Address.objects.count() == 1_000
    assert all(
        attributes == {"one": 1, "other": 2} for attributes in Contact.objects.values_list("attributes", flat=True)
    )


def test_the_second_waits_for_the_first_and_finds_its_people():
    """Deterministic: the first batch has inserted but not committed while the second one looks."""
    inserted, looked = threading.Event(), threading.Event()

    def first():
        with transaction.atomic():
            found = resolve(people(range(3)), NOW)
            inserted.set()
            looked.wait(1)
            return found

    def second():
        inserted.wait(5)
        looked.set()
        return resolve(people(range(3)), NOW)

    one, other = at_once(first, second)
    assert one == other
    assert Contact.objects.count() == 3


def test_a_visitor_seen_twice_at_once_is_one_contact():
    for n in range(10):
        one, other = at_once(*[lambda n=n: resolve([Person(anonymous_id=f"a{n}")], NOW)] * 2)
        assert one == other
    assert Contact.objects.count() == 10


def test_two_batches_claim_one_visitor():
    for n in range(10):
        resolve([Person(anonymous_id=f"a{n}")], NOW)
        one, other = at_once(*[lambda n=n: resolve([Person(f"u{n}", f"a{n}")], NOW)] * 2)
        assert one == other
    assert Contact.objects.count() == 10


def test_changes_of_one_person_at_once_are_both_kept():
    resolve([Person("u1")], NOW)
    at_once(*[lambda n=n: resolve([Person("u1", "", clean({f"trait{n}": n}))], NOW) for n in range(6)])
    assert Contact.objects.get().attributes == {f"trait{n}": n for n in range(6)}


def test_an_event_posted_twice_at_once_is_one():
    person = contact("u1")
    event = timeline.NewEvent(person.pk, "signup", NOW, "k1")
    news = at_once(*[lambda: timeline.record([event], NOW)] * 4)
    assert sum(map(len, news)) == 1
    assert Event.objects.count() == EventBatch.objects.count() == 1


def test_words_on_consent_that_arrive_at_once_end_with_the_newest():
    person, news = contact("u1"), topic()

    def word(minute, state):
        return Grant(person.pk, news.pk, "email", "", NOW.replace(minute=minute), "test", state=state)

    at_once(*[lambda m=m: consents.record([word(m, "withdrawn" if m == 5 else "granted")], NOW) for m in range(6)])
    assert ConsentState.objects.get().state == "withdrawn"


def test_two_refreshes_of_one_segment_let_each_person_in_once():
    for n in range(50):
        contact(f"u{n}", plan="pro")
    pros = segment()
    at_once(*[lambda: segments.refresh(pros, NOW)] * 3)
    assert Membership.objects.count() == Event.objects.filter(name="segment.entered").count() == 50
    pros.refresh_from_db()
    assert pros.size == 50
