"""The cases of sections G and H of the compliance catalogue, each by its id, told by texts that come in and what leaves after."""

from datetime import timedelta

import pytest

from channels.models import InboundMessage, Message, SandboxMessage
from compliance import dossier, gate
from compliance.claims import Claimed
from compliance.models import FrequencyCap, HousePolicy, QuietHours
from config import ledger
from contacts import consents, suppressions
from contacts.models import Consent, ConsentState, Contact, Event, Suppression
from tests.builders import NOW, account, address, brand, consent, contact, message, template, topic
from tests.texting import ADA, text

pytestmark = pytest.mark.django_db
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
BYE = "You will get no more messages from Acme."


@pytest.fixture(autouse=True)
def policy() -> HousePolicy:
    """A house that texts, and answers STOP, START and HELP."""
    account("sms")

    def answer(key: str, body: str):
        return template(key, channel="sms", content={"body": body}, message_class="transactional")

    return HousePolicy.objects.create(
        brand=brand(),
        opt_out_confirmation=answer("bye", BYE),
        opt_in_confirmation=answer("welcome-back", "You get messages from Acme again. Text STOP to end."),
        help_answer=answer("help", "Acme: call +44 20 7946 0000. Text STOP to end."),
    )


@pytest.fixture
def offer():
    return template("offer", channel="sms", content={"body": "Shoes"})


@pytest.fixture
def ada() -> Contact:
    found = contact("ada", phone=ADA)
    consent(found, "sms", now=NOW - DAY)
    return found


def judged(person: Contact, about, at=NOW + HOUR, **fields) -> tuple[str, str]:
    """What the gate does with a message asked for now."""
    one = message(person, about, now=at, **fields)
    gate.release(at)
    one.refresh_from_db()
    return one.state, one.reason


def sent() -> list[str]:
    return list(SandboxMessage.objects.order_by("id").values_list("text", flat=True))


def reasons() -> set[str]:
    return set(Suppression.objects.filter(lifted_at=None).values_list("reason", flat=True))


def otp():
    return template("code", channel="sms", content={"body": "Your code: 1234"}, message_class="otp")


def ask(person: Contact) -> None:
    """A question of ours goes out, and waits for an answer."""
    about = template("question", channel="sms", content={"body": "Still coming?"}, message_class="transactional")
    message(person, about, labels={"question": True})
    gate.release(NOW)


class TestG:
    @pytest.mark.parametrize(
        "words",
        ["STOP", "  stop. ", "Stop!", "sToP", "ＳＴＯＰ"],
        ids=["G01", "G02", "G02-mark", "G02-case", "G02-wide"],
    )
    def test_g01_g02_stop_suppresses_at_once_and_is_confirmed_once(self, ada, offer, words: str) -> None:
        assert text(words).understood == "stop"
        assert "opt_out" in reasons()
        assert ConsentState.objects.get().state == "withdrawn"
        gate.release(NOW + MINUTE)
        assert sent() == [BYE]
        assert judged(ada, offer) == ("blocked", "opted_out")

    def test_g01_every_kind_of_text_is_stopped(self, ada) -> None:
        for channel in ("mms", "rcs"):
            consent(ada, channel, now=NOW - DAY)
        text("STOP")
        assert set(ConsentState.objects.values_list("channel", "state")) == {
            ("sms", "withdrawn"), ("mms", "withdrawn"), ("rcs", "withdrawn"),
        }  # fmt: skip

    def test_g01_the_confirmation_waits_for_no_hour_and_no_cap(self, ada, offer) -> None:
        classes = ["marketing", "service", "transactional", "otp"]
        QuietHours.objects.create(brand=brand(), channel="sms", start="00:00", end="23:59", classes=classes)
        FrequencyCap.objects.create(brand=brand(), name="One", limit=1, days=30, classes=classes)
        judged(ada, otp(), NOW - HOUR)
        text("STOP")
        gate.release(NOW)
        assert BYE in sent()

    def test_g01_a_confirmation_that_is_late_is_not_sent_any_more(self, ada) -> None:
        text("STOP")
        gate.release(NOW + 6 * MINUTE)
        assert sent() == []
        assert Message.objects.get().reason.startswith("expired")

    def test_g01_without_a_chosen_text_nothing_is_answered(self, ada, policy) -> None:
        HousePolicy.objects.update(opt_out_confirmation=None)
        text("STOP")
        assert not Message.objects.exists()

    def test_g01_a_promotion_as_confirmation_never_leaves(self, ada, policy, offer) -> None:
        HousePolicy.objects.update(opt_out_confirmation=offer)
        text("STOP")
        gate.release(NOW)
        assert (sent(), Message.objects.get().reason) == ([], "opted_out")

    @pytest.mark.parametrize("words", ["please stop texting me", "STOP PLEASE"], ids=["G04", "G05"])
    def test_g04_g05_free_text_that_the_provider_does_not_know(self, ada, offer, words: str) -> None:
        assert text(words).understood == "stop"
        assert reasons() == {"opt_out"}
        assert judged(ada, offer) == ("blocked", "opted_out")

    def test_g06_doubt_pauses_marketing_and_nothing_else(self, ada, offer) -> None:
        assert text("Don't stop, I love these").understood == "ambiguous"
        assert ConsentState.objects.get().state == "granted"
        assert judged(ada, offer) == ("pending", "opt_out_review")
        assert judged(ada, otp())[0] == "sent"
        service = template("delay", channel="sms", content={"body": "Late"}, message_class="service")
        assert judged(ada, service)[0] == "sent"

    def test_g08_cancel_is_an_opt_out_also_as_an_answer(self, ada, offer) -> None:
        ask(ada)
        stored = text("CANCEL", at=NOW + MINUTE)
        assert stored.understood == "stop"
        assert Event.objects.get(name="message.received").properties["text"] == "CANCEL"
        assert judged(ada, offer) == ("blocked", "opted_out")

    def test_g09_no_to_a_question_is_an_answer(self, ada, offer) -> None:
        Contact.objects.update(country="ZA")
        ask(ada)
        assert text("NO", at=NOW + MINUTE).understood == "answer"
        assert reasons() == set()
        # The question is answered: the next no is one.
        assert text("NO", at=NOW + HOUR).understood == "stop"

    @pytest.mark.parametrize(
        ("where", "understood"),
        [({"country": "ZA"}, "stop"), ({"locale": "en-ZA"}, "stop"), ({"country": "GB"}, "none")],
    )
    def test_g09_no_alone_is_an_opt_out_in_south_africa_only(self, ada, where: dict, understood: str) -> None:
        Contact.objects.update(**where)
        assert text("No.").understood == understood

    def test_g09_a_south_african_number_is_enough(self) -> None:
        assert text("NO", sender="+27821234567").understood == "stop"

    def test_g10_what_the_provider_answered_is_not_answered_again(self, ada, offer) -> None:
        text("STOP", OptOutType="STOP")
        gate.release(NOW + MINUTE)
        assert sent() == []
        assert reasons() == {"opt_out", "provider"}
        assert judged(ada, offer) == ("blocked", "opted_out")

    def test_g10_words_that_only_the_provider_knows(self, ada) -> None:
        assert text("FIN", OptOutType="STOP").understood == "stop"

    def test_g12_a_second_stop_changes_nothing_and_is_answered_once_a_day(self, ada) -> None:
        text("STOP")
        gate.release(NOW)
        lines, stopped = Consent.objects.count(), Suppression.objects.count()
        text("STOP", at=NOW + HOUR)
        gate.release(NOW + HOUR)
        assert sent() == [BYE]
        assert (Consent.objects.count(), Suppression.objects.count()) == (lines, stopped)
        assert Event.objects.filter(name="message.received").count() == 2
        assert Event.objects.filter(name="contact.opted_out").count() == 1
        text("STOP", at=NOW + DAY)
        gate.release(NOW + DAY)
        assert sent() == [BYE, BYE]

    def test_g13_the_same_message_twice_is_one_opt_out(self, ada) -> None:
        for _ in range(2):
            text("STOP", sid="SM1")
        gate.release(NOW)
        assert sent() == [BYE]
        assert InboundMessage.objects.count() == 1
        assert Event.objects.filter(name="contact.opted_out").count() == 1

    def test_g16_what_the_provider_has_cannot_be_called_back_and_is_noted(self, ada, offer) -> None:
        flying, waiting = message(ada, offer), message(ada, offer, due_at=NOW + HOUR, context={"n": 2})
        gate.release(NOW)
        text("STOP", at=NOW + MINUTE)
        noted = Event.objects.get(name="message.in_flight_at_revocation")
        assert noted.properties["message"] == flying.pk
        waiting.refresh_from_db()
        assert (waiting.state, waiting.reason) == ("blocked", "opted_out")
        gate.release(NOW + 2 * HOUR)
        assert sent().count("Shoes") == 1

    def test_g16_a_delivered_message_is_not_in_flight(self, ada, offer) -> None:
        message(ada, offer)
        gate.release(NOW)
        Message.objects.update(delivery=Message.Delivery.DELIVERED)
        text("STOP", at=NOW + MINUTE)
        assert not Event.objects.filter(name="message.in_flight_at_revocation").exists()

    def test_g18_after_a_stop_to_an_order_text_codes_still_arrive(self, ada, offer) -> None:
        code = otp()
        judged(ada, code, NOW)
        text("STOP", at=NOW + MINUTE)
        service = template("delay", channel="sms", content={"body": "Late"}, message_class="service")
        assert judged(ada, offer) == ("blocked", "opted_out")
        assert judged(ada, service) == ("blocked", "opted_out")
        assert judged(ada, code, context={"n": 2}) == ("sent", "")

    def test_g18_the_house_may_stop_the_topic_only(self, ada, offer) -> None:
        HousePolicy.objects.update(opt_out_scope="topic")
        other = template("recipes", channel="sms", content={"body": "Soup"}, topic=topic("recipes"))
        consent(ada, "sms", topic_key="recipes", now=NOW - DAY)
        judged(ada, offer, NOW)
        text("please stop texting me", at=NOW + MINUTE)
        assert judged(ada, offer, context={"n": 2}) == ("blocked", "opted_out")
        assert judged(ada, other)[0] == "sent"

    def test_g18_a_topic_about_which_nothing_was_said_is_refused_too(self, ada) -> None:
        HousePolicy.objects.update(opt_out_scope="topic")
        late = template(
            "delay", channel="sms", content={"body": "Late"}, message_class="service", topic=topic("orders")
        )
        judged(ada, late, NOW)
        text("please stop texting me", at=NOW + MINUTE)
        assert judged(ada, late, context={"n": 2}) == ("blocked", "opted_out")

    def test_g18_or_everything_on_every_channel(self, offer) -> None:
        HousePolicy.objects.update(opt_out_scope="all")
        account("email")
        bob = contact("bob", phone=ADA, email="bob@example.test")
        for channel in ("sms", "email"):
            consent(bob, channel, now=NOW - DAY)
        mail = template("mail")
        waiting = message(bob, mail, due_at=NOW + HOUR)
        text("STOP")
        waiting.refresh_from_db()
        assert (waiting.state, waiting.reason) == ("blocked", "opted_out")
        assert judged(bob, mail, context={"n": 2}) == ("blocked", "opted_out")
        eve = contact("eve", email="bob@example.test")
        consent(eve, "email", now=NOW - DAY)
        assert judged(eve, mail) == ("blocked", "opted_out")

    def test_g18_one_brand_is_not_another(self, ada) -> None:
        other = brand("umbra")
        account("sms", brand=other)
        about = topic("sun", brand=other)
        consents.grant(ada.pk, about.pk, "sms", basis="express_written", source="form", wording="v1", now=NOW - DAY)
        umbra = template("umbra", channel="sms", content={"body": "Sun"}, topic=about, brand=other)
        text("STOP")
        assert judged(ada, umbra)[0] == "sent"

    def test_g18_stop_promotions_leaves_service(self, ada, offer) -> None:
        service = template("delay", channel="sms", content={"body": "Late"}, message_class="service")
        waiting = message(ada, service, due_at=NOW + HOUR)
        assert text("STOP PROMOTIONS").understood == "stop"
        assert judged(ada, offer) == ("blocked", "opted_out")
        gate.release(NOW + HOUR)
        waiting.refresh_from_db()
        assert waiting.state == "sent"

    def test_g20_g21_g22_a_no_by_sms_is_no_detour_to_another_channel(self, offer) -> None:
        account("email")
        bob = contact("bob", phone=ADA, email="bob@example.test")
        consent(bob, "email", now=NOW - DAY)
        mail = template("mail")
        failed = template("failed", content={"subject": "x", "text": "Payment failed"}, message_class="transactional")
        text("STOP")
        detour = {"labels": {"fallback_from": "sms"}}
        assert judged(bob, mail, **detour) == ("blocked", "fallback_after_optout")
        assert judged(bob, mail, context={"n": 2})[0] != "blocked", "G21: an independent mail"
        assert judged(bob, failed, **detour)[0] != "blocked", "G22: a failed payment"

    def test_g20_the_same_promotion_by_another_kind_of_text(self, ada, offer) -> None:
        text("STOP")
        one = message(ada, offer, now=NOW + HOUR, labels={"fallback_from": "sms"})
        row = Claimed(
            one.pk, one.key, ada.pk, brand().pk, "sms", "offer", one.labels, offer.pk, topic().pk, {}, None, NOW
        )
        facts = dossier.load([row], NOW + HOUR).facts(row)
        assert facts.opted_out_channels == {"sms"}


class TestH:
    @pytest.mark.parametrize("word", ["START", "Unstop"])
    def test_h01_start_opts_in_again_with_the_event_as_proof(self, ada, offer, word: str) -> None:
        text("STOP", OptOutType="STOP")
        stored = text(word, at=NOW + HOUR)
        assert stored.understood == "start"
        assert reasons() == set()
        line = Consent.objects.latest("pk")
        assert (line.state, line.basis, line.occurred_at) == ("granted", "express_written", NOW + HOUR)
        assert line.proof == {"inbound": stored.pk, "provider_id": stored.provider_id, "text": word}
        gate.release(NOW + HOUR)
        assert sent() == ["You get messages from Acme again. Text STOP to end."]
        assert judged(ada, offer, NOW + 2 * HOUR) == ("sent", "")

    def test_h01_what_was_refused_on_another_occasion_stays_refused(self, ada) -> None:
        consent(ada, "sms", topic_key="recipes", now=NOW - DAY)
        consents.withdraw(ada.pk, topic("recipes").pk, "sms", source="preference centre", now=NOW - HOUR)
        text("STOP")
        text("START", at=NOW + HOUR)
        assert dict(ConsentState.objects.values_list("topic__key", "state")) == {
            "news": "granted",
            "recipes": "withdrawn",
        }

    def test_h01_start_makes_no_consent_stronger_than_it_was(self, ada) -> None:
        consent(ada, "sms", topic_key="recipes", basis="implied_purchase", now=NOW - DAY)
        text("STOP")
        text("START", at=NOW + HOUR)
        assert ConsentState.objects.get(topic__key="recipes").basis == "express"

    def test_h01_start_by_somebody_who_never_stopped_changes_nothing(self, ada) -> None:
        lines = Consent.objects.count()
        assert text("START").understood == "start"
        assert Consent.objects.count() == lines
        assert not Message.objects.exists()

    def test_h01_start_does_not_lift_what_is_no_opt_out(self, ada, offer) -> None:
        digest = ada.addresses.get().digest
        suppressions.add([suppressions.Suppress(digest, "phone", "legal")], NOW - HOUR)
        text("STOP")
        text("START", at=NOW + HOUR)
        assert reasons() == {"legal"}

    def test_h01_the_class_that_starts(self, ada) -> None:
        text("STOP")
        text("When does the class start?", at=NOW + HOUR)
        assert ConsentState.objects.get().state == "withdrawn"

    def test_h02_yes_to_a_toll_free_number_opts_nobody_in(self, ada, offer) -> None:
        text("STOP")
        stored = text("YES", to="+18885550100", at=NOW + HOUR)
        assert stored.understood == "ambiguous", "a task for a person"
        assert "toll-free" in stored.why
        assert judged(ada, offer, NOW + 2 * HOUR) == ("blocked", "opted_out")
        assert text("START", to="+18885550100", at=NOW + 3 * HOUR).understood == "start"

    def test_h03_yes_to_a_long_code_is_start(self, ada, offer) -> None:
        text("STOP")
        assert text("YES", at=NOW + HOUR).understood == "start"
        assert judged(ada, offer, NOW + 2 * HOUR) == ("sent", "")

    def test_h03_but_not_while_a_question_waits(self, ada) -> None:
        ask(ada)
        text("STOP", at=NOW + MINUTE)
        assert text("YES", at=NOW + HOUR).understood == "answer"
        assert ConsentState.objects.get().state == "withdrawn"

    def test_h05_a_yes_on_the_web_waits_for_the_provider(self, ada, offer) -> None:
        text("STOP", OptOutType="STOP")
        consent(
            ada, "sms", now=NOW + HOUR, wording="form v2", proof={"ip": "192.0.2.1", "url": "https://acme.example/"}
        )
        assert ConsentState.objects.get().state == "granted"
        assert judged(ada, offer, NOW + 2 * HOUR) == ("blocked", "provider_block")
        text("START", at=NOW + 3 * HOUR, OptOutType="START")
        assert judged(ada, offer, NOW + 4 * HOUR, context={"n": 2}) == ("sent", "")

    def test_h05_where_the_provider_blocks_nothing_the_newer_yes_counts(self, ada, offer) -> None:
        text("please stop texting me")
        consent(ada, "sms", now=NOW + HOUR, proof={"ip": "192.0.2.1"})
        assert judged(ada, offer, NOW + 2 * HOUR) == ("sent", "")

    def test_h05_a_yes_to_one_topic_is_none_to_the_others(self, ada, offer) -> None:
        text("please stop texting me")
        consent(ada, "sms", topic_key="recipes", now=NOW + HOUR, proof={"ip": "192.0.2.1"})
        service = template(
            "delay", channel="sms", content={"body": "Late"}, message_class="service", topic=topic("orders")
        )
        assert judged(ada, service, NOW + 2 * HOUR) == ("blocked", "opted_out")
        assert judged(ada, offer, NOW + 2 * HOUR) == ("blocked", "opted_out")

    def test_h06_an_older_yes_from_a_file_changes_nothing(self, ada, offer) -> None:
        text("STOP")
        consent(ada, "sms", now=NOW + HOUR, occurred_at=NOW - HOUR, source="import", proof={"file": "a.csv"})
        assert judged(ada, offer, NOW + 2 * HOUR) == ("blocked", "opted_out")

    def test_h07_a_newer_yes_without_proof_changes_nothing(self, ada, offer) -> None:
        text("STOP")
        consent(ada, "sms", now=NOW + HOUR, source="import", wording="", proof={})
        assert judged(ada, offer, NOW + 2 * HOUR) == ("blocked", "no_proof")

    def test_h09_start_after_an_erasure_is_a_new_beginning(self, ada, offer) -> None:
        digest = ada.addresses.get().digest
        text("STOP")
        suppressions.add([suppressions.Suppress(digest, "phone", "erased")], NOW + MINUTE)
        with ledger.unlocked():
            ConsentState.objects.all().delete()
            ada.delete()
        stored = text("START", at=NOW + HOUR)
        person = stored.contact
        assert (person.external_id, person.attributes) == ("", {})
        line = Consent.objects.get()
        assert (line.contact, line.state, line.basis, line.proof["text"]) == (person, "granted", "express", "START")
        assert reasons() == set()


class TestHelp:
    def test_help_is_answered_and_changes_nothing(self, ada) -> None:
        assert text("HELP").understood == "help"
        gate.release(NOW)
        assert sent() == ["Acme: call +44 20 7946 0000. Text STOP to end."]
        assert ConsentState.objects.get().state == "granted"

    def test_help_is_answered_after_a_stop_too(self, ada) -> None:
        text("STOP", OptOutType="STOP")
        text("help", at=NOW + HOUR)
        gate.release(NOW + HOUR)
        assert len(sent()) == 1


class TestSharedNumbers:
    def test_i06_one_stop_is_of_everybody_with_the_number(self, ada, offer) -> None:
        bob = contact("bob", phone=ADA)
        consent(bob, "sms", now=NOW - DAY)
        waiting = [message(person, offer, due_at=NOW + HOUR) for person in (ada, bob)]
        text("STOP")
        assert {m.reason for m in Message.objects.filter(pk__in=[w.pk for w in waiting])} == {"opted_out"}
        assert set(ConsentState.objects.values_list("state", flat=True)) == {"withdrawn"}
        gate.release(NOW)
        assert sent() == [BYE]

    def test_who_gets_the_number_later_is_stopped_by_the_address(self, ada, offer) -> None:
        text("please stop texting me")
        eve = contact("eve", phone=ADA)
        consent(eve, "sms", now=NOW - HOUR)
        assert judged(eve, offer) == ("blocked", "opted_out")

    def test_the_confirmation_goes_to_no_other_number(self, ada) -> None:
        address(ada, "phone", "+447700900999", now=NOW + MINUTE)
        text("STOP", at=NOW + HOUR)
        assert not Message.objects.exists()
        assert ConsentState.objects.get().state == "withdrawn"
