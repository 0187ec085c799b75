"""What a merge means to the floors above people: messages, journeys, the gate, the audit chain, erasure (I05)."""

from datetime import timedelta

import pytest

from channels.models import Message
from compliance import access, erasure, gate
from compliance.models import AuditEntry, PrivacyRequest
from config import clock
from contacts import consents, merging
from contacts.models import Address, Consent, Contact, Event, Merge
from journeys import engine
from journeys.models import Enrolment
from tests import staff
from tests.builders import NOW, account, consent, contact, message, template, topic
from tests.compliance import chains
from tests.journeys import driving
from tests.racing import at_once

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
NUMBER = "+447700900123"
PROOF = {"ip": "192.0.2.1"}


@pytest.fixture
def offer():
    account("sms")
    return template("offer", channel="sms", content={"body": "Shoes"})


@pytest.fixture
def ada():
    person = contact("ada", phone=NUMBER)
    consent(person, "sms", now=NOW - HOUR, proof=PROOF)
    return person


@pytest.fixture
def twin():
    return contact("old-ada", phone=NUMBER)


def one(kept, other, now=NOW, **more):
    return merging.merge(kept.pk, other.pk, now, source="test", **more)


def outcome(asked):
    asked.refresh_from_db()
    return asked.state, asked.reason


def test_i05_two_contacts_with_one_number_of_whom_one_opted_out(ada, twin, offer):
    consents.withdraw(twin.pk, topic().pk, "sms", source="STOP", now=NOW - 2 * HOUR)
    waiting = message(ada, offer)
    one(ada, twin)
    gate.release(NOW)
    assert outcome(waiting) == ("blocked", "opted_out")


def test_i05_whichever_of_the_two_is_kept(ada, twin, offer):
    consents.withdraw(twin.pk, topic().pk, "sms", source="STOP", now=NOW - 2 * HOUR)
    waiting = message(ada, offer)
    one(twin, ada)
    gate.release(NOW)
    assert outcome(waiting) == ("blocked", "opted_out")
    assert waiting.contact == twin


def test_what_was_cleared_for_the_other_is_judged_again(ada, twin, offer):
    consents.withdraw(twin.pk, topic().pk, "sms", source="STOP", now=NOW - 2 * HOUR)
    cleared = message(ada, offer)
    gate.release(NOW)
    Message.objects.update(state="sending", started_at=None, sent_at=None, provider_id="")
    one(twin, ada)
    assert outcome(cleared)[0] == "pending"
    gate.release(NOW)
    assert outcome(cleared) == ("blocked", "opted_out")


def test_messages_keep_their_address_and_get_it_back(ada, twin, offer):
    consent(twin, "sms", now=NOW - HOUR, proof=PROOF)
    told = message(twin, offer)
    gate.release(NOW)
    old = Address.objects.get(contact=twin)
    made = one(ada, twin)
    told.refresh_from_db()
    assert (told.contact, told.address) == (ada, Address.objects.get())
    merging.unmerge(made, NOW + HOUR)
    told.refresh_from_db()
    assert (told.contact, told.address) == (twin, old)


class TestJourneys:
    def test_nobody_is_in_a_journey_twice(self, ada, twin):
        driving.live(driving.step("wait", for_="3d"))
        for person in (ada, twin):
            driving.happens(person)
        made = one(ada, twin)
        assert sorted(Enrolment.objects.values_list("contact_id", "state", "end_reason")) == [
            (ada.pk, "left", "merged"),
            (ada.pk, "waiting", ""),
        ]
        engine.advance(NOW + timedelta(days=4))
        assert set(Enrolment.objects.values_list("state", flat=True)) == {"finished", "left"}
        merging.unmerge(made, NOW + timedelta(days=5))
        assert Enrolment.objects.get(end_reason="merged").contact == twin

    def test_a_way_goes_on_for_the_kept_one(self, ada, twin):
        driving.live(driving.step("wait", for_="3d"))
        driving.happens(twin)
        one(ada, twin)
        engine.advance(NOW + timedelta(days=4))
        assert Enrolment.objects.get().state == "finished"
        assert Enrolment.objects.get().contact == ada


class TestAudit:
    def test_it_holds_after_merge_undo_and_erasure(self):
        people = chains.people(4)
        consents.withdraw(people[1].pk, topic().pk, "sms", source="STOP", now=NOW)
        chains.settle()
        lawyer = staff.user("Legal reviewer")
        made = one(people[0], people[1], chains.LATER, by=lawyer.pk)
        chains.settle(chains.LATER + HOUR)
        assert chains.first(chains.LATER + HOUR) == ""
        entry = AuditEntry.objects.get(kind="contact.merged")
        assert (entry.actor, entry.subject_id, entry.payload["other"]) == (lawyer.pk, str(people[0].pk), people[1].pk)
        assert "u1" not in str(entry.payload)
        merging.unmerge(made, chains.LATER + 2 * HOUR, by=lawyer.pk)
        chains.settle(chains.LATER + 4 * HOUR)
        assert AuditEntry.objects.filter(kind="contact.unmerged", actor=lawyer.pk).exists()
        one(people[0], people[2], chains.LATER + 5 * HOUR)
        erasure.erase([people[0].pk], lawyer, "request", chains.LATER + 6 * HOUR)
        chains.settle(chains.LATER + 8 * HOUR)
        assert chains.first(chains.LATER + 8 * HOUR) == ""

    def test_erasing_the_kept_one_erases_both(self, ada, twin):
        consent(twin, "email", now=NOW - HOUR)
        one(ada, twin)
        [record] = erasure.erase([ada.pk], staff.user("Legal reviewer"), "request", NOW + HOUR)
        assert not Contact.objects.exists()
        assert not Merge.objects.exists()
        assert not Consent.objects.exists()
        assert not Event.objects.exists()
        assert {line["channel"] for line in record.consents} == {"sms", "email"}

    def test_a_merged_contact_is_not_erased_alone(self, ada, twin):
        one(ada, twin)
        with pytest.raises(erasure.ValidationError, match=f"merged into contact {ada.pk}; erase that one"):
            erasure.erase([twin.pk], staff.user("Legal reviewer"), "request", NOW + HOUR)

    def test_an_access_request_shows_the_ledger_and_the_ids_of_both(self, ada, twin):
        consent(twin, "email", now=NOW - HOUR)
        PrivacyRequest.objects.create(kind="access", contact=twin, received_at=NOW)
        one(ada, twin)
        ada.refresh_from_db()
        lines = dict(access.tables(ada))["consents"]()
        assert {line["channel"] for line in lines} == {"sms", "email"}
        assert access.profile(ada)["former_external_ids"] == ["old-ada"]
        assert PrivacyRequest.objects.get().contact == ada


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_i05_nothing_leaves_after_a_merge_that_either_had_refused(self, offer):
        pairs = []
        for n in range(40):
            kept, other = contact(f"k{n}", phone=f"+44770090{n:04}"), contact(f"o{n}", phone=f"+44770091{n:04}")
            refuses, allows = (kept, other) if n % 2 else (other, kept)
            consents.withdraw(refuses.pk, topic().pk, "sms", source="STOP", now=NOW - HOUR)
            consent(allows, "sms", now=NOW - 2 * HOUR, proof=PROOF)
            message(allows, offer)
            pairs.append((kept, other))
        committed = {}

        def unite():
            for kept, other in pairs:
                one(kept, other)
                committed[kept.pk] = clock.now()

        at_once(unite, *[lambda: [gate.release(NOW, 5) for _ in range(20)]] * 2)
        while gate.release(NOW):
            pass
        sent = Message.objects.filter(state="sent")
        assert all(one.started_at <= committed[one.contact_id] for one in sent)
        assert sent.count() + Message.objects.filter(state="blocked", reason="opted_out").count() == 40

    def test_the_same_merge_twice_at_once_is_one(self, ada, twin):
        def unite():
            try:
                return one(ada, twin)
            except erasure.ValidationError:
                return None

        assert at_once(*[unite] * 4).count(None) == 3
        assert Merge.objects.count() == 1

    def test_merges_in_both_directions_do_not_wait_in_a_circle(self, ada, twin):
        def unite(kept, other):
            try:
                return one(kept, other)
            except erasure.ValidationError:
                return None

        assert at_once(lambda: unite(ada, twin), lambda: unite(twin, ada)).count(None) == 1

    def test_a_refusal_in_the_same_moment_reaches_the_kept_one(self, twin):
        kept = [contact(f"k{n}") for n in range(15)]
        others = [contact(f"o{n}") for n in range(15)]
        for other in others:
            consent(other, "sms", now=NOW - HOUR, proof=PROOF)

        def unite():
            for pair in zip(kept, others, strict=True):
                one(*pair)

        def refuse():
            for other in others:
                consents.withdraw(other.pk, topic().pk, "sms", source="STOP", now=NOW)

        at_once(unite, refuse)
        said = {person.consent_states.get().state for person in kept}
        assert said == {"withdrawn"}
