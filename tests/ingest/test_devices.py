"""Device tokens that apps send along, and the word that notifications were switched off."""

from datetime import timedelta

import pytest

from contacts import consents, identity, timeline
from contacts.ingest import accept, items, sources
from contacts.ingest.accept import Origin
from contacts.models import Address, Contact, RejectedEvent
from contacts.traits import clean
from tests.builders import NOW, brand, consent, contact, source, topic

pytestmark = pytest.mark.django_db
ONE, TWO = "dev1:APA91bH-first_device", "dev2:APA91bH-second_device"
DAY = timedelta(days=1)


@pytest.fixture
def say():
    source()
    sender = sources.sender("key-1", NOW)

    def said(payload: dict, at=NOW) -> None:
        accept.accept(sender, [payload], "", items.envelope(sender.id, {}, at), Origin(), at)

    return said


def app(call: str, user: str = "ada", token: str = ONE, **more) -> dict:
    return {"type": call, "userId": user, "context": {"device": {"token": token, "type": "ios"}}, **more}


def devices(user: str = "ada") -> list[str]:
    rows = Address.objects.filter(contact__external_id=user, kind="push").order_by("-created_at")
    return list(rows.values_list("value", flat=True))


@pytest.mark.parametrize("payload", [app("identify"), app("track", event="App Opened"), app("screen", name="Home")])
def test_every_call_brings_its_device_along(say, payload):
    say(payload)
    assert devices() == [ONE]


def test_the_device_heard_of_last_comes_first(say):
    say(app("identify"))
    say(app("track", event="App Opened", token=TWO), NOW + DAY)
    assert devices() == [TWO, ONE]
    say(app("track", event="App Opened", token=ONE), NOW + 2 * DAY)
    assert devices() == [ONE, TWO]


def test_a_device_belongs_to_whoever_used_it_last(say):
    say(app("identify"))
    say(app("identify", user="bob"), NOW + DAY)
    assert (devices("ada"), devices("bob")) == ([], [ONE])
    say(app("track", event="App Opened"), NOW + 2 * DAY)
    assert (devices("ada"), devices("bob")) == ([ONE], [])


def test_what_is_no_token_is_told_and_the_rest_is_taken(say):
    say(app("identify", token="a b", traits={"plan": "pro"}))
    assert Contact.objects.get().attributes == {"plan": "pro"}
    assert not Address.objects.exists()
    assert "device_token: 'a b' is not a device token" in RejectedEvent.objects.get().reason


def test_it_is_a_trait_of_the_api_too():
    found = clean({"device_token": ONE})
    assert (found.device_token, found.attributes, bool(found)) == (ONE, {}, True)
    identity.resolve([identity.Person("ada", clean=found)], NOW)
    assert devices() == [ONE]


class TestSwitchedOff:
    def test_k12_push_is_taken_back_and_nothing_else(self, say):
        ada = contact("ada")
        consent(ada, "push", now=NOW - DAY)
        consent(ada, "push", topic_key="orders", now=NOW - DAY)
        consent(ada, "email", now=NOW - DAY)
        say(app("track", event="push.permission_revoked", messageId="m1"))
        states = {
            (key, channel): consents.state_at(ada.pk, channel, topic(key).pk, NOW).state
            for key, channel in (("news", "push"), ("orders", "push"), ("news", "email"))
        }
        assert states == {
            ("news", "push"): "withdrawn",
            ("orders", "push"): "withdrawn",
            ("news", "email"): "granted",
        }
        line = consents.state_at(ada.pk, "push", topic().pk, NOW)
        assert (line.source, line.occurred_at) == ("device settings", NOW)

    def test_another_brands_app_says_nothing_about_this_one(self):
        ada = contact("ada")
        consent(ada, "push", now=NOW - DAY)
        other = brand("umbra")
        event = timeline.NewEvent(ada.pk, "push.permission_revoked", NOW, "x", {}, other.pk)
        timeline.record([event], NOW)
        assert consents.state_at(ada.pk, "push", topic().pk, NOW).state == "granted"

    def test_a_newer_yes_stands(self):
        ada = contact("ada")
        consent(ada, "push", now=NOW)
        event = timeline.NewEvent(ada.pk, "push.permission_revoked", NOW - DAY, "x", {}, brand().pk)
        timeline.record([event], NOW)
        assert consents.state_at(ada.pk, "push", topic().pk, NOW).state == "granted"
