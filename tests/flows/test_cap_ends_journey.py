"""A house that would rather let somebody go than write to them too often: a full cap ends the journey."""

from datetime import timedelta

import pytest

from channels.models import Message
from compliance import gate
from compliance.models import FrequencyCap
from contacts import consents
from contacts.models import Event
from journeys import figures
from journeys.models import Enrolment
from tests.builders import NOW, account, brand, consent, contact, message, template, topic
from tests.journeys.driving import happens, live, only, run, step, way

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def offer():
    account("sms")
    found = template("offer", channel="sms", content={"body": "Hello"})
    live(
        step("send", "first", template="offer", exits={"blocked": "plan-b"}),
        step("wait", "rest", for_="2h"),
        step("send", "second", template="offer", exits={"blocked": "plan-b"}),
        step("exit", "done", reason="all sent"),
        step("wait", "plan-b", for_="1d"),
    )
    return found


@pytest.fixture
def ada(offer):
    found = contact("ada", phone="+447700900023")
    consent(found, "sms", now=NOW - DAY)
    return found


def cap(action: str, **fields) -> FrequencyCap:
    return FrequencyCap.objects.create(brand=brand(), name=f"Daily {action}", limit=1, days=1, action=action, **fields)


def goes(now) -> None:
    run(now)
    gate.release(now)
    run(now)


def goes_on(person) -> Enrolment:
    """In at noon; the first text leaves, the second is asked for two hours later."""
    happens(person)
    goes(NOW)
    goes(NOW + 2 * HOUR)
    return only()


def test_the_message_is_blocked_and_the_run_ends_without_an_exit(ada) -> None:
    cap("end")
    found = goes_on(ada)
    second = Message.objects.get(labels__step="second")
    assert (second.state, second.reason) == ("blocked", "frequency_cap")
    assert gate.explain(second)[-1].trace()[0].why.endswith("are used up; the journey ends for this person.")
    assert (found.state, found.end_reason) == ("left", "message not sent: frequency_cap")
    assert (found.ended_at, found.due_at, found.awaits) == (NOW + 2 * HOUR, None, [])
    assert way(found) == [("first", "sent"), ("rest", "next"), ("second", "")]
    assert Event.objects.get(name="message.blocked").properties["ends_journey"] is True


def test_whoever_left_may_enter_again(ada) -> None:
    cap("end")
    goes_on(ada)
    happens(ada, at=NOW + 2 * DAY)
    goes(NOW + 2 * DAY)
    assert Enrolment.objects.filter(state__in=Enrolment.LIVE).count() == 1
    assert Message.objects.filter(state="sent").count() == 2


def test_skipping_takes_the_exit_as_before(ada) -> None:
    cap("skip")
    found = goes_on(ada)
    assert found.state == "waiting"
    assert way(found)[-2:] == [("second", "blocked"), ("plan-b", "")]
    assert "ends_journey" not in Event.objects.get(name="message.blocked").properties


def test_of_several_full_caps_the_strictest_decides(ada) -> None:
    for action in ("defer", "skip", "end"):
        cap(action)
    assert goes_on(ada).state == "left"


def test_another_refusal_takes_the_exit(ada) -> None:
    cap("end", journeys=["another"])
    happens(ada)
    goes(NOW)
    consents.withdraw(ada.pk, topic().pk, "sms", source="test", now=NOW + HOUR)
    goes(NOW + 2 * HOUR)
    assert (only().state, way(only())[-2:]) == ("waiting", [("second", "blocked"), ("plan-b", "")])


def test_a_message_that_no_journey_asked_for_is_only_blocked(offer, ada) -> None:
    cap("end")
    message(ada, offer, context={"n": 1})
    message(ada, offer, context={"n": 2})
    gate.release(NOW)
    run(NOW)
    assert sorted(Message.objects.values_list("state", flat=True)) == ["blocked", "sent"]
    assert not Enrolment.objects.exists()


def test_the_figures_count_nobody_inside_any_more(ada) -> None:
    cap("end")
    version = goes_on(ada).version
    funnel = figures.funnel(version)
    assert funnel is not None
    assert (funnel.entered, funnel.inside) == (1, 0)
