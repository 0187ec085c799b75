"""The consent ledger: every word is kept, the newest counts, and a withdrawal wins a tie."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts import consents
from contacts.consents import Grant
from contacts.models import Consent, ConsentState, Event, EventBatch
from tests.builders import NOW, contact, topic

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def word(person, state: str, at=NOW, **more) -> Grant:
    given_topic = more.pop("topic", None) or topic()
    return Grant(
        person.pk,
        given_topic.pk,
        more.pop("channel", "email"),
        "" if state == "withdrawn" else "express",
        at,
        "test",
        state=state,
        **more,
    )


def state(person, channel: str = "email", **more) -> str:
    return ConsentState.objects.get(contact=person, channel=channel, topic=more.get("topic") or topic()).state


def test_a_grant_is_a_line_a_state_and_a_fact():
    person = contact("u1")
    pk = consents.grant(
        person.pk,
        topic().pk,
        "sms",
        basis="express_written",
        source="form",
        now=NOW,
        occurred_at=NOW - MINUTE,
        wording="v3",
        proof={"ip": "192.0.2.1"},
        expires_at=NOW + MINUTE,
    )
    line = Consent.objects.get(pk=pk)
    assert (line.state, line.basis, line.source, line.wording, line.proof) == (
        "granted",
        "express_written",
        "form",
        "v3",
        {"ip": "192.0.2.1"},
    )
    assert (line.occurred_at, line.recorded_at, line.expires_at) == (NOW - MINUTE, NOW, NOW + MINUTE)
    kept = ConsentState.objects.get()
    assert (kept.consent_id, kept.state, kept.basis, kept.occurred_at, kept.expires_at) == (
        pk,
        "granted",
        "express_written",
        NOW - MINUTE,
        NOW + MINUTE,
    )
    fact = Event.objects.get()
    assert (fact.name, fact.contact, fact.occurred_at, fact.brand) == (
        "consent.granted",
        person,
        NOW - MINUTE,
        topic().brand,
    )
    assert fact.properties == {"channel": "sms", "topic": "news", "basis": "express_written", "source": "form"}


def test_the_newest_word_counts():
    person = contact("u1")
    consents.grant(person.pk, topic().pk, "email", basis="express", source="form", now=NOW)
    consents.withdraw(person.pk, topic().pk, "email", source="one-click", now=NOW + MINUTE)
    assert state(person) == "withdrawn"
    consents.grant(person.pk, topic().pk, "email", basis="express", source="form", now=NOW + 2 * MINUTE)
    assert state(person) == "granted"
    assert list(Consent.objects.order_by("pk").values_list("state", flat=True)) == ["granted", "withdrawn", "granted"]
    assert list(Event.objects.order_by("pk").values_list("name", flat=True)) == [
        "consent.granted",
        "consent.withdrawn",
        "consent.granted",
    ]


def test_an_old_word_that_arrives_late_is_kept_and_changes_nothing():
    """H06: an import with an older date does not undo an opt-out."""
    person = contact("u1")
    consents.withdraw(person.pk, topic().pk, "email", source="STOP", now=NOW)
    consents.grant(
        person.pk, topic().pk, "email", basis="express", source="import", now=NOW + MINUTE, occurred_at=NOW - MINUTE
    )
    assert state(person) == "withdrawn"
    assert Consent.objects.count() == 2


@pytest.mark.parametrize(
    "order", [["granted", "withdrawn"], ["withdrawn", "granted"], ["withdrawn", "pending"], ["pending", "withdrawn"]]
)
@pytest.mark.parametrize("together", [True, False])
def test_a_withdrawal_wins_a_tie(order, together):
    """F20: whatever order they arrive in, together or one after the other."""
    person = contact("u1")
    words = [word(person, said) for said in order]
    for batch in [words] if together else [[one] for one in words]:
        consents.record(batch, NOW)
    assert state(person) == "withdrawn"
    assert consents.state_at(person.pk, "email", topic().pk, NOW).state == "withdrawn"


def test_otherwise_the_later_line_wins_a_tie():
    person = contact("u1")
    consents.record([word(person, "pending"), word(person, "granted")], NOW)
    assert state(person) == "granted"
    consents.record([word(person, "pending")], NOW)
    assert state(person) == "pending"


def test_channels_and_topics_are_apart():
    person, offers = contact("u1"), topic("offers")
    consents.record(
        [word(person, "granted"), word(person, "withdrawn", channel="sms"), word(person, "pending", topic=offers)], NOW
    )
    assert (state(person), state(person, "sms"), state(person, topic=offers)) == ("granted", "withdrawn", "pending")


def test_what_counted_at_any_time_can_be_told():
    person = contact("u1")
    for minute, said in ((0, "pending"), (1, "granted"), (5, "withdrawn")):
        consents.record([word(person, said, NOW + minute * MINUTE)], NOW + 10 * MINUTE)

    def at(minutes: float):
        found = consents.state_at(person.pk, "email", topic().pk, NOW + minutes * MINUTE)
        return found and found.state

    assert [at(minutes) for minutes in (-0.1, 0, 0.9, 1, 4.9, 5, 100)] == [
        None,
        "pending",
        "pending",
        "granted",
        "granted",
        "withdrawn",
        "withdrawn",
    ]
    assert consents.state_at(person.pk, "sms", topic().pk, NOW) is None


def test_a_senders_own_event_is_not_told_twice():
    person = contact("u1")
    consents.record([word(person, "granted", key="k1")], NOW)
    consents.record([word(person, "granted", key="k1")], NOW)
    assert Event.objects.count() == EventBatch.objects.count() == 1


def test_nothing_is_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert consents.record([], NOW) == []


def test_a_batch_costs_the_same_for_many(django_assert_max_num_queries):
    people, news = [contact(f"u{n}") for n in range(300)], topic()
    words = [word(person, "granted", topic=news) for person in people]
    with django_assert_max_num_queries(9):
        ids = consents.record(words, NOW)
    assert list(Consent.objects.order_by("pk").values_list("pk", "contact_id")) == [
        (pk, person.pk) for pk, person in zip(ids, people, strict=True)
    ]


def test_odd_signs_do_not_break_the_batch():
    person = contact("u1")
    consents.record(
        [word(person, "granted", wording="v\x001", proof={"agent": "a\x00b\ud800", "n": float("nan")})], NOW
    )
    assert Consent.objects.get().proof == {"agent": "ab?", "n": None}


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.sampled_from(["granted", "pending", "withdrawn"]), st.booleans()),
        min_size=1,
        max_size=8,
    )
)
def test_the_kept_state_is_always_what_the_ledger_says(said):
    """Whatever is told, in whatever batches: the projection and the ledger's own answer are the same."""
    person, batch = contact(), []
    for minute, told, ends in said:
        batch.append(word(person, told, NOW + minute * MINUTE))
        if ends:
            consents.record(batch, NOW)
            batch = []
    consents.record(batch, NOW)
    assert ConsentState.objects.get(contact=person).consent == consents.state_at(
        person.pk, "email", topic().pk, NOW + timedelta(days=1)
    )
