"""Two contacts that are one person: what goes over, which word wins, and how they are parted again (I05)."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from contacts import consents, identity, merging, segments, timeline
from contacts.models import Address, AnonymousId, Consent, ConsentState, Contact, Event, Membership, Merge
from contacts.traits import clean
from tests.builders import NOW, address, consent, contact, event, segment, topic

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LATER = NOW + DAY
PROOF = {"ip": "192.0.2.1", "url": "https://acme.example/"}


@pytest.fixture
def ada():
    return contact("ada", email="ada@example.test", plan="pro")


@pytest.fixture
def twin():
    return contact("old-ada", phone="+447700900123", plan="free", color="red", timezone="Europe/London")


def one(kept, other, now=LATER):
    return merging.merge(kept.pk, other.pk, now, source="test")


def state(person, channel="sms"):
    found = ConsentState.objects.filter(contact=person, channel=channel).first()
    return found.state if found else None


class TestProfile:
    def test_the_kept_one_s_word_counts_and_gaps_are_filled(self, ada, twin):
        one(ada, twin)
        ada.refresh_from_db()
        assert ada.attributes == {"plan": "pro", "color": "red"}
        assert (ada.external_id, ada.timezone, ada.country) == ("ada", "Europe/London", "GB")

    def test_both_ids_name_the_kept_one(self, ada, twin):
        one(ada, twin)
        assert identity.known(["ada", "old-ada"]) == {"ada": ada.pk, "old-ada": ada.pk}
        assert identity.resolve([identity.Person("old-ada", clean=clean({"size": 5}))], LATER) == [ada.pk]
        assert Contact.objects.get(pk=ada.pk).attributes["size"] == 5

    def test_nobody_else_is_given_an_id_that_names_the_kept_one(self, ada, twin):
        one(ada, twin)
        with pytest.raises(ValidationError, match=f"This is an ID of contact {ada.pk} since a merge"):
            Contact(external_id="old-ada", created_at=NOW, updated_at=NOW).clean()

    def test_who_has_no_id_gets_the_other_s(self, twin):
        visitor = contact()
        one(visitor, twin)
        assert identity.known(["old-ada"]) == {"old-ada": visitor.pk}
        assert Contact.objects.get(pk=visitor.pk).external_id == "old-ada"

    def test_nobody_is_merged_twice_or_with_themselves(self, ada, twin):
        with pytest.raises(ValidationError, match="themselves"):
            one(ada, ada)
        one(ada, twin)
        with pytest.raises(ValidationError, match=f"Contact {twin.pk} was merged into contact {ada.pk} already"):
            one(contact("third"), twin)

    def test_a_chain_of_merges_leads_to_the_last_one_at_once(self, ada, twin):
        third = contact("third")
        one(twin, third)
        one(ada, twin)
        assert Contact.objects.get(pk=third.pk).merged_into_id == ada.pk
        assert set(identity.known(["third", "old-ada", "ada"]).values()) == {ada.pk}


class TestAddresses:
    def test_they_go_over_and_the_newest_of_a_kind_is_in_use(self, ada, twin):
        newer = address(twin, "email", "new@example.test", now=NOW + HOUR)
        one(ada, twin)
        assert set(ada.addresses.values_list("value", flat=True)) == {
            "ada@example.test",
            "new@example.test",
            "+447700900123",
        }
        assert ada.addresses.filter(kind="email").latest("created_at") == newer

    def test_one_that_both_had_is_one_with_the_worse_news(self, ada, twin):
        address(twin, "email", "ada@example.test", now=NOW + HOUR, validity="invalid", validity_reason="bounced")
        one(ada, twin)
        left = Address.objects.get(kind="email")
        assert (left.contact, left.validity, left.created_at) == (ada, "invalid", NOW + HOUR)


class TestTimeline:
    def test_it_is_one_stream_and_tells_of_the_merge(self, ada, twin):
        seen = event(twin, "page.viewed")
        made = one(ada, twin)
        assert Event.objects.get(pk=seen.pk).contact == ada
        told = Event.objects.get(name="contact.merged")
        assert (told.contact, told.properties["other"]) == (ada, twin.pk)
        assert made.moved["events"]["ids"] == [seen.pk]

    def test_what_was_still_being_written_is_brought_after(self, ada, twin):
        made = one(ada, twin)
        late = event(twin, "page.viewed", at=LATER)
        assert merging.next_due(LATER) == LATER + timedelta(minutes=1)
        assert merging.work(LATER + timedelta(seconds=59)) == 0
        assert merging.work(LATER + timedelta(minutes=1)) == 1
        assert Event.objects.get(pk=late.pk).contact == ada
        merging.unmerge(made, LATER + HOUR)
        assert Event.objects.get(pk=late.pk).contact == twin
        assert merging.next_due(LATER + HOUR) is None


class TestSegments:
    def test_who_is_in_one_already_enters_it_no_second_time(self, ada, twin):
        Contact.objects.filter(pk=twin.pk).update(attributes={"plan": "pro"})
        pros = segment(refreshed=NOW)
        entered = Event.objects.filter(name="segment.entered").count()
        one(ada, twin)
        while segments.work(LATER):
            pass
        assert Membership.objects.filter(segment=pros, left_at=None).get().contact == ada
        assert Event.objects.filter(name="segment.entered").count() == entered

    def test_a_merged_contact_is_in_no_segment(self, ada, twin):
        everybody = segment("all", {"not": {"kind": "attribute", "path": "plan", "op": "is", "value": "none"}})
        one(ada, twin)
        segments.refresh(everybody, LATER)
        assert set(everybody.memberships.filter(left_at=None).values_list("contact_id", flat=True)) == {ada.pk}


GRANTED, PENDING, WITHDRAWN, SILENT = "granted", "pending", "withdrawn", None
OLD, NEW = NOW - 2 * DAY, NOW - DAY


def says(person, word, at):
    if word == WITHDRAWN:
        consents.withdraw(person.pk, topic().pk, "sms", source="STOP", now=at)
    elif word:
        said = consents.Grant(person.pk, topic().pk, "sms", "express", at, "form", "v1", PROOF, None, word)
        consents.record([said], at)


@pytest.mark.parametrize(
    ("mine", "mine_at", "theirs", "theirs_at", "result"),
    [
        (GRANTED, NEW, WITHDRAWN, OLD, WITHDRAWN),
        (GRANTED, OLD, WITHDRAWN, NEW, WITHDRAWN),
        (WITHDRAWN, OLD, GRANTED, NEW, WITHDRAWN),
        (WITHDRAWN, OLD, PENDING, NEW, WITHDRAWN),
        (PENDING, NEW, WITHDRAWN, OLD, WITHDRAWN),
        (SILENT, NEW, WITHDRAWN, OLD, WITHDRAWN),
        (WITHDRAWN, OLD, SILENT, NEW, WITHDRAWN),
        (GRANTED, OLD, PENDING, NEW, PENDING),  # asked again since: the answer is waited for
        (GRANTED, NEW, PENDING, OLD, GRANTED),  # asked before: that has been answered
        (PENDING, NEW, GRANTED, OLD, PENDING),
        (PENDING, OLD, GRANTED, NEW, GRANTED),
        (SILENT, OLD, PENDING, NEW, PENDING),
        (SILENT, OLD, GRANTED, NEW, GRANTED),
        (GRANTED, OLD, SILENT, NEW, GRANTED),
        (SILENT, OLD, SILENT, NEW, SILENT),
    ],
)  # fmt: skip
def test_i05_the_most_restrictive_word_wins(ada, twin, mine, mine_at, theirs, theirs_at, result):
    says(ada, mine, mine_at)
    says(twin, theirs, theirs_at)
    before = list(Consent.objects.order_by("pk").values())
    one(ada, twin)
    assert state(ada) == result
    assert list(Consent.objects.order_by("pk").values())[: len(before)] == before, "the ledger only grows"


class TestConsents:
    def test_i05_one_of_two_with_the_same_number_opted_out(self, ada, twin):
        address(ada, "phone", "+447700900123")
        says(ada, GRANTED, NEW)
        says(twin, WITHDRAWN, OLD)
        one(ada, twin)
        line = ConsentState.objects.get(contact=ada).consent
        assert (line.state, line.source, line.occurred_at) == ("withdrawn", "merge", LATER)
        assert line.proof["merged_from"]["contact"] == twin.pk
        assert line.proof["merged_from"]["said_at"] == OLD.isoformat()
        assert Event.objects.filter(name="consent.withdrawn", contact=ada, occurred_at=LATER).exists()

    def test_a_consent_that_goes_over_keeps_its_date_and_starts_nothing(self, ada, twin):
        says(twin, GRANTED, OLD)
        told = Event.objects.filter(name="consent.granted").count()
        one(ada, twin)
        found = ConsentState.objects.get(contact=ada)
        assert (found.occurred_at, found.wording, found.flaw) == (OLD, "v1", "")
        assert found.consent.proof["ip"] == "192.0.2.1"
        assert Event.objects.filter(name="consent.granted").count() == told

    def test_one_without_proof_gains_none_by_a_merge(self, ada, twin):
        consents.grant(twin.pk, topic().pk, "sms", basis="express", source="import", now=OLD)
        one(ada, twin)
        assert state(ada) is None

    def test_of_two_consents_the_kept_one_s_stays_unless_only_the_other_can_be_relied_on(self, ada, twin):
        consents.grant(ada.pk, topic().pk, "sms", basis="express", source="import", now=OLD)
        consent(ada, "email", now=OLD, wording="mine")
        says(twin, GRANTED, NEW)
        consent(twin, "email", now=NEW, wording="theirs")
        one(ada, twin)
        assert ConsentState.objects.get(contact=ada, channel="sms").flaw == ""
        assert ConsentState.objects.get(contact=ada, channel="email").wording == "mine"

    def test_a_refusal_that_was_meant_for_the_other_reaches_the_kept_one(self, ada, twin):
        says(ada, GRANTED, NEW)
        one(ada, twin)
        consents.withdraw(twin.pk, topic().pk, "sms", source="STOP", now=LATER + HOUR)
        assert state(ada) == "withdrawn"

    def test_a_question_to_the_other_is_answered_for_the_kept_one(self, ada, twin):
        from contacts import confirmations

        url = confirmations.request(twin.pk, topic(), "sms", source="form", now=NOW, wording="v1", proof=PROOF)
        one(ada, twin)
        question = confirmations.read(url.rpartition("/")[2])
        assert confirmations.confirm(question, LATER + HOUR, PROOF) == "confirmed"
        assert state(ada) == "granted"


class TestUndo:
    def test_each_has_again_what_it_had(self, ada, twin):
        address(twin, "email", "ada@example.test", now=NOW + HOUR, validity="invalid")
        AnonymousId.objects.create(value="a1", contact=twin)
        seen = event(twin, "page.viewed")
        before = [list(model.objects.order_by("pk").values()) for model in (Address, AnonymousId)]
        profiles = list(Contact.objects.order_by("pk").values("external_id", "attributes", "timezone", "merged_into"))
        made = one(ada, twin)
        merging.unmerge(made, LATER + HOUR)
        assert [list(model.objects.order_by("pk").values()) for model in (Address, AnonymousId)] == before
        assert (
            list(Contact.objects.order_by("pk").values("external_id", "attributes", "timezone", "merged_into"))
            == profiles
        )
        assert Event.objects.get(pk=seen.pk).contact == twin
        assert identity.known(["ada", "old-ada"]) == {"ada": ada.pk, "old-ada": twin.pk}
        assert Event.objects.filter(name="contact.unmerged").count() == 2

    def test_what_came_since_stays_with_the_kept_one(self, ada, twin):
        made = one(ada, twin)
        Contact.objects.filter(pk=ada.pk).update(attributes={"plan": "pro", "color": "blue"})
        since = event(ada, "order.completed", at=LATER)
        merging.unmerge(made, LATER + HOUR)
        assert Event.objects.get(pk=since.pk).contact == ada
        assert Contact.objects.get(pk=ada.pk).attributes == {"plan": "pro", "color": "blue"}

    def test_refusals_hold_for_both(self, ada, twin):
        says(twin, GRANTED, OLD)
        consent(twin, "email", now=OLD)
        consents.withdraw(ada.pk, topic().pk, "email", source="link", now=NEW)
        made = one(ada, twin)
        consents.withdraw(ada.pk, topic().pk, "sms", source="STOP", now=LATER + HOUR)
        merging.unmerge(made, LATER + 2 * HOUR)
        assert [state(who, way) for who in (ada, twin) for way in ("sms", "email")] == ["withdrawn"] * 4

    def test_what_only_the_other_allowed_is_his_alone_again(self, ada, twin):
        says(twin, GRANTED, OLD)
        made = one(ada, twin)
        merging.unmerge(made, LATER + HOUR)
        assert (state(ada), state(twin)) == ("withdrawn", "granted")

    def test_a_consent_that_was_given_since_stays_with_the_kept_one(self, ada, twin):
        says(twin, GRANTED, OLD)
        made = one(ada, twin)
        consent(ada, "sms", now=LATER + HOUR, proof=PROOF)
        merging.unmerge(made, LATER + 2 * HOUR)
        assert (state(ada), state(twin)) == ("granted", "granted")

    def test_only_once_and_from_the_last_merge_on(self, ada, twin):
        third = contact("third")
        first = one(twin, third)
        second = one(ada, twin, LATER + HOUR)
        with pytest.raises(ValidationError, match="Undo first"):
            merging.unmerge(first, LATER + 2 * HOUR)
        merging.unmerge(second, LATER + 2 * HOUR)
        assert Contact.objects.get(pk=third.pk).merged_into_id == twin.pk
        assert identity.known(["third"]) == {"third": twin.pk}
        with pytest.raises(ValidationError, match="undone already"):
            merging.unmerge(second, LATER + 3 * HOUR)
        merging.unmerge(first, LATER + 3 * HOUR)
        assert identity.known(["third"]) == {"third": third.pk}

    def test_they_can_be_merged_again(self, ada, twin):
        merging.unmerge(one(ada, twin), LATER + HOUR)
        one(ada, twin, LATER + 2 * HOUR)
        assert Merge.objects.filter(undone_at=None).count() == 1


def test_a_merge_costs_the_same_however_much_happened(ada, twin, django_assert_max_num_queries):
    timeline.record([timeline.NewEvent(twin.pk, "page.viewed", NOW, f"page:{n}") for n in range(3_000)], NOW)
    with django_assert_max_num_queries(80):
        one(ada, twin)
    assert Event.objects.filter(contact=ada, name="page.viewed").count() == 3_000
