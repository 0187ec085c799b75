"""Messages and the reasons for them: why did, or did not, this person get this?"""

from datetime import timedelta

import pytest

from channels.models import Message
from compliance import gate
from config import clock
from contacts.models import Contact
from tests import builders
from tests.api.cast import Caller
from tests.builders import NOW

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def ada(db) -> Contact:
    """Ada allows SMS; Bob does not. Both were to get the offer, and the gate has judged."""
    builders.account("sms")
    offer = builders.template("offer", channel="sms", content={"body": "Hello {{ contact.first_name }}"})
    found = builders.contact("ada", phone="+447700900023", first_name="Ada")
    builders.consent(found, "sms", now=NOW - DAY)
    builders.message(found, offer, "visit:1", labels={"journey": "welcome", "step": "hello"})
    builders.message(builders.contact("bob", phone="+447700900024"), offer, "visit:2", labels={"journey": "win-back"})
    with clock.at(NOW):
        gate.release(NOW)
    builders.message(found, offer, "visit:3", due_at=NOW + DAY, now=NOW + timedelta(hours=1))
    return found


def keys(who: Caller, **parameters: object) -> list[str]:
    return [row["key"] for row in who.rows("messages/", **parameters)]


def test_a_sent_message_shows_its_words_and_where_its_reasons_are(dashboard, ada) -> None:
    message = Message.objects.get(key="visit:1")
    status, body = dashboard.get(f"messages/{message.pk}/")
    assert status == 200
    assert body["copy"] == {"body": "Hello Ada", "to": "+447700900023"}
    assert (body["state"], body["delivery"], body["sent_at"]) == ("sent", "none", "2026-11-24T12:00:00Z")
    assert (body["contact"], body["contact_external_id"]) == (ada.pk, "ada")
    assert (body["template"], body["version"], body["topic"], body["brand"]) == ("offer", 1, "news", "acme")
    assert (body["message_class"], body["priority"]) == ("marketing", "normal")
    assert body["labels"] == {"journey": "welcome", "step": "hello"}
    assert body["decisions"] == f"http://testserver/api/decisions/?message={message.pk}"
    [decision] = dashboard.client.get(body["decisions"]).json()["results"]
    assert decision["outcome"] == "allow"
    assert {verdict["outcome"] for verdict in decision["verdicts"]} == {"allow"}


def test_a_message_that_was_not_sent_says_why(dashboard, ada) -> None:
    message = Message.objects.get(key="visit:2")
    _, body = dashboard.get(f"messages/{message.pk}/")
    assert (body["state"], body["copy"], body["version"], body["sent_at"]) == ("blocked", None, None, None)
    [decision] = dashboard.rows("decisions/", message=message.pk)
    assert (decision["outcome"], decision["reason"]) == ("deny", body["reason"])
    strictest = decision["verdicts"][0]
    assert strictest.keys() == {"step", "rule", "outcome", "code", "why", "until"}
    assert (strictest["rule"], strictest["outcome"], strictest["code"]) == ("consent", "deny", body["reason"])
    assert strictest["why"].endswith(".")
    assert [verdict["step"] for verdict in decision["verdicts"]] == list(range(1, len(decision["verdicts"]) + 1))
    assert dashboard.get(f"decisions/{decision['id']}/") == (200, decision)


def test_a_deferred_message_says_until_when(dashboard, ada) -> None:
    from compliance.models import QuietHours

    QuietHours.objects.create(brand=builders.brand(), channel="sms", start="11:00", end="15:00", classes=["marketing"])
    gate.release(NOW + DAY)
    message = Message.objects.get(key="visit:3")
    [decision] = dashboard.rows("decisions/", message=message.pk, outcome="wait")
    waiting = [verdict for verdict in decision["verdicts"] if verdict["outcome"] == "wait"]
    assert {verdict["until"] for verdict in waiting} == {"2026-11-25T15:00:00Z"}
    assert decision["until"] == "2026-11-25T15:00:00Z"
    assert decision["verdicts"][0] in waiting


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({}, ["visit:3", "visit:2", "visit:1"]),
        ({"contact_external_id": "ada"}, ["visit:3", "visit:1"]),
        ({"contact_external_id": "nobody"}, []),
        ({"journey": "welcome"}, ["visit:1"]),
        ({"journey": "wel"}, []),
        ({"state": "blocked"}, ["visit:2"]),
        ({"channel": "sms", "state": "sent"}, ["visit:1"]),
        ({"channel": "email"}, []),
        ({"created_from": "2026-11-24T12:30:00Z"}, ["visit:3"]),
        ({"created_before": "2026-11-24T12:30:00Z"}, ["visit:2", "visit:1"]),
        ({"sent_from": "2026-11-24T12:00:00Z"}, ["visit:1"]),
        ({"sent_before": "2026-11-24T12:00:00Z"}, []),
    ],
)
def test_messages_by(dashboard, ada, parameters, found) -> None:
    assert keys(dashboard, **parameters) == found


def test_messages_by_contact_and_by_reason(dashboard, ada) -> None:
    assert keys(dashboard, contact=ada.pk) == ["visit:3", "visit:1"]
    assert keys(dashboard, contact=10**6) == []
    reason = Message.objects.get(key="visit:2").reason
    assert keys(dashboard, reason=reason) == ["visit:2"]
    assert len(dashboard.rows("decisions/", reason=reason)) == 1


def test_decisions_by_time(dashboard, ada) -> None:
    assert len(dashboard.rows("decisions/", decided_from="2026-11-24T12:00:00Z")) == 2
    assert dashboard.rows("decisions/", decided_before="2026-11-24T12:00:00Z") == []


@pytest.mark.parametrize(
    ("path", "parameters", "words"),
    [
        ("messages/", {"state": "lost"}, "lost is not one of the available choices"),
        ("messages/", {"contact": "ada"}, "Enter a whole number"),
        ("messages/", {"contact": "0"}, "greater than or equal to 1"),
        ("messages/", {"contact": str(2**63)}, "less than or equal to"),
        ("messages/", {"contact": "9" * 5000}, "Enter a whole number"),
        ("decisions/", {"message": "1.5"}, "Enter a whole number"),
        ("decisions/", {"outcome": "maybe"}, "maybe is not one of the available choices"),
        ("decisions/", {"contact": "1"}, "This parameter is not known; there are: message,"),
    ],
)
def test_a_filter_that_makes_no_sense_is_told(dashboard, ada, path, parameters, words) -> None:
    status, problems = dashboard.get(path, **parameters)
    assert status == 400
    assert words in problems[next(iter(parameters))][0]


def test_what_is_known_after_handing_over_has_a_word(dashboard, ada) -> None:
    Message.objects.filter(key="visit:1").update(delivery=Message.Delivery.CLICKED)
    assert dashboard.rows("messages/", state="sent")[0]["delivery"] == "clicked"
