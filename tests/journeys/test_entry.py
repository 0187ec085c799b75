"""Who comes into a journey, and who does not."""

from datetime import timedelta

import pytest

from contacts import segments, timeline
from contacts.models import EventBatch
from journeys import designs, engine, publishing, reactions
from journeys.base import steps
from journeys.models import Enrolment
from tests.builders import NOW, brand, contact, event, segment
from tests.journeys.driving import draft, happens, live, only, publisher, run, step, way

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def wait(key="pause", length="1d", **more):
    return step("wait", key, for_=length, **more)


def test_an_event_lets_its_person_in_and_they_walk_to_the_first_wait():
    version = live(wait("nothing", "0"), wait())
    ada = contact("ada")
    event_id = happens(ada, total=5)
    enrolment = only()
    assert (enrolment.contact, enrolment.version, enrolment.state) == (ada, version, "waiting")
    assert (enrolment.entered_by, enrolment.context, enrolment.since) == (event_id, {"total": 5}, NOW)
    assert way(enrolment) == [("nothing", "next"), ("pause", "")]
    assert enrolment.due_at == NOW + DAY


def test_other_events_let_nobody_in():
    live(wait())
    happens(contact("ada"), "signup.started")
    assert not Enrolment.objects.exists()


def test_a_draft_lets_nobody_in():
    draft(wait())
    happens(contact("ada"))
    assert not Enrolment.objects.exists()


def test_the_event_must_have_the_properties():
    live(wait(), trigger={"kind": "event", "name": "signup", "where": [{"path": "total", "op": "gt", "value": 100}]})
    happens(contact("small"), total=100)
    happens(contact("none"))
    happens(contact("big"), total=101)
    assert only().contact.external_id == "big"


def test_the_person_must_fit_the_condition():
    pro = {"kind": "attribute", "path": "plan", "op": "is", "value": "pro"}
    live(wait(), trigger={"kind": "event", "name": "signup", "condition": pro})
    happens(contact("free", plan="free"))
    happens(contact("pro", plan="pro"))
    assert only().contact.external_id == "pro"


def test_the_condition_counts_events_up_to_now():
    first = {"not": {"kind": "event", "name": "order.completed"}}
    live(wait(), trigger={"kind": "event", "name": "signup", "condition": first})
    regular, newcomer = contact("regular"), contact("newcomer")
    event(regular, "order.completed", at=NOW - DAY)
    happens(regular)
    happens(newcomer)
    assert only().contact == newcomer


def test_a_late_event_starts_nothing_but_is_not_lost():
    live(wait())
    happens(contact("late"), at=NOW - 4 * DAY, now=NOW)
    happens(contact("on-time"), at=NOW - 2 * DAY, now=NOW)
    assert only().contact.external_id == "on-time"
    assert only().since == NOW - 2 * DAY


def test_an_event_of_another_brand_starts_nothing():
    live(wait())
    ada, other = contact("ada"), brand("other")
    timeline.record([timeline.NewEvent(ada.pk, "signup", NOW, "k1", {}, other.pk)], NOW)
    run(NOW)
    assert not Enrolment.objects.exists()
    timeline.record([timeline.NewEvent(ada.pk, "signup", NOW, "k2", {}, brand().pk)], NOW)
    run(NOW)
    assert only().contact == ada


def test_the_same_event_twice_is_one_entry():
    live(wait(), instance_key="order_id")
    ada = contact("ada")
    for _ in range(3):
        timeline.record([timeline.NewEvent(ada.pk, "signup", NOW, "same", {"order_id": 1})], NOW)
        run(NOW)
    assert only().contact == ada


def test_entering_a_segment_lets_in_those_who_enter_after_publishing():
    fans = segment("fans")
    before = contact("before", plan="pro")
    segments.refresh(fans, NOW)
    run(NOW)
    live(wait(), trigger={"kind": "segment", "segment": "fans"})
    run(NOW)
    after = contact("after", plan="pro")
    segments.refresh(fans, NOW + HOUR)
    run(NOW + HOUR)
    assert only().contact == after
    assert before.pk != after.pk


def test_two_journeys_may_start_with_the_same_event():
    live(wait(), key="one")
    live(wait(), key="two")
    happens(contact("ada"))
    assert set(Enrolment.objects.values_list("journey__key", flat=True)) == {"one", "two"}


class TestReentry:
    def test_nobody_is_in_it_twice_at_once(self):
        live(wait())
        ada = contact("ada")
        happens(ada)
        happens(ada, at=NOW + HOUR)
        assert Enrolment.objects.count() == 1

    def test_always_comes_in_again_when_it_is_over(self):
        live(wait())
        ada = contact("ada")
        happens(ada)
        run(NOW + DAY)
        happens(ada, at=NOW + DAY + HOUR)
        assert list(Enrolment.objects.order_by("id").values_list("state", flat=True)) == ["finished", "waiting"]

    def test_once_is_once(self):
        live(wait(), reentry="once")
        ada = contact("ada")
        happens(ada)
        run(NOW + DAY)
        happens(ada, at=NOW + 300 * DAY)
        assert only().state == "finished"

    def test_once_counts_entries_of_earlier_versions(self):
        live(wait(), reentry="once")
        ada = contact("ada")
        happens(ada)
        run(NOW + DAY)
        live(wait(), reentry="once")
        happens(ada, at=NOW + 2 * DAY)
        assert Enrolment.objects.count() == 1

    def test_after_a_pause_counted_from_the_last_entry(self):
        live(wait(), reentry="after", reentry_after="90d")
        ada = contact("ada")
        happens(ada)
        run(NOW + DAY)
        happens(ada, at=NOW + 90 * DAY - HOUR)
        assert Enrolment.objects.count() == 1
        happens(ada, at=NOW + 90 * DAY)
        assert Enrolment.objects.count() == 2

    def test_two_events_in_one_batch_let_in_once(self):
        live(wait(length="0"), reentry="once")
        ada = contact("ada")
        timeline.record([timeline.NewEvent(ada.pk, "signup", NOW, f"k{i}") for i in range(3)], NOW)
        run(NOW)
        assert only().state == "finished"


class TestInstances:
    def test_each_order_has_its_own_run(self):
        live(wait(), instance_key="order_id")
        ada = contact("ada")
        for order in ("a", "b", "a"):
            happens(ada, order_id=order)
        assert sorted(Enrolment.objects.values_list("instance_key", flat=True)) == ["a", "b"]

    def test_the_key_may_lie_deeper_and_be_a_number(self):
        live(wait(), instance_key="order.id")
        happens(contact("ada"), order={"id": 17})
        assert only().instance_key == "17"

    def test_an_event_without_the_key_is_an_instance_of_its_own(self):
        live(wait(), instance_key="order_id")
        ada = contact("ada")
        happens(ada)
        happens(ada)
        assert only().instance_key == ""

    def test_a_very_long_key_is_kept_by_its_hash(self):
        live(wait(), instance_key="order_id")
        ada = contact("ada")
        happens(ada, order_id="x" * 5000)
        happens(ada, order_id="x" * 4999 + "y")
        assert {len(key) for key in Enrolment.objects.values_list("instance_key", flat=True)} == {64}

    def test_once_is_once_per_instance(self):
        live(wait(length="0"), reentry="once", instance_key="order_id")
        ada = contact("ada")
        for order in ("a", "b", "a"):
            happens(ada, order_id=order)
        assert sorted(Enrolment.objects.values_list("instance_key", flat=True)) == ["a", "b"]


def test_entering_a_thousand_takes_a_constant_number_of_queries(django_assert_max_num_queries):
    pro = {"kind": "attribute", "path": "plan", "op": "is", "value": "pro"}
    live(wait(), trigger={"kind": "event", "name": "signup", "condition": pro}, reentry="once")
    people = [contact(f"u{n}", plan="pro") for n in range(300)]
    timeline.record([timeline.NewEvent(p.pk, "signup", NOW, f"k{p.pk}") for p in people], NOW)
    with django_assert_max_num_queries(25):
        assert reactions.react(NOW) == 300
    with django_assert_max_num_queries(25):
        assert engine.advance(NOW) == 300
    assert Enrolment.objects.filter(state="waiting").count() == 300


def test_reacting_handles_each_batch_once():
    live(wait())
    happens(contact("ada"))
    assert not EventBatch.objects.filter(handled_at=None).exists()
    assert reactions.react(NOW) == 0


def test_an_event_whose_contact_waits_in_a_retired_version_goes_to_the_new_one():
    old = live(wait())
    ada, bob = contact("ada"), contact("bob")
    happens(ada)
    new = live(wait("longer", "2d"))
    happens(bob)
    assert dict(Enrolment.objects.values_list("contact__external_id", "version__number")) == {"ada": 1, "bob": 2}
    old.refresh_from_db()
    assert (old.state, new.state) == ("retired", "live")


def test_an_archived_journey_lets_nobody_in():
    version = live(wait())
    publishing.archive(version.journey, publisher(), NOW, "A test.")
    happens(contact("ada"))
    assert not Enrolment.objects.exists()


def test_a_version_that_cannot_run_stops_only_itself(monkeypatch, caplog):
    live(wait(), key="good")
    live(wait(), step("exit"), key="broken")
    monkeypatch.delitem(steps._classes, "exit")
    monkeypatch.setattr(designs, "_cache", {})
    happens(contact("ada"))
    assert only().journey.key == "good"
    assert "there is no step kind 'exit'" in caplog.text
