"""What contacts, mail programs, link scanners and providers reach without a login."""

import pytest
from django.conf import settings as django_settings
from django.test import Client
from twilio.request_validator import RequestValidator

from channels import links
from channels.models import Message
from compliance import gate
from contacts.models import Consent, ConsentState, Event
from tests.builders import NOW, account, consent, contact, message, template

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent() -> Message:
    account("sms")
    offer = template("offer", channel="sms", content={"body": "Hi"})
    person = contact("ada", phone="+447700900123")
    consent(person, "sms", now=NOW)
    one = message(person, offer)
    gate.release(NOW)
    Message.objects.update(provider_id="SM1")
    one.refresh_from_db()
    return one


@pytest.fixture
def outsider() -> Client:
    """A mail program: no cookie, and CSRF enforced as in life."""
    return Client(enforce_csrf_checks=True)


def path(url: str) -> str:
    return url.removeprefix(django_settings.BASE_URL)


def consents() -> str:
    return ConsentState.objects.get().state


class TestUnsubscribe:
    def test_g28_looking_changes_nothing(self, sent, outsider) -> None:
        for method in (outsider.get, outsider.head):
            answer = method(path(links.unsubscribe_url(sent.pk)))
            assert answer.status_code == 200
        assert consents() == "granted"
        page = outsider.get(path(links.unsubscribe_url(sent.pk)))
        assert "News" in page.content.decode()
        assert "script-src" not in page["Content-Security-Policy"]
        assert "default-src 'none'" in page["Content-Security-Policy"]

    @pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "multipart/form-data"])
    def test_g26_one_click_needs_no_cookie_and_no_second_step(self, sent, outsider, content_type: str) -> None:
        data = {"List-Unsubscribe": "One-Click"}
        if content_type.startswith("application"):
            answer = outsider.post(
                path(links.unsubscribe_url(sent.pk)), "List-Unsubscribe=One-Click", content_type=content_type
            )
        else:
            answer = outsider.post(path(links.unsubscribe_url(sent.pk)), data)
        assert answer.status_code == 200
        assert not answer.cookies
        assert consents() == "withdrawn"
        line = Consent.objects.get(state="withdrawn")
        assert (line.source, line.proof) == ("one-click", {"message": sent.pk})

    def test_g30_again_is_no_error(self, sent, outsider) -> None:
        for _ in range(3):
            assert outsider.post(path(links.unsubscribe_url(sent.pk))).status_code == 200
        assert consents() == "withdrawn"
        assert Event.objects.filter(name="message.unsubscribed").count() == 1

    @pytest.mark.parametrize("token", ["1.forged", "x", "1", "1.", "999999999999999999999.abc", "²." + "a" * 22])
    def test_g29_a_forged_token_changes_nothing(self, sent, outsider, token: str) -> None:
        assert outsider.post(f"/u/{token}").status_code == 404
        assert consents() == "granted"

    def test_the_token_of_another_link_does_not_fit(self, sent, outsider) -> None:
        assert outsider.post(f"/u/{links.token('open', sent.pk)}").status_code == 404
        assert outsider.post(f"/u/{links.token('unsubscribe', sent.pk + 1)}").status_code == 200
        assert consents() == "granted"

    def test_the_message_of_somebody_who_was_erased(self, outsider) -> None:
        assert outsider.post(path(links.unsubscribe_url(4711))).status_code == 200


class TestClicks:
    TO = "https://shop.example.test/?a=1&b=ü"

    def test_a_click_is_noted_and_goes_on(self, sent, outsider) -> None:
        answer = outsider.get(path(links.click_url(sent.pk, self.TO)))
        assert (answer.status_code, answer["Location"]) == (302, "https://shop.example.test/?a=1&b=%C3%BC")
        assert Event.objects.get(name="message.clicked").properties["url"] == self.TO

    def test_nobody_is_sent_elsewhere(self, sent, outsider) -> None:
        other = path(links.click_url(sent.pk, self.TO)).replace("shop", "evil")
        assert outsider.get(other).status_code == 404
        for scheme in ("javascript:alert(1)", "data:text/html,x", "//evil.example.test"):
            assert outsider.get(path(links.click_url(sent.pk, scheme))).status_code == 404

    def test_a_scanner_that_only_asks_for_headers_is_no_reader(self, sent, outsider) -> None:
        assert outsider.head(path(links.click_url(sent.pk, self.TO))).status_code == 302
        assert not Event.objects.filter(name="message.clicked").exists()

    def test_the_link_works_when_the_message_is_gone(self, outsider) -> None:
        assert outsider.get(path(links.click_url(4711, self.TO))).status_code == 302


class TestOpens:
    def test_an_opened_mail_is_noted_once(self, sent, outsider) -> None:
        for _ in range(2):
            answer = outsider.get(path(links.open_url(sent.pk)))
            assert (answer.status_code, answer["Content-Type"]) == (200, "image/gif")
        assert Event.objects.filter(name="message.opened").count() == 1

    def test_a_forged_image_is_an_image(self, sent, outsider) -> None:
        assert outsider.get("/o/1.forged.gif").status_code == 200
        assert not Event.objects.filter(name="message.opened").exists()


class TestTwilio:
    URL = "/webhooks/twilio/acme-sms/status"

    def post(self, client: Client, token: str = "secret", url: str = "", **form: str):
        form = {"MessageSid": "SM1", "MessageStatus": "delivered", **form}
        address = url or f"{django_settings.BASE_URL}{self.URL}"
        signature = RequestValidator(token).compute_signature(address, form)
        return client.post(self.URL, form, headers={"x-twilio-signature": signature})

    def test_a_signed_status_is_heard(self, sent, outsider) -> None:
        assert self.post(outsider).status_code == 204
        sent.refresh_from_db()
        assert sent.delivery == Message.Delivery.DELIVERED

    def test_l18_an_unsigned_or_forged_one_is_refused_and_changes_nothing(self, sent, outsider) -> None:
        assert outsider.post(self.URL, {"MessageSid": "SM1", "MessageStatus": "delivered"}).status_code == 403
        assert self.post(outsider, token="wrong").status_code == 403
        assert self.post(outsider, url="https://elsewhere.example.test/").status_code == 403
        sent.refresh_from_db()
        assert sent.delivery == Message.Delivery.NONE

    def test_an_account_that_does_not_exist(self, outsider) -> None:
        assert outsider.post("/webhooks/twilio/nobody/status", {}).status_code == 403

    def test_nonsense_with_a_good_signature(self, sent, outsider) -> None:
        assert self.post(outsider, MessageStatus="").status_code == 400

    def test_a_status_that_overtakes_our_own_record(self, sent, outsider) -> None:
        Message.objects.update(state="sending", provider_id="")
        token = f"{sent.pk}.{links.sign('twilio', f'acme-sms:{sent.pk}')}"
        form = {"MessageSid": "SM7", "MessageStatus": "delivered"}
        url = f"{self.URL}?m={token}"
        signature = RequestValidator("secret").compute_signature(f"{django_settings.BASE_URL}{url}", form)
        assert outsider.post(url, form, headers={"x-twilio-signature": signature}).status_code == 204
        sent.refresh_from_db()
        assert (sent.state, sent.delivery, sent.provider_id) == ("sending", 10, "SM7")
