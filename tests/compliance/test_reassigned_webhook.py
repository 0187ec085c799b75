"""Twilio's Event Streams tell of a number with a new owner (I08): signed requests over HTTP, and what they change."""

import hashlib
import json

import pytest
import requests
from django.conf import settings
from twilio.request_validator import RequestValidator

from channels.models import Message
from config import clock
from contacts import addresses, suppressions
from contacts.models import Consent, ConsentState, Suppression
from tests.builders import NOW, account, consent, contact, message, template

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = "+14155552671"
DIGEST = addresses.digest("phone", NUMBER)
PATH = "/webhooks/twilio/acme-sms/events"
TYPE = "com.twilio.messaging.reassigned-number.detected"


def event(number=NUMBER, key="1c70ebe141c2f106", **data):
    """As in Twilio's documentation."""
    told = {
        "event_id": key,
        "timestamp": "2026-09-21T00:00:00Z",
        "account_sid": "AC00000000000000000000000000000000",
        "from_number": "+14155550000",
        "to_number": number,
        "is_reassigned": True,
        "last_verified_date": "2026-08-01",
        "consent_operation": "opt-out-created",
        "consent_updated_at": "2026-09-21T00:00:00Z",
    }
    return {"specversion": "1.0", "type": TYPE, "source": "AB1", "id": "NO1", "data": {**told, **data}}


@pytest.fixture
def ada():
    account("sms")
    person = contact("ada", phone=NUMBER, country="US")
    consent(person, "sms")
    return person


@pytest.fixture
def tell(live_server):
    """Twilio's request: the hash of the body is in the address, and the address is signed."""

    def send(body, *, token="secret", hashed=None, signed=True):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        digest = hashlib.sha256(raw if hashed is None else hashed).hexdigest()
        path = f"{PATH}?bodySHA256={digest}" if signed else PATH
        signature = RequestValidator(token).compute_signature(f"{settings.BASE_URL}{path}", {})
        headers = {"Content-Type": "application/json", "X-Twilio-Signature": signature}
        with clock.at(NOW):
            return requests.post(f"{live_server.url}{path}", data=raw, headers=headers, timeout=10).status_code

    return send


def test_i08_the_number_is_closed_with_twilios_event_as_proof(ada, tell):
    waiting = message(ada, template("offer", channel="sms", content={"body": "Shoes"}))
    assert tell([event()]) == 204
    [match] = suppressions.matching([DIGEST], NOW)[DIGEST]
    assert match.reason == "reassigned"
    line = ConsentState.objects.get(contact=ada).consent
    assert (line.state, line.source) == ("withdrawn", "reassigned: acme-sms, event 1c70ebe141c2f106")
    assert line.proof["event"] == "1c70ebe141c2f106"
    assert line.proof["last_verified_date"] == "2026-08-01"
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason) == ("blocked", "reassigned")


def test_i08_the_same_event_twice_is_one_even_if_it_was_lifted_since(ada, tell):
    assert [tell([event()]), tell([event()])] == [204, 204]
    lines = Consent.objects.count()
    assert Suppression.objects.count() == 1
    suppressions.lift([Suppression.objects.get().pk], "the person has called", NOW)
    assert tell([event()]) == 204
    assert not suppressions.matching([DIGEST], NOW)
    assert Consent.objects.count() == lines
    assert tell([event(key="another")]) == 204
    assert suppressions.matching([DIGEST], NOW)


@pytest.mark.parametrize(
    "how", [{"token": "wrong"}, {"signed": False}, {"hashed": b"[]"}], ids=["wrong token", "no hash", "another body"]
)
def test_unsigned_is_refused_and_nothing_changes(ada, tell, how):
    assert tell([event()], **how) == 403
    assert not Suppression.objects.exists()
    assert ConsentState.objects.get().state == "granted"


def test_what_is_no_reassignment_changes_nothing(ada, tell):
    others = [
        event(is_reassigned=False),
        event(is_reassigned="true"),
        {**event(), "type": "com.twilio.messaging.message.sent"},
        {"type": TYPE},
    ]
    assert tell(others) == 204
    assert not Suppression.objects.exists()


def test_one_that_makes_no_sense_does_not_stop_the_others(ada, tell):
    assert tell([event("nobody", key="a"), event(to_number=None, key="b"), event(key="c")]) == 204
    assert Suppression.objects.get().digest == DIGEST


@pytest.mark.parametrize("body", [b"{", b"[1]", b'{"type": "x"}', b"[" * 5000])
def test_nonsense_is_told_to_be_some(ada, tell, body):
    assert tell(body) == 400
    assert not Message.objects.exists()


def test_bytes_that_are_no_text_are_not_signed(ada, tell):
    assert tell(b"\xff\xfe") == 403
