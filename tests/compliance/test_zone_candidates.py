"""Zones that senders tell of a device and of an IP address: candidates beside what the person has set, up to the door."""

import json
from datetime import UTC, datetime

import pytest

from channels.models import Message
from compliance import gate
from compliance.models import HousePolicy
from config import clock
from contacts import identity, traits
from contacts.models import Contact, RejectedEvent
from tests.builders import NOW, account, address, brand, consent, message, source, template

pytestmark = pytest.mark.django_db

EASTERN, CENTRAL, MOUNTAIN = "America/New_York", "America/Chicago", "America/Denver"
HALF_PAST_EIGHT = datetime(2026, 11, 24, 13, 30, tzinfo=UTC)
"""In New York; half past seven in Chicago, half past six in Denver. Texts may be sent from eight."""


@pytest.fixture(autouse=True)
def shop(settings) -> None:
    settings.INGEST_RATE = 0
    source("key-1")
    account("sms")


@pytest.fixture
def identify(client):
    """An SDK's identify call about Ada."""

    def post(number: int, context: dict | None = None, **said) -> Contact:
        body = {
            "userId": "ada",
            "messageId": f"m{number}",
            "traits": said,
            "context": context or {},
            "writeKey": "key-1",
        }
        with clock.at(NOW):
            answer = client.post("/v1/identify", json.dumps(body), content_type="application/json")
        assert answer.status_code == 200
        return Contact.objects.get(external_id="ada")

    return post


def judged(ada: Contact) -> tuple[str, datetime | None, dict]:
    """What the gate says at half past eight in New York of a text to Ada's New York number."""
    if not ada.addresses.exists():
        address(ada, "phone", "+12125550123")
        consent(ada, "sms", now=HALF_PAST_EIGHT.replace(year=2025))
        template("offer", channel="sms", content={"body": "Hello"})
    offer = brand().messagetemplate_set.get()
    one = message(ada, offer, now=HALF_PAST_EIGHT, context={"n": Message.objects.count()})
    gate.release(HALF_PAST_EIGHT)
    [found] = gate.explain(one)
    return found.outcome, found.until, found.evidence


def at(hour: int) -> datetime:
    return HALF_PAST_EIGHT.replace(hour=hour, minute=0)


class TestThroughTheGate:
    def test_without_a_candidate_the_number_decides(self, identify) -> None:
        outcome, _, evidence = judged(identify(1))
        assert (outcome, evidence["zone_source"], evidence["zones"]) == ("allow", "phone", [EASTERN])

    def test_the_zone_of_the_ip_address_narrows_the_hours_and_is_in_the_evidence(self, identify) -> None:
        ada = identify(1, {"ip_timezone": CENTRAL, "ip": "192.0.2.1"})
        outcome, until, evidence = judged(ada)
        assert (outcome, until) == ("wait", at(14))
        assert (evidence["zones"], evidence["zone_source"]) == ([EASTERN, CENTRAL], "phone+ip")

    def test_so_does_the_zone_of_the_device(self, identify) -> None:
        ada = identify(1, {"timezone": CENTRAL})
        outcome, until, evidence = judged(ada)
        assert (outcome, until) == ("wait", at(14))
        assert (evidence["zones"], evidence["zone_source"]) == ([CENTRAL, EASTERN], "device+phone")

    def test_all_of_them_count_together(self, identify) -> None:
        _, until, evidence = judged(identify(1, {"timezone": CENTRAL, "ip_timezone": MOUNTAIN}))
        assert until == at(15)
        assert evidence["zone_source"] == "device+phone+ip"

    def test_what_the_person_set_is_trusted_alone_unless_the_policy_is_strict(self, identify) -> None:
        ada = identify(1, {"timezone": CENTRAL, "ip_timezone": MOUNTAIN}, timezone=EASTERN)
        outcome, _, evidence = judged(ada)
        assert (outcome, evidence["zone_source"], evidence["zone"]) == ("allow", "person", EASTERN)
        HousePolicy.objects.create(brand=brand(), trust="strict")
        outcome, until, evidence = judged(ada)
        assert (outcome, until) == ("wait", at(15))
        assert set(evidence["zones"]) == {EASTERN, CENTRAL, MOUNTAIN}
        assert evidence["zone_source"] == "person+device+phone+ip"

    def test_an_attribute_that_is_no_zone_is_no_candidate(self, identify) -> None:
        ada = identify(1)
        Contact.objects.update(
            attributes={"ip_timezone": {"name": CENTRAL}, "device_timezone": 7, "postal_code": 10001}
        )
        outcome, _, evidence = judged(ada)
        assert (outcome, evidence["zones"]) == ("allow", [EASTERN])


class TestWhatIsKept:
    def test_the_device_never_replaces_what_the_person_has_set(self, identify) -> None:
        identify(1, timezone=EASTERN)
        ada = identify(2, {"timezone": CENTRAL})
        assert (ada.timezone, ada.timezone_source) == (EASTERN, "person")
        assert ada.attributes == {"device_timezone": CENTRAL}

    def test_it_serves_as_the_persons_clock_until_they_set_one(self, identify) -> None:
        ada = identify(1, {"timezone": CENTRAL})
        assert (ada.timezone, ada.timezone_source) == (CENTRAL, "device")
        assert identify(2, {"timezone": MOUNTAIN}).timezone == MOUNTAIN, "it travels"
        ada = identify(3, {"timezone": MOUNTAIN}, timezone=EASTERN)
        assert (ada.timezone, ada.timezone_source) == (EASTERN, "person")

    def test_a_zone_that_was_derived_from_something_else_stays(self, identify) -> None:
        identify(1)
        Contact.objects.update(timezone=EASTERN, timezone_source="address")
        ada = identify(2, {"timezone": CENTRAL})
        assert (ada.timezone, ada.timezone_source) == (EASTERN, "address")

    def test_the_ip_address_sets_no_clock_and_is_looked_up_nowhere(self, identify) -> None:
        ada = identify(1, {"ip_timezone": CENTRAL, "ip": "192.0.2.1"})
        assert (ada.timezone, ada.attributes) == ("", {"ip_timezone": CENTRAL})
        assert identify(2, {"ip": "198.51.100.7"}).attributes == {"ip_timezone": CENTRAL}

    def test_both_can_be_traits_and_are_taken_back_as_such(self, identify) -> None:
        assert identify(1, ip_timezone=CENTRAL, device_timezone=EASTERN).attributes == {
            "ip_timezone": CENTRAL,
            "device_timezone": EASTERN,
        }
        assert identify(2, ip_timezone=None).attributes == {"device_timezone": EASTERN}

    def test_what_is_no_zone_is_told_and_left_out(self, identify) -> None:
        ada = identify(1, {"timezone": "Mars/Base", "ip_timezone": "Mars/Moon"})
        assert (ada.timezone, ada.attributes) == ("", {})
        told = " ".join(RejectedEvent.objects.values_list("reason", flat=True))
        assert "device_timezone: 'Mars/Base' is not a time zone" in told
        assert "ip_timezone: 'Mars/Moon' is not a time zone" in told

    def test_the_same_by_the_verbs_of_the_api(self) -> None:
        [pk] = identity.resolve([identity.Person("bob", "", traits.clean({"device_timezone": CENTRAL}))], NOW)
        found = Contact.objects.get(pk=pk)
        assert (found.timezone, found.timezone_source) == (CENTRAL, "device")
