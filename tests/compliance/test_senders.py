"""What carriers and providers allow a sender, through the real gate: registration, tiers of people, messages a day."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from channels import proofs
from channels.models import Account, Message, MessageTemplate, SandboxMessage, TemplateVersion
from compliance import dossier, gate
from compliance.claims import claim
from compliance.models import QuietHours
from contacts.models import Contact
from tests.builders import NOW, account, brand, consent, contact, message, template, topic, user

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def offer():
    return template("offer", channel="sms", content={"body": "Hello"})


def limits(**fields) -> Account:
    """The brand's sender for texts, with these limits."""
    one = account("sms")
    Account.objects.filter(pk=one.pk).update(**fields)
    one.refresh_from_db()
    return one


def person(number: int, **fields) -> Contact:
    found = contact(f"u{number}", phone=f"+44770090{number:04}", **fields)
    consent(found, "sms", now=NOW - 30 * DAY)
    return found


def proof(of: MessageTemplate, number: int, now: datetime) -> Message:
    """A test of the template's version to a number of our own, which waits as long as it has to."""
    version = TemplateVersion.objects.get(template=of)
    [pk] = proofs.request(version, [f"+44770091{number:04}"], None, user(f"asker{number}").pk, now)
    Message.objects.filter(pk=pk).update(expires_at=None)
    return Message.objects.get(pk=pk)


def states() -> list[str]:
    return list(Message.objects.order_by("id").values_list("state", flat=True))


def released(one: Message, now: datetime = NOW) -> Message:
    gate.release(now)
    one.refresh_from_db()
    return one


class TestRegistration:
    @pytest.mark.parametrize("registration", ["pending", "rejected"])
    def test_k13_an_unregistered_sender_is_blocked_before_the_provider(self, offer, registration: str) -> None:
        limits(registration=registration)
        one = released(message(person(1), offer))
        assert (one.state, one.reason) == ("blocked", "sender_not_registered")
        assert not SandboxMessage.objects.exists()

    @pytest.mark.parametrize("registration", ["not_needed", "registered"])
    def test_k13_a_registered_one_or_one_that_need_not_be_sends(self, offer, registration: str) -> None:
        limits(registration=registration)
        assert released(message(person(1), offer)).state == "sent"


class TestTier:
    def test_k08_a_full_tier_waits_for_the_slot_that_frees_first(self, offer) -> None:
        limits(recipients_limit=2)
        assert released(message(person(1), offer), NOW).state == "sent"
        assert released(message(person(2), offer), NOW + HOUR).state == "sent"
        third = released(message(person(3), offer), NOW + 2 * HOUR)
        assert (third.state, third.reason, third.due_at) == ("pending", "sender_tier", NOW + DAY)
        assert released(third, NOW + DAY - timedelta(seconds=1)).state == "pending"
        assert released(third, NOW + DAY).state == "sent"

    def test_k08_what_one_batch_clears_counts_within_it_and_each_waits_for_a_slot_of_its_own(self, offer) -> None:
        limits(recipients_limit=2)
        for number in range(2):
            released(message(person(number), offer), NOW + number * HOUR)
        waiting = [message(person(number), offer) for number in range(2, 5)]
        gate.release(NOW + 2 * HOUR)
        found = list(Message.objects.filter(state="pending").order_by("id").values_list("id", "due_at"))
        assert [pk for pk, _ in found] == [one.pk for one in waiting]
        assert [due for _, due in found] == [NOW + DAY, NOW + HOUR + DAY, NOW + HOUR + DAY]

    def test_k08_one_batch_never_overshoots(self, offer) -> None:
        limits(recipients_limit=3)
        for number in range(5):
            message(person(number), offer)
        gate.release(NOW)
        assert states() == ["sent", "sent", "sent", "pending", "pending"]
        assert set(Message.objects.filter(state="pending").values_list("due_at", flat=True)) == {NOW + DAY}

    def test_k08_somebody_who_counts_already_is_written_to_again(self, offer) -> None:
        limits(recipients_limit=1)
        ada = person(1)
        message(ada, offer)
        message(ada, offer, context={"n": 2})
        gate.release(NOW)
        assert released(message(ada, offer, context={"n": 3}), NOW + HOUR).state == "sent"
        other = released(message(person(2), offer), NOW + 2 * HOUR)
        assert other.due_at == NOW + HOUR + DAY, "Ada counts until a day after the last message to her."

    def test_k08_a_tier_that_was_lowered_frees_when_the_surplus_is_gone_too(self, offer) -> None:
        limits(recipients_limit=3)
        for number in range(3):
            released(message(person(number), offer), NOW + number * HOUR)
        limits(recipients_limit=1)
        assert released(message(person(4), offer), NOW + 3 * HOUR).due_at == NOW + 2 * HOUR + DAY

    def test_k08_a_message_that_the_provider_refuses_gives_its_slot_back(self, offer) -> None:
        limits(recipients_limit=1)
        broken = template("broken", channel="sms", content={"body": "{{ contact.first_name }}"})
        assert released(message(person(1), broken)).state == "failed"
        assert released(message(person(2), offer)).state == "sent"

    def test_k08_each_test_is_somebody_new_as_the_provider_counts(self, offer) -> None:
        limits(recipients_limit=3)
        for number in range(3):
            proof(offer, number, NOW)
        gate.release(NOW)
        assert states() == ["sent", "sent", "sent"]
        for number in range(3, 6):
            proof(offer, number, NOW + HOUR)
        ada = message(person(1), offer)
        gate.release(NOW + HOUR)
        assert states() == ["sent"] * 3 + ["pending"] * 4
        ada.refresh_from_db()
        assert (ada.reason, ada.due_at) == ("sender_tier", NOW + DAY)
        gate.release(NOW + DAY)
        assert states() == ["sent"] * 6 + ["pending"], "All three slots of the first tests are free, and no more."

    def test_k08_tests_of_one_batch_count_within_it_and_wait_for_slots_of_their_own(self, offer) -> None:
        limits(recipients_limit=2)
        for number in range(2):
            proof(offer, number, NOW + number * HOUR)
            gate.release(NOW + number * HOUR)
        for number in range(2, 5):
            proof(offer, number, NOW + 2 * HOUR)
        gate.release(NOW + 2 * HOUR)
        due = list(Message.objects.filter(state="pending").order_by("id").values_list("due_at", flat=True))
        assert due == [NOW + DAY, NOW + HOUR + DAY, NOW + HOUR + DAY]
        limits(recipients_limit=1)
        ada = released(message(person(1), offer), NOW + 3 * HOUR)
        assert ada.due_at == NOW + HOUR + DAY

    def test_k08_two_senders_have_two_tiers(self, offer) -> None:
        limits(recipients_limit=1)
        other = brand("other")
        account("sms", brand=other, recipients_limit=1)
        news = topic("other-news", brand=other)
        theirs = template("theirs", channel="sms", content={"body": "Hi"}, topic=news, message_class="transactional")
        for number in range(2):
            message(person(number), offer)
            message(person(10 + number), theirs)
        gate.release(NOW)
        assert states() == ["sent", "sent", "pending", "pending"]


class TestDailyLimit:
    def test_k14_a_carriers_daily_cap_waits_for_midnight_in_los_angeles(self, offer) -> None:
        limits(daily_limit=2)
        ada = person(1)
        for number in range(3):
            message(ada, offer, context={"n": number})
        gate.release(NOW)
        third = Message.objects.get(state="pending")
        midnight = datetime(2026, 11, 25, 8, tzinfo=UTC)  # 00:00 in Los Angeles
        assert (third.reason, third.due_at) == ("carrier_daily_cap", midnight)
        assert released(third, midnight).state == "sent"

    def test_k14_and_then_the_window_of_the_recipient_is_asked(self, offer) -> None:
        limits(daily_limit=1)
        QuietHours.objects.create(brand=brand(), channel="sms", start=time(21), end=time(9), classes=["marketing"])
        assert released(message(person(1), offer)).state == "sent"
        second = released(message(person(2), offer))
        assert second.reason == "carrier_daily_cap"
        released(second, second.due_at or NOW)
        assert (second.reason, second.due_at) == ("quiet_hours", datetime(2026, 11, 25, 9, tzinfo=UTC))

    def test_k14_yesterday_by_the_carriers_calendar_does_not_count(self, offer) -> None:
        limits(daily_limit=1)
        before = datetime(2026, 11, 25, 7, 59, tzinfo=UTC)
        assert released(message(person(1), offer), before).state == "sent"
        assert released(message(person(2), offer), before + timedelta(minutes=1)).state == "sent"


class TestCost:
    def test_limits_cost_three_queries_more_whoever_and_how_many(self, offer) -> None:
        limits()
        for number in range(4):
            message(person(number), offer)
        batch, _ = claim(NOW, 100)
        unlimited = _queries(batch)
        limits(recipients_limit=2, daily_limit=2, registration="registered")
        assert _queries(batch) == unlimited + 3
        for number in range(4, 30):
            message(person(number), offer)
        assert _queries(claim(NOW, 100)[0]) == unlimited + 3

    def test_registration_alone_asks_nothing(self, offer) -> None:
        limits()
        message(person(1), offer)
        batch, _ = claim(NOW, 100)
        before = _queries(batch)
        limits(registration="pending")
        assert _queries(batch) == before


def _queries(batch) -> int:
    with CaptureQueriesContext(connection) as found:
        dossier.load(batch, NOW)
    return len(found)
