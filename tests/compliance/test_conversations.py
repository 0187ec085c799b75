"""WhatsApp's conditions in live traffic: its window, its word on templates, its word on people."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from channels import inbound, provider_templates
from channels.base import Inbound
from channels.models import Account, Message, ProviderTemplate, TemplateVersion
from compliance import dossier, gate
from compliance.claims import claim
from config import clock
from contacts.models import Contact, Suppression
from tests.builders import NOW, account, brand, consent, contact, message, template
from tests.channels import servers
from tests.channels.servers import Answer
from tests.channels.test_whatsapp import HX, approval, as_twilio_shows_it, config, refusal

pytestmark = pytest.mark.django_db
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
ADA = "+447700900123"


@pytest.fixture
def web():
    """Twilio: it takes every message."""
    with servers.web() as found:
        found.answer = lambda request: Answer(201, as_twilio_shows_it("SM" + "1" * 32))
        yield found


@pytest.fixture
def sender(web) -> Account:
    return account("whatsapp", config=config(web))


@pytest.fixture
def ada(sender) -> Contact:
    found = contact("ada", phone=ADA)
    consent(found, "whatsapp", now=NOW - 30 * DAY)
    return found


@pytest.fixture
def live(settings, web) -> None:
    """Delivery to a provider that is this machine."""
    settings.DELIVERY = "live"


def judged(one: Message, now=NOW) -> tuple[str, str]:
    with clock.at(now):
        gate.release(now)
    one.refresh_from_db()
    return one.state, one.reason


def said(status: str, category: str = "utility") -> None:
    ProviderTemplate.objects.update(status=status, category=category, next_check_at=NOW + DAY)


def wrote(sender: Account, at, number: str = ADA) -> None:
    inbound.receive(sender, Inbound(f"SM{at.timestamp()}{number}", number, "Hello"), at)


class TestWindow:
    WORDS = {"channel": "whatsapp", "content": {"body": "Hello"}, "message_class": "service"}

    def test_k01_within_24_hours_words_of_ones_own_leave(self, sender, ada):
        wrote(sender, NOW - DAY + SECOND)
        assert judged(message(ada, template("hello", **self.WORDS))) == ("sent", "")

    def test_k02_after_24_hours_they_do_not(self, sender, ada):
        wrote(sender, NOW - DAY)
        assert judged(message(ada, template("hello", **self.WORDS))) == ("blocked", "outside_24h_window")

    def test_what_was_written_to_others_opens_no_window(self, sender, ada):
        texts = account("sms")
        wrote(texts, NOW - SECOND)
        wrote(account("whatsapp", brand=brand("umbra")), NOW - SECOND)
        wrote(sender, NOW - SECOND, "+447700900124")
        assert judged(message(ada, template("hello", **self.WORDS))) == ("blocked", "outside_24h_window")


class TestTemplates:
    @pytest.fixture
    def order(self, ada):
        return template("order", channel="whatsapp", content={"content_sid": HX}, message_class="service")

    @pytest.mark.parametrize(("status", "outcome"), [
        ("approved", ("sent", "")),
        ("pending", ("pending", "template_status")), ("paused", ("pending", "template_status")), ("in_appeal", ("pending", "template_status")),
        ("rejected", ("blocked", "template_status")), ("disabled", ("blocked", "template_status")), ("missing", ("blocked", "template_status")),
    ])  # fmt: skip
    def test_k04_its_status_at_whatsapp_decides(self, ada, order, live, status, outcome):
        said(status)
        assert judged(message(ada, order)) == outcome

    def test_a_template_that_nobody_was_asked_about_waits(self, ada, order, live):
        assert judged(message(ada, order)) == ("pending", "template_status")

    def test_what_waits_leaves_as_soon_as_whatsapp_approves(self, ada, order, live, web):
        web.answer = lambda request: approval("pending")
        provider_templates.refresh(NOW)
        one = message(ada, order)
        assert judged(one) == ("pending", "template_status")
        web.answer = lambda request: approval("approved")
        soon = NOW + provider_templates.OPEN
        provider_templates.refresh(soon)
        web.answer = lambda request: Answer(201, as_twilio_shows_it("SM" + "1" * 32))
        assert judged(one, soon) == ("sent", "")

    def test_k05_what_becomes_marketing_is_judged_as_marketing(self, order, live):
        """No consent was given; a utility template needs none, a marketing one does. The seal is as it was."""
        eve = contact("eve", phone="+447700900125")
        said("approved", "utility")
        assert judged(message(eve, order))[0] == "sent"
        said("approved", "marketing")
        two = message(eve, order, context={"order": 2})
        assert judged(two) == ("blocked", "no_consent")
        assert two.message_class == "marketing"
        version = TemplateVersion.objects.get()
        assert version.message_class == "service"
        assert gate.explain(two)[-1].evidence["fingerprint"] == version.fingerprint

    def test_k05_what_was_cleared_as_utility_is_judged_anew(self, ada, order, live, web):
        said("approved")
        one = message(ada, order)
        judged(one)
        Message.objects.filter(pk=one.pk).update(state="sending", started_at=None, sent_at=None)
        ProviderTemplate.objects.update(next_check_at=NOW)
        web.answer = lambda request: approval("approved", "MARKETING")
        provider_templates.refresh(NOW + SECOND)
        one.refresh_from_db()
        assert (one.state, one.due_at) == ("pending", NOW + SECOND)

    def test_k06_no_marketing_by_whatsapp_to_the_us(self, sender, order, live):
        sam = contact("sam", phone="+12125550123", country="US", region="NY", timezone="America/New_York")
        consent(sam, "whatsapp", now=NOW - DAY)
        said("approved", "marketing")
        assert judged(message(sam, order), NOW + timedelta(hours=4)) == ("blocked", "channel_restricted")

    def test_k09_a_yes_to_texts_is_none_to_whatsapp(self, sender, live):
        bob = contact("bob", phone="+447700900126")
        consent(bob, "sms", now=NOW - DAY)
        offer = template("offer", channel="whatsapp", content={"content_sid": HX})
        said("approved", "marketing")
        assert judged(message(bob, offer)) == ("blocked", "no_consent")


class TestRefusals:
    def test_g33_whatsapp_says_that_the_person_wants_no_marketing(self, ada, live, web):
        offer = template("offer", channel="whatsapp", content={"content_sid": HX})
        order = template(
            "order", channel="whatsapp", content={"content_sid": "HX" + "c3" * 16}, message_class="service"
        )
        said("approved")
        web.answer = lambda request: refusal(400, 63033, "Recipient opted out to receive message")
        one = message(ada, offer)
        assert judged(one) == ("failed", "opted_out_of_marketing")
        assert one.due_at is None
        stop = Suppression.objects.get()
        assert (stop.reason, stop.channel) == ("no_marketing", "whatsapp")
        web.answer = lambda request: Answer(201, as_twilio_shows_it("SM" + "1" * 32))
        assert judged(message(ada, offer, context={"n": 2})) == ("blocked", "opted_out")
        assert judged(message(ada, order)) == ("sent", "")


class TestCost:
    def queries(self, now) -> int:
        batch, _ = claim(now, 100)
        with CaptureQueriesContext(connection) as found:
            dossier.load(batch, now)
        return len(found)

    def test_it_asks_three_questions_however_many_and_none_without_whatsapp(self, sender):
        account("sms")
        texts = template("text", channel="sms", content={"body": "Hi"})
        order = template("order", channel="whatsapp", content={"content_sid": HX})
        people = [contact(f"p{n}", phone=f"+44770090{n:04}") for n in range(12)]
        message(people[0], texts)
        plain = self.queries(NOW)
        message(people[1], order)
        one = self.queries(NOW)
        for person in people[2:]:
            message(person, order)
        assert (one - plain, self.queries(NOW) - plain) == (3, 3)
