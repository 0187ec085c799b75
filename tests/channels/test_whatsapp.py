"""WhatsApp through Twilio's real client, against a server that answers as Twilio does."""

import json
from urllib.parse import parse_qs

import pytest
from django.conf import settings as live_settings
from django.test import Client
from twilio.request_validator import RequestValidator

from channels import provider_templates, twilio
from channels.base import CannotTell, Receipt, Standing, channels
from channels.liquid import render
from channels.models import Account, InboundMessage, Message, ProviderTemplate, SandboxMessage
from compliance import gate
from config import clock
from config.kinds import form_errors
from tests.builders import NOW, account, address, consent, contact, message, template
from tests.channels.sending import failed, one, outgoing
from tests.channels.servers import Answer
from tests.channels.test_sms import SID, TOKEN, refusal
from tests.channels.test_sms import message as as_twilio_shows_it

HX = "HX" + "b2" * 16
WHATSAPP = channels["whatsapp"]


def config(web, **more) -> dict:
    return {
        "account_sid": SID,
        "auth_token": TOKEN,
        "from_number": "+15550001111",
        "api_base": web.url,
        "content_base": web.url,
        **more,
    }


def sent(web) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(web.requests[-1].body.decode()).items()}


@pytest.fixture(autouse=True)
def answers(web):
    web.answer = lambda request: Answer(201, as_twilio_shows_it("SM" + "1" * 32))


class TestWords:
    @pytest.mark.parametrize(("content", "sentences"), [
        ({"content_sid": HX, "variables": "1={{ contact.first_name }}\n\nshop = Acorn"}, []),
        ({"body": "Hello"}, []),
        ({}, ["Fill in either the content SID of a template or a text, not both."]),
        ({"content_sid": HX, "body": "Hello"}, ["Fill in either the content SID of a template or a text, not both."]),
        ({"content_sid": "HX1"}, ["content_sid: A content SID is HX and 32 hex digits."]),
        ({"content_sid": HX, "variables": "1=a\nhello"}, ["variables: Line 2: write a name and its value, e.g. name={{ contact.first_name }}."]),
        ({"content_sid": HX, "variables": "1="}, ["variables: Line 1: write a name and its value, e.g. name={{ contact.first_name }}."]),
        ({"content_sid": HX, "variables": "1=a\n1=b"}, ["variables: Line 2: 1 has a value already."]),
        ({"body": "Hello", "variables": "1=a"}, ["variables: Variables belong to a template; a text has its Liquid in itself."]),
    ])  # fmt: skip
    def test_bad_words_are_told_what_is_wrong_where(self, content, sentences):
        assert form_errors(WHATSAPP.Content(content)) == sentences

    def test_nobody_can_write_another_variable_by_name(self):
        name = 'Ada\n2=free"money'
        content = {"content_sid": HX, "variables": "1={{ name }}\n2=Acorn = good"}
        words = WHATSAPP.rendered(content, lambda field, source: render(source, {"name": name}, html=False))
        assert json.loads(words["variables"]) == {"1": 'Ada 2=free"money', "2": "Acorn = good"}

    def test_a_template_is_shown_with_its_variables(self):
        words = {"content_sid": HX, "variables": '{"1": "Ada"}'}
        assert WHATSAPP.readable(words) == f"Template {HX}\n1: Ada"
        assert WHATSAPP.readable({"body": "Hello"}) == "Hello"


class TestSending:
    def test_a_template_leaves_with_its_variables(self, web):
        letter = outgoing(1, "+33612345678", content_sid=HX, variables='{"1":"Ada"}')
        assert one("whatsapp", config(web), letter) == Receipt("SM" + "1" * 32)
        assert sent(web) == {
            "To": "whatsapp:+33612345678",
            "From": "whatsapp:+15550001111",
            "ContentSid": HX,
            "ContentVariables": '{"1":"Ada"}',
        }

    def test_words_of_ones_own_leave_as_a_body_by_a_service(self, web):
        service = config(web, from_number="", messaging_service_sid="MG" + "c3" * 16)
        one("whatsapp", service, outgoing(1, "+33612345678", body="Hello"))
        assert sent(web) == {"To": "whatsapp:+33612345678", "MessagingServiceSid": "MG" + "c3" * 16, "Body": "Hello"}

    def test_an_empty_variable_is_not_even_sent(self, web):
        letter = outgoing(1, "+33612345678", content_sid=HX, variables='{"1":"Ada","2":""}')
        assert failed(one("whatsapp", config(web), letter)) == ("missing_variable", True, False)
        assert failed(one("whatsapp", config(web), outgoing(1, "+33612345678", body=" "))) == ("empty", True, False)
        assert not web.requests

    @pytest.mark.parametrize(("code", "outcome"), [
        (63016, ("outside_24h_window", True, False)),
        (131047, ("outside_24h_window", True, False)),
        (63024, ("not_on_whatsapp", True, False)),
        (63032, ("not_allowed_by_whatsapp", True, False)),
        (130472, ("not_allowed_by_whatsapp", True, False)),
        (63014, ("opted_out_of_marketing", True, False)),
        (63049, ("not_allowed_by_whatsapp", True, False)),
        (63033, ("opted_out_of_marketing", True, False)),
        (131050, ("opted_out_of_marketing", True, False)),
        (63018, ("rate_limited", False, False)),
    ])  # fmt: skip
    def test_what_its_refusals_mean(self, web, code, outcome):
        web.answer = lambda request: refusal(400, code, "No")
        assert failed(one("whatsapp", config(web), outgoing(1, "+33612345678", body="Hello"))) == outcome

    @pytest.mark.django_db
    def test_it_is_looked_up_by_its_whatsapp_address(self, web):
        listed = [as_twilio_shows_it("SM7")]
        web.answer = lambda request: Answer(
            200, {"messages": listed, "next_page_uri": None, "page": 0, "page_size": 100}
        )
        assert WHATSAPP.look_up(config(web), 1, "k", "+33612345678", NOW.replace(hour=1)) == Receipt("SM7")
        assert "To=whatsapp%3A%2B33612345678" in web.requests[0].path

    @pytest.mark.django_db
    def test_in_the_sandbox_it_becomes_a_row(self, settings):
        settings.DELIVERY = "sandbox"
        ada = contact("ada", phone="+447700900123", first_name="Ada")
        account("whatsapp", config={"account_sid": SID, "auth_token": TOKEN, "from_number": "+15550001111"})
        consent(ada, "whatsapp")
        offer = template(
            "offer", channel="whatsapp", content={"content_sid": HX, "variables": "1={{ contact.first_name }}"}
        )
        asked = message(ada, offer)
        gate.release(NOW)
        asked.refresh_from_db()
        assert (asked.state, asked.reason) == ("sent", "")
        caught = SandboxMessage.objects.get()
        assert (caught.channel, caught.recipient, caught.text) == (
            "whatsapp",
            "+447700900123",
            f"Template {HX}\n1: Ada",
        )
        assert provider_templates.refresh(NOW) == 1
        assert ProviderTemplate.objects.get().status == ""  # nobody was asked


def approval(status: str, category: str = "UTILITY", reason: str = "") -> Answer:
    """What the Content API says."""
    said = {"type": "whatsapp", "name": "order", "category": category, "content_type": "twilio/text", "status": status}
    return Answer(
        200,
        {
            "sid": HX,
            "account_sid": SID,
            "whatsapp": {**said, "rejection_reason": reason, "allow_category_change": True},
            "url": f"https://content.twilio.com/v1/Content/{HX}/ApprovalRequests",
        },
    )


class TestStanding:
    @pytest.mark.parametrize(("answer", "standing"), [
        (approval("approved"), Standing("approved", "utility")),
        (approval("rejected", "MARKETING", "It promises too much."), Standing("rejected", "marketing", "It promises too much.")),
        (approval("received"), Standing("pending", "utility")),
        (Answer(200, {"sid": HX, "whatsapp": None}), Standing("unsubmitted")),
        (refusal(404, 20404, "Not found"), Standing("missing", "", "Twilio knows no content with this SID.")),
    ])  # fmt: skip
    def test_what_the_content_api_says(self, web, answer, standing):
        web.answer = lambda request: answer
        assert WHATSAPP.standing(config(web), HX) == standing
        assert web.requests[0].path == f"/v1/Content/{HX}/ApprovalRequests"

    @pytest.mark.parametrize(
        "answer", [refusal(401, 20003, "Authenticate"), Answer(503, "<html>"), Answer(hang_up=True)]
    )
    def test_no_answer_tells_nothing(self, web, answer):
        web.answer = lambda request: answer
        with pytest.raises(CannotTell):
            WHATSAPP.standing(config(web), HX)

    def test_it_asks_twilio_itself_unless_told_otherwise(self):
        assert twilio.CONTENT_BASE == "https://content.twilio.com"


@pytest.mark.django_db
class TestFollowing:
    @pytest.fixture
    def sender(self, web) -> Account:
        return account("whatsapp", config=config(web))

    def test_a_version_that_names_a_template_is_asked_about_at_once(self, web, sender):
        web.answer = lambda request: approval("pending")
        assert provider_templates.due(NOW) is None
        template("order", channel="whatsapp", content={"content_sid": HX})
        assert provider_templates.due(NOW) == NOW
        assert provider_templates.refresh(NOW) == 1
        found = ProviderTemplate.objects.get()
        assert (found.account, found.name, found.status, found.category) == (sender, HX, "pending", "utility")
        assert found.checked_at == NOW
        assert provider_templates.due(NOW) == NOW + provider_templates.OPEN
        assert provider_templates.refresh(NOW) == 0

    def test_an_account_that_comes_later_is_asked_too(self, web):
        template("order", channel="whatsapp", content={"content_sid": HX})
        template("hello", channel="whatsapp", content={"body": "Hello"})
        template("text", channel="sms", content={"body": "Hello"})
        assert not ProviderTemplate.objects.exists()
        account("whatsapp", config=config(web))
        assert [found.name for found in ProviderTemplate.objects.all()] == [HX]

    def test_no_answer_leaves_what_is_known(self, web, sender):
        template("order", channel="whatsapp", content={"content_sid": HX})
        web.answer = lambda request: approval("approved")
        provider_templates.refresh(NOW)
        later = NOW + provider_templates.SETTLED
        web.answer = lambda request: Answer(503, "")
        assert provider_templates.refresh(later) == 1
        found = ProviderTemplate.objects.get()
        assert (found.status, found.checked_at) == ("approved", NOW)
        assert found.reason.startswith("Twilio")
        assert found.next_check_at == later + provider_templates.UNREACHABLE


@pytest.mark.django_db
class TestHearing:
    PATH = "/webhooks/twilio/acme-whatsapp/"

    @pytest.fixture(autouse=True)
    def ada(self, web):
        account("whatsapp", config=config(web))
        return contact("ada", phone="+447700900123")

    def post(self, page: str, form: dict, token: str = TOKEN):
        url = f"{live_settings.BASE_URL}{self.PATH}{page}"
        signature = RequestValidator(token).compute_signature(url, form)
        with clock.at(NOW):
            return Client().post(self.PATH + page, form, headers={"x-twilio-signature": signature})

    def heard(self, **form) -> InboundMessage:
        whole = {"MessageSid": "SM9", "From": "whatsapp:+447700900123", "To": "whatsapp:+15550001111", **form}
        assert self.post("inbound", whole).status_code == 200
        return InboundMessage.objects.get()

    def test_a_message_is_its_writers(self, ada):
        stored = self.heard(Body="Is it in stock?")
        assert (stored.contact, stored.sender, stored.recipient) == (ada, "+447700900123", "+15550001111")
        assert (stored.channel, stored.body) == ("whatsapp", "Is it in stock?")

    @pytest.mark.parametrize(("form", "body"), [
        ({"Body": "", "ButtonText": "Yes, please", "ButtonPayload": "yes"}, "Yes, please"),
        ({"ButtonPayload": "STOP"}, "STOP"),
        ({"Body": "Typed", "ButtonText": "Pressed"}, "Typed"),
    ])  # fmt: skip
    def test_a_button_is_an_answer(self, form, body):
        assert self.heard(**form).body == body

    def test_a_forged_one_is_refused(self):
        assert self.post("inbound", {"MessageSid": "SM9", "From": "whatsapp:+447700900123"}, "guess").status_code == 403
        assert not InboundMessage.objects.exists()

    def test_read_is_opened(self, ada):
        consent(ada, "whatsapp")
        asked = message(ada, template("order", channel="whatsapp", content={"content_sid": HX}))
        Message.objects.filter(pk=asked.pk).update(provider_id="SM5", account=Account.objects.get())
        assert self.post("status", {"MessageSid": "SM5", "MessageStatus": "read"}).status_code == 204
        asked.refresh_from_db()
        assert asked.get_delivery_display() == "opened"


@pytest.mark.django_db
def test_the_addresses_of_a_person_stay_usable_for_texts_when_whatsapp_does_not_know_them(web):
    """63024 is about WhatsApp; the number itself is fine."""
    ada = contact("ada")
    number = address(ada, "phone", "+447700900123")
    account("whatsapp", config=config(web))
    consent(ada, "whatsapp")
    asked = message(ada, template("order", channel="whatsapp", content={"content_sid": HX}))
    web.answer = lambda request: refusal(400, 63024, "Invalid message recipient")
    gate.release(NOW)
    asked.refresh_from_db()
    number.refresh_from_db()
    assert (asked.state, asked.reason) == ("failed", "not_on_whatsapp")
    assert number.validity == "unknown"
