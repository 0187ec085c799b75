"""A number has a new owner (I08): nothing of what the old one allowed counts any more."""

from datetime import timedelta

import pytest

from channels.models import Message
from compliance import gate
from compliance.reassigned import reassigned
from contacts import addresses, consents, suppressions
from contacts.models import Consent, ConsentState
from tests.builders import NOW, account, address, consent, contact, message, template, topic

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
NUMBER = "+447700900123"
DIGEST = addresses.digest("phone", NUMBER)


@pytest.fixture
def ada():
    person = contact("ada", phone=NUMBER, email="ada@example.test")
    consent(person, "sms")
    consent(person, "email")
    return person


def state(person, channel):
    return ConsentState.objects.get(contact=person, channel=channel)


def test_i08_it_is_suppressed_and_the_consent_closed(ada):
    assert reassigned(DIGEST, NOW + HOUR, source="Twilio", proof={"event": "EV1"})
    [match] = suppressions.matching([DIGEST], NOW + HOUR)[DIGEST]
    assert (match.reason, match.channel, match.brand_id) == ("reassigned", "", None)
    closed = state(ada, "sms")
    assert (closed.state, closed.occurred_at) == ("withdrawn", NOW + HOUR)
    assert (closed.consent.source, closed.consent.proof) == ("reassigned: Twilio", {"event": "EV1"})


def test_the_person_s_other_channels_are_untouched(ada):
    reassigned(DIGEST, NOW + HOUR, source="Twilio")
    assert state(ada, "email").state == "granted"


def test_what_waits_is_blocked_and_what_comes_later_refused(ada):
    account("sms")
    text = template("offer", channel="sms", content={"body": "Hi"})
    waiting, mail = message(ada, text, due_at=NOW + 5 * HOUR), message(ada, template("hello"), due_at=NOW + 5 * HOUR)
    reassigned(DIGEST, NOW + HOUR, source="Twilio")
    assert tuple(Message.objects.values_list("state", "reason").get(pk=waiting.pk)) == ("blocked", "reassigned")
    assert Message.objects.get(pk=mail.pk).state == "pending"
    later = message(ada, text, now=NOW + 2 * HOUR)
    gate.release(NOW + 2 * HOUR)
    later.refresh_from_db()
    assert later.state == "blocked"


def test_the_same_word_twice_is_no_news(ada):
    assert reassigned(DIGEST, NOW + HOUR, source="Twilio")
    lines = Consent.objects.count()
    assert not reassigned(DIGEST, NOW + 2 * HOUR, source="Twilio")
    assert Consent.objects.count() == lines


def test_everybody_with_the_number_is_meant(ada):
    bob = contact("bob", phone=NUMBER)
    consent(bob, "sms")
    reassigned(DIGEST, NOW + HOUR, source="Twilio")
    assert state(bob, "sms").state == state(ada, "sms").state == "withdrawn"


def test_who_has_a_newer_number_keeps_their_consent(ada):
    address(ada, "phone", "+447700900999", now=NOW + timedelta(minutes=1))
    reassigned(DIGEST, NOW + HOUR, source="Twilio")
    assert state(ada, "sms").state == "granted"


def test_what_was_withdrawn_is_not_withdrawn_again(ada):
    consents.withdraw(ada.pk, topic().pk, "sms", source="STOP", now=NOW + timedelta(minutes=5))
    reassigned(DIGEST, NOW + HOUR, source="Twilio")
    assert state(ada, "sms").consent.source == "STOP"


def test_a_number_that_nobody_had_is_closed_too():
    unknown = addresses.digest("phone", "+447700900555")
    assert reassigned(unknown, NOW, source="Twilio")
    assert suppressions.matching([unknown], NOW)
