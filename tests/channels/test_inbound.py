"""What people write to us: kept once, with who wrote it, and refused when it is not the provider who says so."""

from datetime import timedelta

import pytest
from django.test import Client, RequestFactory

from channels import inbound
from channels.base import Inbound, channels
from channels.models import InboundMessage, Message
from channels.signals import message_received
from compliance import gate
from config import ledger
from contacts.models import Contact, Event
from tests.builders import NOW, account, address, brand, consent, contact, message, template
from tests.texting import ADA, OURS, post, text

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def ada() -> Contact:
    account("sms")
    return contact("ada", phone=ADA)


def heard(sid: str = "SM1", sender: str = ADA, body: str = "Hello") -> Inbound:
    return Inbound(sid, sender, body, OURS)


class TestWebhook:
    def test_a_signed_text_is_kept_and_answered_with_nothing(self, ada) -> None:
        answer = post("Is there a vegan menu?", sid="SM7")
        assert (answer.status_code, answer["Content-Type"]) == (200, "text/xml; charset=utf-8")
        assert answer.content == b'<?xml version="1.0" encoding="UTF-8"?><Response></Response>'
        [stored] = InboundMessage.objects.all()
        assert (stored.contact, stored.sender, stored.recipient, stored.provider_id) == (ada, ADA, OURS, "SM7")
        assert (stored.body, stored.received_at, stored.understood) == ("Is there a vegan menu?", NOW, "none")

    @pytest.mark.parametrize("body", ["STOP", "Hello"])
    def test_l18_unsigned_or_forged_is_refused_and_changes_nothing(self, ada, body: str) -> None:
        consent(ada, "sms")
        form = {"MessageSid": "SM1", "From": ADA, "Body": body}
        path = "/webhooks/twilio/acme-sms/inbound"
        assert Client().post(path, form).status_code == 403
        assert Client().post(path, form, headers={"x-twilio-signature": "AAAA"}).status_code == 403
        assert post(body, token="wrong").status_code == 403
        assert post(body, account="nobody").status_code == 403
        assert not InboundMessage.objects.exists()
        assert not Event.objects.filter(name__in=("message.received", "consent.withdrawn")).exists()

    def test_looking_is_not_sending(self, ada) -> None:
        assert Client().get("/webhooks/twilio/acme-sms/inbound").status_code == 405

    @pytest.mark.parametrize(
        ("form", "sentence"), [({"MessageSid": ""}, b"no MessageSid"), ({"sender": ""}, b"no From")]
    )
    def test_nonsense_with_a_good_signature(self, ada, form: dict, sentence: bytes) -> None:
        answer = post("Hi", **form)
        assert answer.status_code == 400
        assert sentence in answer.content
        assert not InboundMessage.objects.exists()

    def test_a_channel_that_hears_nothing_says_so_by_default(self) -> None:
        request = RequestFactory().post("/")
        assert channels["email"].parse_inbound(request, {}, NOW) == []


class TestReceive:
    def test_g13_the_same_id_is_one_message(self, ada) -> None:
        first = inbound.receive(account("sms"), heard(), NOW)
        assert first is not None
        assert inbound.receive(account("sms"), heard(body="Other words"), NOW + MINUTE) is None
        assert InboundMessage.objects.get().body == "Hello"
        assert Event.objects.filter(name="message.received").count() == 1

    def test_two_accounts_may_have_the_same_id(self, ada) -> None:
        other = account("sms", brand=brand("umbra"))
        assert inbound.receive(account("sms"), heard(), NOW)
        assert inbound.receive(other, heard(), NOW)

    def test_it_stands_on_the_writer_s_timeline(self, ada) -> None:
        stored = inbound.receive(account("sms"), heard(body="Hi there"), NOW)
        event = Event.objects.get(name="message.received")
        assert (event.contact, event.brand) == (ada, brand())
        assert event.properties == {"inbound": stored.pk, "channel": "sms", "account": "acme-sms", "text": "Hi there"}

    def test_a_stranger_becomes_a_contact_with_only_a_number(self) -> None:
        account("sms")
        stored = text("Hello", sender="+33612345678")
        person = stored.contact
        assert (person.external_id, person.attributes, person.created_at) == ("", {}, NOW)
        assert [(a.kind, a.value) for a in person.addresses.all()] == [("phone", "+33612345678")]
        assert text("Again", sender="+33612345678").contact == person
        assert Contact.objects.count() == 1

    @pytest.mark.parametrize("sender", ["32665", "ACME", "+1"])
    def test_a_short_code_is_nobody(self, sender: str) -> None:
        account("sms")
        stored = text("STOP", sender=sender)
        assert stored.contact is None
        assert not Contact.objects.exists()
        assert not Event.objects.exists()

    def test_of_several_with_one_number_the_one_written_to_last_wrote(self, ada) -> None:
        bob = contact("bob", phone=ADA)
        contact("eve", phone=ADA)
        consent(bob, "sms", now=NOW - MINUTE)
        message(bob, template("offer", channel="sms", content={"body": "Hi"}))
        gate.release(NOW)
        assert text("Hello", at=NOW + MINUTE).contact == bob

    def test_without_any_message_it_is_the_oldest_contact(self, ada) -> None:
        contact("bob", phone=ADA)
        assert text("Hello").contact == ada

    def test_words_that_no_database_stores_are_mended(self, ada) -> None:
        stored = inbound.receive(account("sms"), heard(body="a\x00b\ud800", sender=ADA), NOW)
        assert stored.body == "ab?"

    def test_what_a_receiver_does_belongs_to_the_same_transaction(self, ada) -> None:
        def fail(**_: object) -> None:
            raise RuntimeError("no")

        message_received.connect(fail)
        try:
            with pytest.raises(RuntimeError):
                inbound.receive(account("sms"), heard(), NOW)
        finally:
            message_received.disconnect(fail)
        assert not InboundMessage.objects.exists()
        assert not Event.objects.exists()

    def test_the_signal_names_everybody_with_the_number(self, ada) -> None:
        bob = contact("bob", phone=ADA)
        told = []

        def note(**said: object) -> None:
            told.append((said["contact_ids"], said["digest"], said["now"]))

        message_received.connect(note)
        try:
            inbound.receive(account("sms"), heard(), NOW)
        finally:
            message_received.disconnect(note)
        assert told == [([ada.pk, bob.pk], ada.addresses.get().digest, NOW)]

    def test_it_goes_when_its_writer_is_erased(self, ada) -> None:
        text("Hello")
        with ledger.unlocked():
            ada.delete()
        assert not InboundMessage.objects.exists()


class TestQuestions:
    def asked(self, person, at=NOW) -> Message:
        ask = template("question", channel="sms", content={"body": "Shall we come?"}, message_class="transactional")
        one = message(person, ask, now=at, labels={"question": True})
        gate.release(at)
        one.refresh_from_db()
        assert one.state == "sent"
        return one

    def test_a_question_waits_until_it_is_answered(self, ada) -> None:
        assert not inbound.asked(ada.pk, "sms", NOW - MINUTE)
        self.asked(ada)
        assert inbound.asked(ada.pk, "sms", NOW - MINUTE)
        assert text("Yes, at noon", at=NOW + MINUTE).understood == "answer"
        assert not inbound.asked(ada.pk, "sms", NOW - MINUTE)

    def test_not_for_ever_and_not_of_others(self, ada) -> None:
        self.asked(ada)
        assert not inbound.asked(ada.pk, "sms", NOW + MINUTE)
        assert not inbound.asked(ada.pk, "email", NOW - MINUTE)
        assert not inbound.asked(None, "sms", NOW - MINUTE)
        other = contact("bob", phone="+447700900999")
        assert not inbound.asked(other.pk, "sms", NOW - MINUTE)

    def test_an_address_added_later_is_found_too(self, ada) -> None:
        address(ada, "phone", "+447700900555")
        assert text("Hello", sender="+447700900555").contact == ada
