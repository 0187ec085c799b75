"""Nobody is stuck for ever: what went missing is found, said in a sentence, and mended."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django_q.models import Schedule

from channels.models import Message
from config import clock, ledger
from contacts.models import Event, EventBatch
from journeys import liveness, publishing, tasks
from journeys.models import Enrolment, Journey, Step
from tests.builders import NOW, brand, contact, event, template
from tests.journeys.driving import at_step, happens, live, lose, only, publisher, run, step, tell, way

pytestmark = pytest.mark.django_db

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def wait(key="pause", length="1d", **more):
    return step("wait", key, for_=length, **more)


def sentences(now):
    return [finding.sentence for finding in liveness.check(now)]


@pytest.fixture
def mailing():
    template()
    live(step("send", "mail", template="hello", exits={"blocked": "no"}), wait("yes"), wait("no"))
    happens(contact("ada"))
    return Message.objects.get()


def test_a_healthy_journey_has_no_findings(mailing):
    live(wait(), step("wait_for_event", "order", event="order.completed", timeout="2d"), key="other")
    run(NOW)
    for at in (NOW, NOW + HOUR, NOW + DAY):
        run(at)
        assert liveness.check(at) == []


def test_the_database_itself_refuses_neither_timer_nor_event():
    live(wait())
    happens(contact("ada"))
    with pytest.raises(IntegrityError), transaction.atomic():
        Enrolment.objects.update(due_at=None, awaits=[])


@pytest.mark.parametrize(("word", "where"), [("sent", "yes"), ("blocked", "no"), ("failed", "yes")])
def test_a_fact_that_was_lost_is_told_after_all(mailing, word, where):
    lose(mailing, word)
    assert sentences(NOW + MINUTE) == [], "it may still be on its way"
    assert sentences(NOW + HOUR) == [f"Its message is {word}, but the fact never came."]
    liveness.repair(NOW + HOUR)
    run(NOW + HOUR)
    assert way(only()) == [("mail", word), (where, "")]
    assert Event.objects.filter(name=f"message.{word}").count() == 1
    assert liveness.check(NOW + HOUR) == []


def test_a_fact_that_woke_nobody_wakes_after_all(mailing):
    tell(mailing, "sent", NOW + MINUTE)
    assert sentences(NOW + HOUR) == [], "its batch is not handled yet"
    EventBatch.objects.update(handled_at=NOW)
    assert sentences(NOW + HOUR) == ["Its message is sent, but that did not wake it."]
    liveness.repair(NOW + HOUR)
    run(NOW + HOUR)
    assert way(only()) == [("mail", "sent"), ("yes", "")]


@pytest.mark.parametrize("state", ["pending", "unknown"])
def test_a_message_that_is_still_open_is_waited_for(mailing, state):
    if state == "unknown":
        lose(mailing, "unknown")
    assert liveness.check(NOW + DAY) == []


def test_a_message_that_never_was_is_not_waited_for(mailing):
    mailing.delete()
    assert sentences(NOW + HOUR) == ["It waits to hear of its message, but there is none."]
    liveness.repair(NOW + HOUR)
    run(NOW + HOUR)
    assert way(only())[0] == ("mail", "unknown")


def test_an_event_that_woke_nobody():
    live(step("wait_for_event", "order", event="order.completed", timeout="9d", exits={"timeout": "end"}), wait())
    ada, bob = contact("ada"), contact("bob")
    happens(ada)
    happens(bob)
    event(bob, "order.started", at=NOW + MINUTE)
    event(ada, "order.completed", at=NOW + MINUTE)
    EventBatch.objects.update(handled_at=NOW + MINUTE)
    assert sentences(NOW + HOUR) == ["order.completed happened, but did not wake it."]
    liveness.repair(NOW + HOUR)
    run(NOW + HOUR)
    assert way(only(contact=ada)) == [("order", "happened"), ("pause", "")]
    assert way(only(contact=bob)) == [("order", "")]


def test_an_event_of_another_brand_is_not_waited_for():
    live(step("wait_for_event", "order", event="order.*", timeout="9d"))
    ada, other = contact("ada"), brand("other")
    happens(ada)
    late = event(ada, "order.completed", at=NOW + MINUTE)
    with ledger.unlocked():
        Event.objects.filter(pk=late.pk).update(brand=other)
    EventBatch.objects.update(handled_at=NOW + MINUTE)
    assert liveness.check(NOW + HOUR) == []


def test_awaiting_an_event_without_a_timer_is_not_for_ever():
    live(step("wait_for_event", "order", event="order.completed", timeout="9d"))
    happens(contact("ada"))
    Enrolment.objects.update(due_at=None)
    assert liveness.check(NOW + 364 * DAY) == []
    later = NOW + 365 * DAY
    assert sentences(later) == ["It has waited for an event for more than a year, without a timer."]
    liveness.repair(later)
    run(later)
    assert way(only()) == [("order", "timeout")]


def test_work_to_do_but_no_timer():
    live(step("wait_for_event", "order", event="order.completed", timeout="9d"))
    woken_by = happens(contact("ada"))
    Enrolment.objects.update(due_at=None, woken_by=woken_by)
    assert sentences(NOW) == ["It has work to do, but nothing says when."]
    liveness.repair(NOW)
    run(NOW)
    assert way(only()) == [("order", "happened")]


def test_a_step_of_another_version_is_set_aside_with_a_sentence():
    live(wait())
    happens(contact("ada"))
    other = live(wait("other"), key="other")
    Enrolment.objects.update(step=Step.objects.get(version=other))
    assert sentences(NOW) == ["It stands at a step that is not one of its version's."]
    liveness.repair(NOW)
    run(NOW)
    assert (only().state, only().error) == ("failed", "Stuck: It stands at a step that is not one of its version's.")


def test_people_whose_time_has_long_come():
    version = live(wait())
    happens(contact("ada"))
    happens(contact("bob"))
    assert liveness.check(NOW + DAY + 10 * MINUTE) == []
    assert sentences(NOW + DAY + HOUR) == [
        "2 people are due, the first since 25 November 2026 12:00 UTC, and nobody moves them. Does the worker run?"
    ]
    publishing.pause(version.journey, publisher(), NOW, "A test.")
    assert liveness.check(NOW + 2 * DAY) == [], "a paused journey keeps people in place"
    publishing.resume(version.journey, publisher(), NOW + 2 * DAY, "A test.")
    liveness.repair(NOW + 2 * DAY)
    assert at_step() == {}


def test_somebody_who_slipped_into_a_closed_journey():
    live(wait())
    happens(contact("ada"))
    Journey.objects.update(state="archived")
    assert sentences(NOW) == ["The journey is archived, but this person is still in it."]
    liveness.repair(NOW)
    assert (only().state, only().end_reason) == ("left", "journey archived")


def test_who_has_moved_meanwhile_is_left_alone(mailing, monkeypatch):
    mailing.delete()
    [stuck] = liveness._all(NOW + HOUR)
    Enrolment.objects.update(visit=999)
    liveness._move([stuck], NOW + HOUR)
    assert only().due_at > NOW + HOUR


def test_many_are_checked_with_a_constant_number_of_queries(django_assert_max_num_queries):
    template()
    live(step("send", "mail", template="hello"))
    live(step("wait_for_event", "order", event="order.completed", timeout="9d"), key="other")
    for n in range(40):
        happens(contact(f"u{n}"))
    for message in Message.objects.all()[:20]:
        lose(message, "sent")
    with django_assert_max_num_queries(12):
        assert len(liveness.check(NOW + HOUR)) == 20


def command(*args):
    out = StringIO()
    with clock.at(NOW + HOUR):
        call_command("journeys", "check", *args, stdout=out)
    return out.getvalue()


def test_the_command_reports_and_mends(mailing):
    lose(mailing, "sent")
    finding = f"welcome, enrolment {only().pk}: Its message is sent, but the fact never came.\n"
    assert command("--dry-run") == f"{finding}1 stuck.\n"
    assert command() == f"{finding}1 stuck, set going again.\n"
    run(NOW + HOUR)
    assert command("--dry-run") == "0 stuck.\n"


def test_it_is_done_every_hour(mailing, caplog):
    assert Schedule.objects.get(name="journeys.look_after_the_living").schedule_type == Schedule.HOURLY
    lose(mailing, "sent")
    with clock.at(NOW + HOUR), caplog.at_level("WARNING"):
        assert tasks.look_after_the_living() == 1
    assert "Its message is sent, but the fact never came." in caplog.text
