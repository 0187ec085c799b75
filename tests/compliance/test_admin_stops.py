"""The kill switch: what stands, setting one with its reason and a confirmation, and lifting it."""

import pytest
from django.urls import reverse

from channels.models import Message
from compliance import gate, stops
from compliance.models import Stop
from tests import staff
from tests.builders import NOW, account, consent, contact, message, template, user
from tests.pages import queries, who

pytestmark = pytest.mark.django_db

PAGE = reverse("admin:compliance_stop_changelist")


def lift(stop: Stop) -> str:
    return reverse("admin:compliance_stop_lift", args=(stop.pk,))


@pytest.fixture
def operator():
    return staff.client("Operator")


def test_nothing_is_stopped_at_first(operator) -> None:
    html = operator.get(PAGE).content.decode()
    assert "Kill switch" in html
    assert "Nothing is stopped" in html


def test_everything_that_can_be_stopped_is_in_one_list(operator) -> None:
    template("offer")
    html = operator.get(PAGE).content.decode()
    for value in ("all:", "brand:acme", "channel:sms", "channel:email"):
        assert f'value="{value}"' in html


@pytest.mark.parametrize(
    ("what", "named"),
    [
        ("all:", "Everything is stopped."),
        ("channel:sms", "The channel sms is stopped."),
        ("brand:acme", "The brand acme is stopped."),
    ],
)
def test_it_holds_what_would_leave_until_it_is_lifted(operator, what, named) -> None:
    account("sms")
    ada = contact("ada", phone="+447700900123")
    consent(ada, "sms")
    one = message(ada, template("offer", channel="sms", content={"body": "Hi"}))
    html = operator.post(PAGE, {"what": what, "reason": "Wrong price", "sure": "on"}, follow=True).content.decode()
    assert named in html
    assert "Wrong price" in html
    gate.release(NOW)
    assert Message.objects.get(pk=one.pk).state == "pending"
    assert "It holds 1 message," in operator.get(PAGE).content.decode()
    refused = operator.post(lift(Stop.objects.get()), follow=True).content.decode()
    assert "Say why you let it go on" in refused
    assert Stop.objects.get().lifted_at is None
    html = operator.post(lift(Stop.objects.get()), {"reason": "The price is right now."}, follow=True).content.decode()
    assert "The price is right now." in html
    assert "goes on. 1 held message will be judged again." in html
    gate.release(NOW.replace(year=NOW.year + 1))
    assert Message.objects.get(pk=one.pk).held_by == ""
    stop = Stop.objects.get()
    assert (stop.set_by.username, stop.lifted_by.username) == ("operator", "operator")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"what": "all:", "reason": "x"}, "Tick the box to confirm."),
        ({"what": "all:", "sure": "on"}, "This field is required."),
        ({"reason": "x", "sure": "on"}, "This field is required."),
        ({"what": "channel:pigeon", "reason": "x", "sure": "on"}, "Select a valid choice."),
        ({"what": "all:", "reason": "x" * 301, "sure": "on"}, "at most 300 characters"),
    ],
)
def test_a_mistake_is_told_and_nothing_is_stopped(operator, data, sentence) -> None:
    answer = operator.post(PAGE, data)
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert not Stop.objects.exists()


def test_a_reason_stays_when_the_confirmation_was_forgotten(operator) -> None:
    assert 'value="Wrong price"' in operator.post(PAGE, {"what": "all:", "reason": "Wrong price"}).content.decode()


def test_looking_lifts_nothing(operator) -> None:
    stop = stops.set("all", "", "x", None, NOW)
    assert operator.get(lift(stop)).status_code == 405
    stop.refresh_from_db()
    assert stop.lifted_at is None


def test_lifted_ones_stay_on_record(operator) -> None:
    person = user("ops")
    stops.set("channel", "sms", "Garbled", person, NOW)
    stops.lift("channel", "sms", person, NOW, "A test.")
    html = operator.get(PAGE).content.decode()
    assert "Nothing is stopped" in html
    assert "Garbled" in html


def test_a_hostile_reason_is_only_text(operator) -> None:
    stops.set("all", "", "<script>alert(1)</script>", None, NOW)
    assert "<script>alert(1)</script>" not in operator.get(PAGE).content.decode()


def test_who() -> None:
    stop = stops.set("all", "", "x", None, NOW)
    assert who(PAGE) == {"Marketer", "Legal reviewer", "Operator", "Analyst", "Administrator"}
    assert who(PAGE, "post", {"what": "", "reason": ""}) == {"Legal reviewer", "Operator", "Administrator"}
    assert who(lift(stop), "post", allowed=302) == {"Legal reviewer", "Operator", "Administrator"}


def test_who_may_only_look_gets_no_buttons() -> None:
    stop = stops.set("all", "", "x", None, NOW)
    html = staff.client("Analyst").get(PAGE).content.decode()
    assert lift(stop) not in html
    assert "Stop it now" not in html
    assert "Stopping needs the permission" in html


def test_it_costs_the_same_however_many_were_lifted(operator) -> None:
    few = queries(operator, PAGE)
    for number in range(8):
        stops.set("journey", f"j{number}", "x", None, NOW)
        stops.lift("journey", f"j{number}", None, NOW, "A test.")
    assert queries(operator, PAGE) == few
