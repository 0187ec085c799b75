"""Several workers at once, on PostgreSQL: nobody is lost, and nobody is doubled."""

from datetime import timedelta

import pytest
from django.db import connection, transaction

from channels.models import Message
from contacts import timeline
from contacts.models import EventBatch
from journeys import engine, publishing, reactions
from journeys.models import Enrolment, Visit
from tests.builders import NOW, contact, review_of, template
from tests.journeys.driving import happens, live, publisher, run, step, tell
from tests.racing import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PEOPLE = 300


@pytest.fixture(autouse=True)
def two_writers():
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time.")


def wait(key="pause", length="1d"):
    return step("wait", key, for_=length)


def crowd(number=PEOPLE):
    return [contact(f"u{n}") for n in range(number)]


def signups(people, *, size=20, name="signup"):
    """A batch of events for every `size` people."""
    for start in range(0, len(people), size):
        part = people[start : start + size]
        timeline.record([timeline.NewEvent(p.pk, name, NOW, f"{name}:{p.pk}") for p in part], NOW)


def drain(work, now):
    """What a worker does: batch by batch, until there is nothing more."""

    def go():
        while work(now, 40):
            pass

    return go


def test_two_workers_react_and_everybody_enters_once():
    live(wait())
    signups(crowd())
    at_once(drain(reactions.react, NOW), drain(reactions.react, NOW), drain(reactions.react, NOW))
    assert Enrolment.objects.count() == PEOPLE
    assert not EventBatch.objects.filter(handled_at=None).exists()
    assert not EventBatch.objects.exclude(error="").exists()


def test_two_workers_advance_and_everybody_moves_once():
    template()
    live(wait("nothing", "0"), step("send", "mail", template="hello"), wait())
    signups(crowd())
    drain(reactions.react, NOW)()
    at_once(drain(engine.advance, NOW), drain(engine.advance, NOW), drain(engine.advance, NOW))
    assert Message.objects.count() == PEOPLE
    assert Visit.objects.count() == 2 * PEOPLE
    assert Enrolment.objects.filter(state="waiting").count() == PEOPLE


def test_reacting_and_advancing_at_once():
    live(wait("nothing", "0"), wait())
    signups(crowd())
    at_once(
        drain(reactions.react, NOW), drain(engine.advance, NOW), drain(reactions.react, NOW), drain(engine.advance, NOW)
    )
    run(NOW)
    assert Enrolment.objects.filter(step__key="pause", state="waiting").count() == PEOPLE
    assert Visit.objects.count() == 2 * PEOPLE


def test_one_person_in_two_batches_enters_once():
    live(wait(), reentry="once")
    people = crowd(50)
    for name in ("a", "b", "c"):
        timeline.record([timeline.NewEvent(p.pk, "signup", NOW, f"{name}:{p.pk}") for p in people], NOW)
    at_once(*[drain(reactions.react, NOW)] * 3)
    assert Enrolment.objects.count() == 50


def test_the_event_and_the_timer_at_the_same_instant():
    """The timer of all runs out while the event of all comes in: each goes one way, once."""
    live(
        step("wait_for_event", "order", event="order.completed", timeout="1d", exits={"happened": "yes"}),
        wait("no"),
        step("exit", "no-end"),
        wait("yes"),
    )
    people = crowd(200)
    signups(people)
    run(NOW)
    at = NOW + DAY
    timeline.record([timeline.NewEvent(p.pk, "order.completed", at, f"o:{p.pk}") for p in people], at)
    at_once(drain(reactions.react, at), drain(engine.advance, at), drain(engine.advance, at))
    run(at)
    assert Visit.objects.filter(step__key="order").exclude(exit="").count() == 200
    assert Visit.objects.filter(step__key__in=["yes", "no"]).count() == 200


def test_an_exit_criterion_races_with_the_engine_and_never_loses():
    """Whoever is first: nobody who has bought gets the message."""
    template()
    live(wait("pause", "1h"), step("send", "mail", template="hello"), exit_when=[{"event": "order.completed"}])
    people = crowd(200)
    signups(people)
    run(NOW)
    at = NOW + HOUR
    timeline.record([timeline.NewEvent(p.pk, "order.completed", at, f"o:{p.pk}") for p in people], at)
    at_once(drain(engine.advance, at), drain(reactions.react, at), drain(engine.advance, at))
    run(at)
    assert Enrolment.objects.filter(state="left").count() == 200
    assert not Message.objects.filter(state="pending").exists()


def test_facts_of_messages_come_while_the_engine_runs():
    template()
    live(step("send", "mail", template="hello"), wait())
    signups(crowd(120))
    run(NOW)
    messages = list(Message.objects.select_related("template"))

    def gate(part):
        def go():
            for message in part:
                tell(message, "sent", NOW)

        return go

    tell(messages[0], "sent", NOW)
    at_once(gate(messages[1::2]), gate(messages[2::2]), drain(reactions.react, NOW), drain(engine.advance, NOW))
    run(NOW)
    assert Enrolment.objects.filter(step__key="pause").count() == 120


def test_a_row_that_another_worker_holds_is_passed_over():
    live(wait())
    for person in crowd(2):
        happens(person)
    first = Enrolment.objects.order_by("id").first()

    def other_worker():
        assert engine.advance(NOW + DAY) == 1

    with transaction.atomic():
        Enrolment.objects.select_for_update().get(pk=first.pk)
        at_once(other_worker)
    first.refresh_from_db()
    assert first.state == "waiting"
    run(NOW + DAY)
    first.refresh_from_db()
    assert first.state == "finished"


def test_two_people_publish_at_once():
    version = live(wait())
    made = publishing.new_draft(version.journey)
    review_of(made, NOW, state="approved", approved_at=NOW)
    user = publisher()

    def publish():
        try:
            publishing.publish(made, user, NOW)
        except Exception as error:
            return str(error)
        return "done"

    answers = at_once(publish, publish)
    assert answers.count("done") == 1
    assert "is published already" in "".join(answers)
    assert version.journey.versions.filter(state="live").count() == 1
