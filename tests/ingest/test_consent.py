"""Consent that comes with events: said outright, or carried by a form that the source was set up for."""

import pytest

from contacts.models import Consent, ConsentState, Event, RejectedEvent
from tests.builders import source, topic
from tests.ingest.test_endpoint import post, track

pytestmark = pytest.mark.django_db
FORM = {"event": "Signup", "channel": "email", "topic": "news", "basis": "express", "wording": "signup form v3"}


@pytest.fixture(autouse=True)
def shop():
    topic("news")
    return source("key-1", consent_grants=[FORM])


def said(number, event, **properties):
    return track(number, userId="u1", event=event, properties=properties)


def test_a_form_event_carries_its_consent_with_proof(client, shop):
    context = {"ip": "192.0.2.7", "userAgent": "Firefox"}
    post(client, "track", track(1, context=context))
    line = Consent.objects.get()
    assert (line.channel, line.topic.key, line.state, line.basis) == ("email", "news", "granted", "express")
    assert line.wording == "signup form v3"
    assert line.proof["ip"] == "192.0.2.7"
    assert line.proof["user_agent"] == "Firefox"
    assert line.proof["source"] == shop.pk
    assert line.proof["message_id"] == "m1"


def test_other_events_carry_none(client):
    post(client, "track", track(1, event="Order Completed"))
    assert not Consent.objects.exists()


def test_a_repeated_form_event_is_one_line(client):
    for _ in range(2):
        post(client, "track", track(1))
    assert Consent.objects.count() == 1


def test_granted_and_withdrawn_outright(client):
    post(client, "track", said(1, "consent.granted", channel="sms", topic="news", basis="express_written"))
    assert ConsentState.objects.get().state == "granted"
    post(client, "track", said(2, "Consent Withdrawn", channel="sms", topic="news"))
    assert ConsentState.objects.get().state == "withdrawn"
    assert list(Event.objects.order_by("id").values_list("name", flat=True)) == ["consent.granted", "consent.withdrawn"]


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({"topic": "news"}, "property channel"),
        ({"channel": 5, "topic": "news"}, "property channel"),
        ({"channel": "email"}, "topics of this brand are: news"),
        ({"channel": "email", "topic": "nope"}, "topics of this brand are: news"),
        ({"channel": "email", "topic": "news", "basis": "because"}, "basis 'because' is not known"),
        ({"channel": "email", "topic": "news", "wording": "x" * 121}, "wording is longer"),
    ],
)
def test_a_consent_for_nothing_is_no_consent(client, properties, words):
    post(client, "track", said(1, "consent.granted", **properties))
    assert not Consent.objects.exists()
    assert words in RejectedEvent.objects.get().reason
