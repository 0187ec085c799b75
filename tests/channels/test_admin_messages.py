"""Messages and the sandbox in the admin: found, read as they were sent, and never opened or clicked by looking."""

import pytest
from django.urls import reverse

from channels import archive, links
from channels.models import Message, SandboxMessage
from compliance import gate
from tests import staff
from tests.builders import NOW, account, consent, contact, event, message, template
from tests.pages import queries, who

pytestmark = pytest.mark.django_db

LIST = reverse("admin:channels_message_changelist")
INBOX = reverse("admin:channels_sandboxmessage_changelist")
SIGHTED = {"Marketer", "Legal reviewer", "Operator", "Support agent", "Analyst", "Administrator"}


def page(one: Message) -> str:
    return reverse("admin:channels_message_change", args=(one.pk,))


def copy(one: Message) -> str:
    return reverse("admin:channels_message_copy", args=(one.pk,))


@pytest.fixture
def browser():
    return staff.client("Marketer")


@pytest.fixture
def sent() -> Message:
    """An SMS to Ada that has left."""
    account("sms")
    ada = contact("ada", phone="+447700900123", first_name="Ada")
    consent(ada, "sms")
    one = message(
        ada,
        template("offer", channel="sms", content={"body": "Hello Ada"}),
        labels={"journey": "welcome", "step": "hi"},
    )
    gate.release(NOW)
    one.refresh_from_db()
    assert one.state == "sent"
    return one


@pytest.fixture
def blocked(sent) -> Message:
    """An SMS to Bob, who never allowed any."""
    bob = contact("bob", phone="+447700900124", first_name="Bob")
    one = message(bob, sent.template, labels={"journey": "win-back", "step": "one"})
    gate.release(NOW)
    one.refresh_from_db()
    assert (one.state, one.reason) == ("blocked", "no_consent")
    return one


class TestFinding:
    def found(self, browser, **query) -> str:
        answer = browser.get(LIST, query)
        assert answer.status_code == 200
        return answer.content.decode()

    @pytest.mark.parametrize(
        "query", [{"state": "blocked"}, {"state__exact": "blocked"}, {"reason": "no_consent"}, {"journey": "win-back"}]
    )
    def test_by_state_reason_and_journey(self, browser, sent, blocked, query) -> None:
        html = self.found(browser, **query)
        assert f"#{blocked.pk}" in html
        assert f"#{sent.pk}<" not in html

    def test_by_channel(self, browser, sent) -> None:
        assert f"#{sent.pk}" in self.found(browser, channel="sms")
        assert f"#{sent.pk}" not in self.found(browser, channel="email")

    @pytest.mark.parametrize("term", ["bob", "+447700900124", "+44 7700 900124", "{pk}", "{key}"])
    def test_by_person_address_number_and_key(self, browser, sent, blocked, term) -> None:
        html = self.found(browser, q=term.format(pk=blocked.pk, key=blocked.key))
        assert f"#{blocked.pk}" in html
        assert f"#{sent.pk}<" not in html

    @pytest.mark.parametrize("term", ["nobody", "@", "+", "99999999999999999999", "'; drop table"])
    def test_nothing_is_found_for_what_is_not_there(self, browser, sent, term) -> None:
        assert f"#{sent.pk}" not in self.found(browser, q=term)

    def test_it_costs_the_same_however_many(self, browser, sent) -> None:
        few = queries(browser, LIST)
        for number in range(8):
            message(contact(f"c-{number}"), sent.template)
        assert queries(browser, LIST) == few


class TestPage:
    def test_it_says_what_became_of_it_and_to_whom(self, browser, sent) -> None:
        html = browser.get(page(sent)).content.decode()
        assert reverse("admin:contacts_contact_change", args=(sent.contact_id,)) in html
        assert "by the journey welcome, step hi" in html
        assert "<strong>Sent</strong>" in html
        assert f'src="{copy(sent)}"' in html

    def test_one_that_was_blocked_has_no_copy_but_a_reason(self, browser, blocked) -> None:
        html = browser.get(page(blocked)).content.decode()
        assert "It never left, so there is no copy." in html
        assert "no_consent" in html
        assert "The person never allowed" in html
        assert "Was it sent?" not in html

    def test_one_that_waits_says_so(self, browser, sent) -> None:
        waiting = message(contact("carl"), sent.template)
        html = browser.get(page(waiting)).content.decode()
        assert "It has not left yet." in html
        assert "The gate has not judged it yet." in html

    def test_facts_of_other_messages_are_not_shown(self, browser, sent) -> None:
        event(sent.contact, "message.clicked", message=sent.pk + 1, url="https://other.example")
        event(sent.contact, "message.clicked", message=sent.pk, url="https://mine.example")
        html = browser.get(page(sent)).content.decode()
        assert "https://mine.example" in html
        assert "https://other.example" not in html

    @pytest.mark.parametrize("number", ["0", "999999", "abc", "9" * 30])
    def test_an_unknown_one_leads_home_with_a_sentence(self, browser, number) -> None:
        answer = browser.get(f"{LIST}{number}/change/", follow=True)
        assert answer.status_code == 200
        assert "doesn’t exist" in answer.content.decode()

    def test_nobody_changes_or_deletes_one(self, sent) -> None:
        admin = staff.client("Administrator")
        assert admin.post(page(sent), {"state": "failed"}).status_code == 403
        assert admin.post(f"{LIST}{sent.pk}/delete/", {"post": "yes"}).status_code == 403
        assert admin.get(f"{LIST}add/").status_code == 403

    def test_who(self, sent) -> None:
        assert who(LIST) == SIGHTED
        assert who(page(sent)) == SIGHTED
        assert who(copy(sent)) == SIGHTED


class TestCopy:
    def test_it_is_word_for_word(self, browser, sent) -> None:
        assert "<pre>Hello Ada</pre>" in browser.get(copy(sent)).content.decode()

    def test_looking_at_a_mail_neither_opens_nor_clicks(self, browser, sent) -> None:
        image = f'<img src="{links.open_url(sent.pk)}">'
        archive.keep(
            [
                (
                    sent.pk,
                    sent.version_id,
                    {
                        "to": "ada@example.test",
                        "subject": "Hi",
                        "html": f"<p>Hello <a href='/c/x'>you</a></p>{image}",
                    },
                )
            ]
        )
        answer = browser.get(copy(sent))
        assert "/o/" not in answer.content.decode()
        assert "img-src data:;" in answer["Content-Security-Policy"]
        assert "allow-popups" not in answer["Content-Security-Policy"]
        assert "allow-scripts" not in answer["Content-Security-Policy"]

    def test_text_is_escaped(self, browser, sent) -> None:
        archive.keep([(sent.pk, sent.version_id, {"body": "<script>alert(1)</script>"})])
        assert "&lt;script&gt;" in browser.get(copy(sent)).content.decode()

    def test_without_one_it_is_not_found(self, browser, blocked) -> None:
        assert browser.get(copy(blocked)).status_code == 404


class TestSandbox:
    @pytest.fixture
    def caught(self, sent) -> SandboxMessage:
        return SandboxMessage.objects.create(
            channel="email",
            sender="Acme <hi@acme.example.test>",
            recipient="ada@example.test",
            subject="Hello <b>Ada</b>",
            text="Plain words",
            html="<html><head></head><body><a href='https://shop.example.test'>Shop</a></body></html>",
            raw="Subject: Hello\r\n\r\nRaw <words>",
            message=sent,
            received_at=NOW,
        )

    def test_the_inbox(self, browser, caught) -> None:
        html = browser.get(INBOX, {"q": "ada@example.test"}).content.decode()
        assert "Hello &lt;b&gt;Ada&lt;/b&gt;" in html

    def test_a_mail_has_three_looks(self, browser, caught) -> None:
        address = reverse("admin:channels_sandboxmessage_change", args=(caught.pk,))
        assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in browser.get(address).content.decode()
        assert "Plain words" in browser.get(address, {"view": "text"}).content.decode()
        assert "Raw &lt;words&gt;" in browser.get(address, {"view": "raw"}).content.decode()
        assert page(caught.message) in browser.get(address).content.decode()

    def test_its_links_open_in_a_new_tab(self, browser, caught) -> None:
        answer = browser.get(reverse("admin:channels_sandboxmessage_frame", args=(caught.pk,)))
        assert '<head><base target="_blank"></head>' in answer.content.decode()
        assert answer["Content-Security-Policy"].endswith("sandbox allow-popups allow-popups-to-escape-sandbox")
        assert "allow-scripts" not in answer["Content-Security-Policy"]

    def test_a_text_message_has_one_look(self, browser, sent) -> None:
        text = SandboxMessage.objects.get()
        html = browser.get(reverse("admin:channels_sandboxmessage_change", args=(text.pk,))).content.decode()
        assert "Hello Ada" in html
        assert "?view=" not in html

    def test_who(self, caught) -> None:
        assert who(INBOX) == {"Marketer", "Legal reviewer", "Operator", "Administrator"}
        frame = reverse("admin:channels_sandboxmessage_frame", args=(caught.pk,))
        assert who(frame) == {"Marketer", "Legal reviewer", "Operator", "Administrator"}
