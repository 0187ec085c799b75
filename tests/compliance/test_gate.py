"""The one door: what leaves, what waits, what is refused, and that the reasons are kept."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from channels.models import Message, RenderedCopy, SandboxMessage, TemplateVersion
from compliance import gate, reviews, stops
from compliance.base import rules
from compliance.models import Decision, FrequencyCap, QuietHours
from contacts import addresses, consents, suppressions
from contacts.models import Address, Contact, Event, Suppression
from tests.builders import NOW, account, address, brand, consent, contact, message, review_of, template, topic, user

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def sender() -> None:
    account("sms")


@pytest.fixture
def offer():
    return template("offer", channel="sms", content={"body": "Hello {{ contact.first_name | default: 'you' }}"})


def person(name: str = "ada", *, allows: bool = True, number: int = 23, **fields) -> Contact:
    found = contact(name, phone=f"+44770090{number:04}", **fields)
    if allows:
        consent(found, "sms", now=NOW - 30 * DAY)
    return found


def released(one: Message, now: datetime = NOW) -> Message:
    gate.release(now)
    one.refresh_from_db()
    return one


def decision(one: Message) -> Decision:
    return gate.explain(one)[-1]


class TestWhatLeaves:
    def test_an_allowed_message_leaves_with_its_decision_copy_and_fact(self, offer) -> None:
        one = released(message(person(first_name="Ada"), offer, labels={"journey": "welcome", "step": "hello"}))
        assert (one.state, one.reason) == ("sent", "")
        assert (one.version, one.message_class) == (TemplateVersion.objects.get(), "marketing")
        assert SandboxMessage.objects.get().text == "Hello Ada"
        assert RenderedCopy.objects.get(message=one).content == {"body": "Hello Ada", "to": "+447700900023"}
        assert one.clearance == decision(one).pk
        fact = Event.objects.get(name="message.sent")
        assert fact.properties["key"] == one.key
        assert fact.properties["journey"] == "welcome"

    def test_every_rule_is_asked_and_every_verdict_kept(self, offer) -> None:
        one = released(message(person(), offer))
        trace = decision(one).trace()
        assert {verdict.rule for verdict in trace} == set(rules.keys())
        assert {verdict.outcome for verdict in trace} == {"allow"}
        evidence = decision(one).evidence
        assert evidence["fingerprint"] == one.version.fingerprint
        assert (evidence["zone"], evidence["jurisdictions"]) == ("Europe/London", ["GB"])
        assert evidence["rule_set"] == 1

    def test_the_database_lets_nothing_leave_without_a_decision(self, offer) -> None:
        one = message(person(), offer)
        with pytest.raises(IntegrityError), transaction.atomic():
            Message.objects.filter(pk=one.pk).update(state="sent")

    def test_decisions_cannot_be_changed(self, offer) -> None:
        released(message(person(), offer))
        with pytest.raises(DatabaseError), transaction.atomic():
            Decision.objects.update(outcome="deny")
        with pytest.raises(DatabaseError), transaction.atomic():
            Decision.objects.all().delete()

    def test_what_is_not_due_stays(self, offer) -> None:
        one = message(person(), offer, due_at=NOW + HOUR)
        assert gate.release(NOW) == 0
        assert released(one, NOW + HOUR).state == "sent"

    def test_the_same_request_twice_is_one_message(self, offer) -> None:
        ada = person()
        message(ada, offer, "visit:1")
        message(ada, offer, "visit:1")
        gate.release(NOW)
        assert Message.objects.count() == SandboxMessage.objects.count() == 1

    def test_a_batch_costs_a_constant_number_of_queries(self, offer, django_assert_max_num_queries) -> None:
        def ask(first: int, last: int) -> None:
            for number in range(first, last):
                message(person(f"u{number}", number=number), offer)

        ask(0, 5)
        with django_assert_max_num_queries(60):
            assert gate.release(NOW) == 5
        ask(5, 65)
        with django_assert_max_num_queries(60):
            assert gate.release(NOW) == 60
        assert Message.objects.filter(state="sent").count() == 65

    def test_the_words_are_in_the_persons_language(self, offer) -> None:
        french = TemplateVersion.objects.create(
            template=offer, number=2, locale="fr", content={"body": "Bonjour"}, author=user("anna"), submitted_at=NOW,
            state="submitted",
        )  # fmt: skip
        review_of(french)
        reviews.decide(french, user("luc", "compliance.decide_approval"), approved=True, now=NOW)
        message(person("u1", number=1, locale="fr-CA"), offer)
        message(person("u2", number=2, locale="de-DE"), offer)
        gate.release(NOW)
        assert list(SandboxMessage.objects.order_by("recipient").values_list("text", flat=True)) == [
            "Bonjour",
            "Hello you",
        ]


class TestRefusals:
    def refused(self, one: Message, reason: str, now: datetime = NOW) -> None:
        released(one, now)
        assert (one.state, one.reason) == ("blocked", reason)
        assert not SandboxMessage.objects.exists()
        assert decision(one).trace()[0].outcome == "deny"
        assert Event.objects.get(name="message.blocked").properties["reason"] == reason

    def test_nothing_said_is_never_yes(self, offer) -> None:
        self.refused(message(person(allows=False), offer), "no_consent")

    def test_consent_for_another_channel_is_none(self, offer) -> None:
        ada = person(allows=False)
        consent(ada, "email", now=NOW - DAY)
        self.refused(message(ada, offer), "no_consent")

    def test_consent_for_another_topic_is_none(self, offer) -> None:
        ada = person(allows=False)
        consent(ada, "sms", topic_key="orders", now=NOW - DAY)
        self.refused(message(ada, offer), "purpose_mismatch")

    @pytest.mark.parametrize(
        ("fields", "reason"),
        [({"expires_at": NOW}, "consent_expired"), ({"expires_at": NOW - HOUR}, "consent_expired")],
    )
    def test_consent_that_is_over(self, offer, fields: dict, reason: str) -> None:
        ada = person(allows=False)
        consent(ada, "sms", now=NOW - DAY, **fields)
        self.refused(message(ada, offer), reason)

    def test_consent_that_was_not_confirmed(self, offer) -> None:
        ada = person(allows=False)
        consents.record([consents.Grant(ada.pk, topic().pk, "sms", "express", NOW - DAY, "form", state="pending")], NOW)
        self.refused(message(ada, offer), "consent_pending")

    def test_consent_that_was_withdrawn_while_it_waited(self, offer) -> None:
        ada = person()
        one = message(ada, offer, due_at=NOW + HOUR)
        consents.withdraw(ada.pk, topic().pk, "sms", source="test", now=NOW)
        self.refused(one, "opted_out", NOW + HOUR)

    def test_an_address_on_the_suppression_list_survives_its_contact(self, offer) -> None:
        digest = addresses.digest("phone", "+447700900023")
        suppressions.add([suppressions.Suppress(digest, "phone", Suppression.Reason.LEGAL)], NOW - DAY)
        self.refused(message(person(), offer), "suppressed")

    def test_a_suppression_of_another_brand_does_not_hold(self, offer) -> None:
        digest = addresses.digest("phone", "+447700900023")
        other = brand("other")
        suppressions.add([suppressions.Suppress(digest, "phone", "opt_out", brand_id=other.pk)], NOW - DAY)
        assert released(message(person(), offer)).state == "sent"

    def test_somebody_without_an_address(self, offer) -> None:
        ada = contact("ada", email="ada@example.test")
        consent(ada, "sms", now=NOW - DAY)
        self.refused(message(ada, offer), "no_address")

    def test_an_address_that_bounced(self, offer) -> None:
        ada = person()
        Address.objects.update(validity="invalid")
        self.refused(message(ada, offer), "invalid_address")

    def test_the_newest_address_is_the_one_in_use(self, offer) -> None:
        ada = person()
        address(ada, "phone", "+447700900099", now=NOW + HOUR)
        assert released(message(ada, offer)).address.value == "+447700900099"

    def test_what_expired_while_it_waited(self, offer) -> None:
        self.refused(message(person(), offer, expires_at=NOW), "expired")

    def test_a_template_that_nobody_approved(self) -> None:
        draft = template("draft", channel="sms", content={"body": "x"}, state="submitted")
        self.refused(message(person(), draft), "template_not_approved")

    def test_approval_that_was_given_to_other_words(self, offer) -> None:
        """Not even a change that goes round the forms and the database's own guard gets through."""
        from config import ledger

        with ledger.unlocked():
            TemplateVersion.objects.update(content={"body": "Buy now!"})
        self.refused(message(person(), offer), "seal_broken")

    def test_the_same_occasion_twice(self, offer) -> None:
        ada = person()
        order = {"order_id": "A1"}
        assert released(message(ada, offer, context=order)).state == "sent"
        again, other = message(ada, offer, context=order), message(ada, offer, context={"order_id": "A2"})
        gate.release(NOW + HOUR)
        again.refresh_from_db()
        other.refresh_from_db()
        assert (again.state, again.reason) == ("blocked", "duplicate")
        assert other.state == "sent"

    def test_the_same_occasion_twice_in_one_batch(self, offer) -> None:
        ada = person()
        for _ in range(3):
            message(ada, offer, context={"order_id": "A1"})
        gate.release(NOW)
        assert sorted(Message.objects.values_list("state", flat=True)) == ["blocked", "blocked", "sent"]

    def test_what_is_transactional_needs_no_consent(self) -> None:
        receipt = template("receipt", channel="sms", content={"body": "Paid"}, message_class="transactional")
        ada = person(allows=False)
        consents.withdraw(ada.pk, topic().pk, "sms", source="test", now=NOW - DAY)
        assert released(message(ada, receipt)).state == "sent"


class TestDeferrals:
    def test_quiet_hours_are_those_of_the_persons_clock(self, offer) -> None:
        QuietHours.objects.create(brand=brand(), channel="sms", start=time(21), end=time(8), classes=["marketing"])
        ada = person(timezone="America/New_York")
        night = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)  # 21:00 in New York
        one = released(message(ada, offer, now=night), night)
        assert (one.state, one.reason) == ("pending", "quiet_hours")
        assert one.due_at == datetime(2026, 11, 24, 13, 0, tzinfo=UTC)
        assert "21:00 in America/New_York" in decision(one).trace()[0].why
        assert released(one, one.due_at - timedelta(seconds=1)).state == "pending"
        assert released(one, one.due_at or NOW).state == "sent"
        assert [found.outcome for found in gate.explain(one)] == ["wait", "allow"]

    def test_l14_after_a_night_without_a_worker_everything_is_judged_anew(self, offer) -> None:
        QuietHours.objects.create(brand=brand(), channel="sms", start=time(21), end=time(8), classes=["marketing"])
        night = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)  # 21:00 in New York
        one = released(message(person(timezone="America/New_York"), offer, now=night), night)
        # Its morning passed without anybody; the worker comes back in the next night.
        one = released(one, night + DAY)
        assert (one.state, one.reason, one.due_at) == ("pending", "quiet_hours", night + DAY + timedelta(hours=11))
        assert released(one, one.due_at or NOW).state == "sent"

    @pytest.mark.parametrize(
        ("now", "opens"),
        [("2027-03-14T02:30", "2027-03-14T12:00"), ("2026-11-01T01:30", "2026-11-01T13:00")],
        ids=["spring", "autumn"],
    )
    def test_the_night_of_a_clock_change_ends_at_eight_by_the_clock(self, offer, now: str, opens: str) -> None:
        QuietHours.objects.create(brand=brand(), channel="sms", start=time(21), end=time(8), classes=["marketing"])
        instant = datetime.fromisoformat(now).replace(tzinfo=UTC)
        ada = person(allows=False, timezone="America/New_York")
        consent(ada, "sms", now=instant - DAY)
        one = released(message(ada, offer, now=instant), instant)
        assert one.due_at == datetime.fromisoformat(opens).replace(tzinfo=UTC)

    def test_a_crowd_that_waits_for_the_same_morning_comes_one_after_the_other(self, offer) -> None:
        QuietHours.objects.create(brand=brand(), channel="sms", start=time(21), end=time(8), classes=["marketing"])
        night = NOW.replace(hour=23)
        for number in range(gate.CROWD + 20):
            message(person(f"u{number}", number=number), offer, now=night)
        gate.release(night)
        times = sorted(Message.objects.values_list("due_at", flat=True))
        morning = night.replace(day=25, hour=8)
        assert morning <= times[0] < times[len(times) // 2] < times[-1] < morning + gate.SPREAD
        assert set(Decision.objects.values_list("until", flat=True)) == {morning}

    def test_a_message_that_would_wake_up_expired_is_refused(self, offer) -> None:
        QuietHours.objects.create(brand=brand(), channel="sms", start=time(21), end=time(8), classes=["marketing"])
        night = NOW.replace(hour=23)
        one = released(message(person(), offer, now=night, expires_at=night + 2 * HOUR), night)
        assert (one.state, one.reason) == ("blocked", "expired_before_window")

    def test_a_cap_defers_to_the_instant_that_frees_a_slot(self, offer) -> None:
        FrequencyCap.objects.create(brand=brand(), name="Weekly", limit=2, days=7)
        ada = person()
        for number in range(3):
            message(ada, offer, f"m{number}", context={"n": number}, expires_at=NOW + 8 * DAY)
        gate.release(NOW)
        assert list(Message.objects.order_by("id").values_list("state", flat=True)) == ["sent", "sent", "pending"]
        third = Message.objects.get(key="m2")
        assert (third.reason, third.due_at) == ("frequency_cap", NOW + 7 * DAY)
        assert released(third, NOW + 7 * DAY).state == "sent"

    def test_a_cap_counts_all_channels_but_not_what_is_transactional(self, offer) -> None:
        FrequencyCap.objects.create(brand=brand(), name="Daily", limit=1, days=1)
        receipt = template("receipt", channel="sms", content={"body": "Paid"}, message_class="transactional")
        ada = person()
        assert released(message(ada, receipt)).state == "sent"
        assert released(message(ada, offer)).state == "sent"
        assert released(message(ada, receipt, context={"n": 2})).state == "sent"
        assert released(message(ada, offer, context={"n": 3})).reason == "frequency_cap"

    def test_a_slot_is_given_back_when_nothing_was_sent(self, offer) -> None:
        FrequencyCap.objects.create(brand=brand(), name="Daily", limit=1, days=1)
        broken = template("broken", channel="sms", content={"body": "{{ contact.first_name }}"})
        ada = person()
        assert released(message(ada, broken)).reason == "missing_variable"
        assert released(message(ada, offer)).state == "sent"

    def test_messages_wait_for_an_account(self, offer) -> None:
        account("sms").delete()
        one = released(message(person(), offer))
        assert (one.state, one.reason) == ("pending", "no_account")
        account("sms")
        assert released(one, one.due_at or NOW).state == "sent"

    def test_an_account_gives_out_only_so_many_a_second(self, offer) -> None:
        one = account("sms")
        one.per_second = 10
        one.save()
        for number in range(25):
            message(person(f"u{number}", number=number), offer)
        gate.release(NOW)
        assert Message.objects.filter(state="sent").count() == 10
        gate.release(NOW + timedelta(seconds=0.5))
        assert Message.objects.filter(state="sent").count() == 15
        for second in range(1, 4):
            gate.release(NOW + timedelta(seconds=second))
        assert Message.objects.filter(state="sent").count() == 25

    def test_a_rule_that_raises_holds_the_message(self, offer, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(facts, now):
            raise RuntimeError("no law at hand")

        with monkeypatch.context() as patch:
            patch.setattr(rules["consent"], "judge", broken)
            one = released(message(person(), offer))
        assert (one.state, one.reason) == ("pending", "rule_failed")
        assert "no law at hand" in decision(one).trace()[0].why
        assert released(one, one.due_at or NOW).state == "sent"


class TestStops:
    @pytest.mark.parametrize(
        ("scope", "value"), [("all", ""), ("brand", "acme"), ("channel", "sms"), ("journey", "welcome")]
    )
    def test_nothing_of_its_scope_leaves_and_everything_goes_on_afterwards(self, offer, scope: str, value: str) -> None:
        one = message(person(), offer, labels={"journey": "welcome"})
        stops.set(scope, value, "A wrong price.", None, NOW)
        released(one)
        assert (one.state, one.reason, one.due_at) == ("pending", "stopped", None)
        assert stops.lift(scope, value, None, NOW + HOUR, "A test.") == 1
        assert released(one, NOW + HOUR).state == "sent"

    def test_a_stop_of_something_else_holds_nothing(self, offer) -> None:
        stops.set("journey", "other", "Elsewhere.", None, NOW)
        assert released(message(person(), offer, labels={"journey": "welcome"})).state == "sent"

    def test_two_stops_must_both_be_lifted(self, offer) -> None:
        one = message(person(), offer)
        stops.set("all", "", "First.", None, NOW)
        stops.set("channel", "sms", "Second.", None, NOW)
        released(one)
        stops.lift(*one.held_by.partition(":")[::2], None, NOW, "A test.")
        released(one)
        assert one.state == "pending"
        stops.lift(*one.held_by.partition(":")[::2], None, NOW, "A test.")
        assert released(one).state == "sent"

    def test_what_is_cleared_but_not_begun_goes_back_to_the_door(self, offer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(gate.delivery, "deliver", lambda ids, now: None)  # the worker is killed before it begins
        one = released(message(person(), offer))
        assert one.state == "sending"
        stops.set("all", "", "Now.", None, NOW)
        one.refresh_from_db()
        assert (one.state, one.due_at, one.cleared_at) == ("pending", NOW, None)
        assert released(one).reason == "stopped"
