"""The timeline: whatever happens becomes one row, once, and everybody who asked is told in the same transaction."""

from datetime import timedelta

import pytest
from django.db import transaction

from contacts import signals, timeline
from contacts.models import Event, EventBatch
from contacts.timeline import NewEvent
from tests.builders import NOW, brand, contact

pytestmark = pytest.mark.django_db


@pytest.fixture
def told():
    """What receivers heard."""
    found: list = []

    def hear(recorded, now, **rest):
        found.append((recorded, now))

    signals.events_recorded.connect(hear, weak=False)
    yield found
    signals.events_recorded.disconnect(hear)


def happened(person, key: str, name: str = "signup", **more) -> NewEvent:
    return NewEvent(person.pk, name, more.pop("at", NOW), key, more.pop("properties", {}), **more)


def test_an_event_is_stored_as_it_was_told():
    person = contact("u1")
    [(pk, event)] = timeline.record(
        [happened(person, "k1", properties={"total": 5}, brand_id=brand().pk, at=NOW - timedelta(days=1))], NOW
    )
    row = Event.objects.get()
    assert (row.pk, row.contact, row.name, row.key, row.properties, row.brand) == (
        pk,
        person,
        "signup",
        "k1",
        {"total": 5},
        brand(),
    )
    assert (row.occurred_at, row.received_at) == (NOW - timedelta(days=1), NOW)
    assert (row.batch.size, row.batch.handled_at) == (1, None)
    assert event.key == "k1"


def test_a_known_key_is_no_news(told):
    person = contact("u1")
    timeline.record([happened(person, "k1", properties={"n": 1})], NOW)
    assert timeline.record([happened(person, "k1", properties={"n": 2})], NOW) == []
    assert Event.objects.get().properties == {"n": 1}
    assert EventBatch.objects.count() == len(told) == 1


def test_of_one_key_twice_in_a_batch_the_first_counts():
    person = contact("u1")
    recorded = timeline.record(
        [
            happened(person, "k1", properties={"n": 1}),
            happened(person, "k2"),
            happened(person, "k1", properties={"n": 2}),
        ],
        NOW,
    )
    assert [event.key for _, event in recorded] == ["k1", "k2"]
    assert Event.objects.get(key="k1").properties == {"n": 1}
    assert EventBatch.objects.get().size == 2


def test_a_batch_that_is_partly_known_counts_what_is_new(told):
    person = contact("u1")
    timeline.record([happened(person, "k2")], NOW)
    recorded = timeline.record([happened(person, f"k{n}") for n in range(4)], NOW)
    assert [event.key for _, event in recorded] == ["k0", "k1", "k3"]
    assert [len(news) for news, _ in told] == [1, 3]
    assert list(EventBatch.objects.order_by("pk").values_list("size", flat=True)) == [1, 3]


def test_ids_and_order_are_those_of_the_call():
    people = [contact(f"u{n}") for n in range(3)]
    recorded = timeline.record([happened(people[n % 3], f"k{n}") for n in range(500)], NOW)
    assert [event.key for _, event in recorded] == [f"k{n}" for n in range(500)]
    assert dict(Event.objects.values_list("pk", "key")) == {pk: event.key for pk, event in recorded}


def test_a_receiver_that_fails_takes_everything_back():
    """A fact nobody was told of would be lost for ever."""
    person = contact("u1")

    def fail(**rest):
        raise ZeroDivisionError

    signals.events_recorded.connect(fail, weak=False)
    try:
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            timeline.record([happened(person, "k1")], NOW)
    finally:
        signals.events_recorded.disconnect(fail)
    assert not Event.objects.exists()
    assert not EventBatch.objects.exists()


def test_nothing_is_nothing(told, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert timeline.record([], NOW) == []
    assert not told


def test_odd_signs_and_numbers_do_not_break_the_batch():
    person = contact("u1")
    timeline.record(
        [
            happened(
                person,
                "k\x001",
                "sign\x00up",
                properties={"a\x00": "b\ud800", "n": float("inf"), "list": [float("nan"), "\x00"]},
            ),
            happened(person, "k2"),
        ],
        NOW,
    )
    row = Event.objects.get(name="signup", key="k1")
    assert row.properties == {"a": "b?", "n": None, "list": [None, ""]}
    assert Event.objects.count() == 2


def test_many_cost_no_more_queries_than_one(django_assert_max_num_queries):
    person = contact("u1")
    with django_assert_max_num_queries(4):
        timeline.record([happened(person, f"k{n}") for n in range(1000)], NOW)
