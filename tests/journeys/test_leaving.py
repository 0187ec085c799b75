"""Exit criteria act at once; goals outlive the run."""

from datetime import timedelta
from decimal import Decimal

import pytest

from channels.models import Message
from contacts import timeline
from contacts.models import Event, EventBatch
from journeys import engine, publishing, reactions
from journeys.models import Enrolment
from tests.builders import NOW, brand, contact, event, template
from tests.journeys.driving import happens, live, only, publisher, run, step, tell, way

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ORDERED = [{"event": "order.completed"}]
BIG = [{"event": "order.completed", "where": [{"path": "total", "op": "gte", "value": 100}]}]


def wait(key="pause", length="1d"):
    return step("wait", key, for_=length)


class TestExitCriteria:
    def test_a_purchase_ends_it_at_once(self):
        live(wait(), wait("second"), exit_when=ORDERED)
        ada = contact("ada")
        happens(ada)
        happens(ada, "order.completed", NOW + HOUR)
        enrolment = only()
        assert (enrolment.state, enrolment.end_reason, enrolment.ended_at) == ("left", "order.completed", NOW + HOUR)
        assert (enrolment.due_at, enrolment.awaits, enrolment.visit) == (None, [], None)
        assert enrolment.visits.get().left_at == NOW + HOUR
        run(NOW + 5 * DAY)
        assert way(enrolment) == [("pause", "")]

    def test_only_with_the_properties_that_are_asked_for(self):
        live(wait(), exit_when=BIG)
        ada = contact("ada")
        happens(ada)
        happens(ada, "order.completed", NOW + HOUR, total=99)
        assert only().state == "waiting"
        happens(ada, "order.completed", NOW + HOUR, total=100)
        assert only().state == "left"

    def test_what_happened_before_the_entry_ends_nothing(self):
        live(wait(), exit_when=ORDERED)
        ada = contact("ada")
        event(ada, "order.completed", at=NOW - HOUR)
        happens(ada)
        assert only().state == "waiting"
        happens(ada, "order.completed", NOW - HOUR, now=NOW + HOUR)
        assert only().state == "waiting"

    def test_a_message_that_still_waits_at_the_gate_is_blocked(self):
        template()
        live(step("send", template="hello"), exit_when=ORDERED)
        ada = contact("ada")
        happens(ada)
        message = Message.objects.get()
        assert message.state == "pending"
        happens(ada, "order.completed", NOW + HOUR)
        message.refresh_from_db()
        assert (message.state, message.reason) == ("blocked", "left_journey")
        assert Event.objects.get(name="message.blocked").properties["reason"] == "left_journey"
        assert only().state == "left"

    def test_a_message_that_was_sent_stays_sent(self):
        template()
        live(step("send", template="hello"), wait(), exit_when=ORDERED)
        ada = contact("ada")
        happens(ada)
        tell(Message.objects.get(), "sent", NOW)
        run(NOW)
        happens(ada, "order.completed", NOW + HOUR)
        assert Message.objects.get().state == "sent"
        assert only().state == "left"

    def test_the_exit_in_the_same_batch_as_the_entry(self):
        live(wait(), exit_when=ORDERED)
        ada = contact("ada")
        timeline.record(
            [
                timeline.NewEvent(ada.pk, "order.completed", NOW + timedelta(seconds=1), "o"),
                timeline.NewEvent(ada.pk, "signup", NOW, "s"),
            ],
            NOW + HOUR,
        )
        run(NOW + HOUR)
        assert (only().state, only().end_reason) == ("left", "order.completed")
        assert not only().visits.exists()

    def test_the_exit_was_handled_before_the_entry(self):
        """Two workers take two batches, and the later purchase is handled before the earlier signup."""
        live(wait(), exit_when=ORDERED)
        ada = contact("ada")
        event(ada, "signup", at=NOW, now=NOW)
        first = EventBatch.objects.get()
        EventBatch.objects.filter(pk=first.pk).update(handled_at=NOW)
        event(ada, "order.completed", at=NOW + HOUR)
        reactions.react(NOW + HOUR)
        EventBatch.objects.filter(pk=first.pk).update(handled_at=None)
        run(NOW + HOUR)
        assert (only().state, only().end_reason) == ("left", "order.completed")
        assert not only().visits.exists()

    def test_nobody_gets_a_message_after_an_exit_that_is_not_handled_yet(self):
        """The engine looks back itself: the purchase is on the timeline, its batch still waits."""
        template()
        live(wait(), step("send", template="hello"), exit_when=ORDERED)
        ada = contact("ada")
        happens(ada)
        event(ada, "order.completed", at=NOW + DAY)
        engine.advance(NOW + DAY)
        assert only().state == "left"
        assert not Message.objects.exists()
        run(NOW + DAY)
        assert only().state == "left"

    def test_a_paused_journey_still_lets_people_out(self):
        version = live(wait(), exit_when=ORDERED)
        ada = contact("ada")
        happens(ada)
        publishing.pause(version.journey, publisher(), NOW, "A test.")
        happens(ada, "order.completed", NOW + HOUR)
        assert only().state == "left"

    def test_all_instances_end(self):
        live(wait(), instance_key="cart", exit_when=ORDERED)
        ada = contact("ada")
        happens(ada, cart=1)
        happens(ada, cart=2)
        happens(ada, "order.completed", NOW + HOUR)
        assert list(Enrolment.objects.values_list("state", flat=True)) == ["left", "left"]

    def test_a_family_of_events(self):
        live(wait(), exit_when=[{"event": "order.*"}])
        ada = contact("ada")
        happens(ada)
        happens(ada, "order.paid", NOW + HOUR)
        assert only().end_reason == "order.paid"

    def test_another_brands_purchase_ends_nothing(self):
        live(wait(), exit_when=ORDERED)
        ada = contact("ada")
        happens(ada)
        other = brand("other")
        timeline.record([timeline.NewEvent(ada.pk, "order.completed", NOW + HOUR, "o", {}, other.pk)], NOW + HOUR)
        run(NOW + HOUR)
        assert only().state == "waiting"

    def test_somebody_elses_purchase_ends_nothing(self):
        live(wait(), exit_when=ORDERED)
        ada, bob = contact("ada"), contact("bob")
        happens(ada)
        happens(bob, "order.completed", NOW + HOUR)
        assert only().state == "waiting"


class TestGoals:
    GOAL = {"event": "order.completed", "within": "30d", "value": "revenue"}

    def test_a_purchase_in_time_is_a_success_with_its_worth(self):
        live(wait(), goal=self.GOAL)
        ada = contact("ada")
        happens(ada)
        happens(ada, "order.completed", NOW + HOUR, revenue="19.999")
        enrolment = only()
        assert (enrolment.converted_at, enrolment.conversion_value) == (NOW + HOUR, Decimal("20.00"))
        assert enrolment.state == "waiting"

    def test_the_goal_outlives_the_run(self):
        live(wait(), goal=self.GOAL)
        ada = contact("ada")
        happens(ada)
        run(NOW + DAY)
        assert only().state == "finished"
        happens(ada, "order.completed", NOW + 29 * DAY, revenue=5)
        assert only().conversion_value == 5

    def test_too_late_is_no_success(self):
        live(wait(), goal=self.GOAL)
        ada = contact("ada")
        happens(ada)
        happens(ada, "order.completed", NOW + 30 * DAY + timedelta(seconds=1), revenue=5)
        assert only().converted_at is None

    def test_what_lets_in_is_not_the_success(self):
        live(wait(), trigger={"kind": "event", "name": "order.completed"}, goal=self.GOAL)
        ada = contact("ada")
        happens(ada, "order.completed", revenue=1)
        assert only().converted_at is None
        happens(ada, "order.completed", NOW + HOUR, revenue=2)
        assert only().conversion_value == 2

    def test_only_the_first_counts(self):
        live(wait(), goal=self.GOAL)
        ada = contact("ada")
        happens(ada)
        happens(ada, "order.completed", NOW + HOUR, revenue=5)
        happens(ada, "order.completed", NOW + 2 * HOUR, revenue=7)
        assert only().conversion_value == 5

    def test_one_purchase_is_one_success_of_the_newest_run(self):
        live(wait(length="0"), goal=self.GOAL)
        ada = contact("ada")
        happens(ada)
        happens(ada, at=NOW + DAY)
        happens(ada, "order.completed", NOW + 2 * DAY, revenue=5)
        values = Enrolment.objects.order_by("entered_at").values_list("conversion_value", flat=True)
        assert list(values) == [None, 5]

    @pytest.mark.parametrize("worth", ["much", None, True, {"a": 1}, "1e400", "NaN", 10**13])
    def test_a_worth_that_is_no_money_still_is_a_success(self, worth):
        live(wait(), goal=self.GOAL)
        ada = contact("ada")
        happens(ada)
        happens(ada, "order.completed", NOW + HOUR, revenue=worth)
        assert (only().converted_at, only().conversion_value) == (NOW + HOUR, None)

    def test_success_and_exit_by_the_same_event(self):
        live(wait(), goal=self.GOAL, exit_when=ORDERED)
        ada = contact("ada")
        happens(ada)
        happens(ada, "order.completed", NOW + HOUR, revenue=5)
        assert (only().state, only().conversion_value) == ("left", 5)

    def test_the_success_was_handled_before_the_entry(self):
        live(wait(), goal=self.GOAL)
        ada = contact("ada")
        event(ada, "signup", at=NOW)
        first = EventBatch.objects.get()
        EventBatch.objects.filter(pk=first.pk).update(handled_at=NOW)
        event(ada, "order.completed", at=NOW + HOUR, revenue=5)
        reactions.react(NOW + HOUR)
        EventBatch.objects.filter(pk=first.pk).update(handled_at=None)
        run(NOW + HOUR)
        assert (only().converted_at, only().conversion_value) == (NOW + HOUR, 5)


def test_taking_somebody_out_by_hand():
    template()
    live(step("send", template="hello"))
    happens(contact("ada"))
    assert engine.leave([only().pk], "asked to be left alone", NOW + HOUR) == 1
    assert (only().state, only().end_reason) == ("left", "asked to be left alone")
    assert Message.objects.get().state == "blocked"
    assert engine.leave([only().pk], "again", NOW + HOUR) == 0
