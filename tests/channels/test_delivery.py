"""From cleared to sent, over real sockets: copies, retries, what nobody can tell, and a worker that is gone."""

import email
from datetime import timedelta

import pytest
from django.db.models import F

from channels import reconciling
from channels.base import channels
from channels.models import Message, RenderedCopy
from compliance import gate
from config import clock
from contacts.models import Address, ConsentState, Event, Suppression
from tests.builders import NOW, account, consent, contact, message, template
from tests.channels import servers
from tests.channels.servers import Answer

pytestmark = pytest.mark.django_db
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SECRET = "whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"


@pytest.fixture
def hook(web):
    """A brand whose messages go to a web server on this machine."""
    account(
        "webhook", config={"url": f"{web.url}/hook", "lookup_url": f"{web.url}/seen", "secret": SECRET, "timeout": 1}
    )
    return template("ping", channel="webhook", content={"body": "Hello {{ contact.external_id }}"})


def asked(about, name: str = "ada", **fields) -> Message:
    person = contact(name, email=f"{name}@example.test")
    consent(person, about.channel, now=NOW - HOUR)
    return message(person, about, **fields)


def released(one: Message, now=NOW) -> Message:
    with clock.at(now):
        gate.release(now)
    one.refresh_from_db()
    return one


def state(one: Message) -> tuple[str, str]:
    one.refresh_from_db()
    return one.state, one.reason


def names(one: Message) -> list[str]:
    return list(
        Event.objects.filter(name__startswith="message.", properties__message=one.pk)
        .order_by("id")
        .values_list("name", flat=True)
    )


class TestOutcomes:
    def test_taken(self, hook, web) -> None:
        one = released(asked(hook))
        assert state(one) == ("sent", "")
        assert web.requests[0].json["content"] == {"body": "Hello ada"}
        assert RenderedCopy.objects.get(message=one).content["body"] == "Hello ada"
        assert one.sent_at == NOW
        assert one.lease_until is None
        assert names(one) == ["message.sent"]

    def test_refused_for_good(self, hook, web) -> None:
        web.answer = lambda request: Answer(410)
        one = released(asked(hook))
        assert state(one) == ("failed", "http_410")
        assert "410" in one.error
        assert names(one) == ["message.failed"]
        assert one.cleared_at is None

    def test_asked_to_come_again_it_passes_the_door_again(self, hook, web) -> None:
        web.answer = lambda request: Answer(503)
        one = released(asked(hook))
        assert state(one) == ("pending", "http_503")
        assert one.due_at == NOW + timedelta(seconds=30)
        assert not names(one)
        web.answer = lambda request: Answer()
        released(one, one.due_at)
        assert state(one) == ("sent", "")
        assert one.attempts == 2
        assert one.decisions.count() == 2

    def test_pauses_grow_and_end(self, hook, web) -> None:
        web.answer = lambda request: Answer(503)
        one, pauses = asked(hook), []
        now = NOW
        for _ in range(8):
            released(one, now)
            if one.due_at:
                pauses.append(one.due_at - now)
                now = one.due_at
        assert pauses == sorted(pauses)
        assert state(one) == ("failed", "http_503")
        assert len(web.requests) == 8

    def test_one_bad_message_does_not_hurt_the_others(self, hook, web) -> None:
        web.answer = lambda request: Answer(400 if b"eve" in request.body else 200)
        found = [asked(hook, name) for name in ("ada", "eve", "bob")]
        gate.release(NOW)
        assert [state(one)[0] for one in found] == ["sent", "failed", "sent"]

    def test_a_template_that_needs_what_is_missing(self, hook, web) -> None:
        other = template("named", channel="webhook", content={"body": "Dear {{ contact.first_name }}"})
        one = released(asked(other))
        assert state(one) == ("failed", "missing_variable")
        assert "contact.first_name has no value" in one.error
        assert not web.requests

    def test_a_channel_that_raises_leaves_nobody_guessing(self, hook, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(config, batch, concurrency):
            raise RuntimeError("no ink")

        monkeypatch.setattr(channels["webhook"], "send", broken)
        assert state(released(asked(hook))) == ("unknown", "internal_error")


class TestUnknown:
    def lost(self, hook, web) -> Message:
        """The server took it, and its answer was lost."""
        web.answer = lambda request: Answer(hang_up=True)
        one = released(asked(hook))
        assert state(one) == ("unknown", "no_answer")
        assert not names(one)
        return one

    def look(self, one: Message, now) -> str:
        reconciling.reconcile(now)
        return state(one)[0]

    def test_it_is_not_sent_again_before_it_is_known(self, hook, web) -> None:
        one = self.lost(hook, web)
        gate.release(NOW + HOUR)
        assert len([request for request in web.requests if request.method == "POST"]) == 1
        assert one.copy.content["body"] == "Hello ada"

    def test_the_provider_has_it(self, hook, web) -> None:
        one = self.lost(hook, web)
        web.answer = lambda request: Answer(200)
        assert reconciling.unknown_due(NOW) == NOW + MINUTE
        assert reconciling.reconcile(NOW) == 0
        assert self.look(one, NOW + MINUTE) == "sent"
        assert web.requests[-1].path == "/seen/test%3A1"
        assert names(one) == ["message.sent"]
        assert gate.release(NOW + HOUR) == 0

    def test_the_provider_never_got_it(self, hook, web) -> None:
        one = self.lost(hook, web)
        web.answer = lambda request: Answer(404)
        assert self.look(one, NOW + MINUTE) == "pending"
        web.answer = lambda request: Answer(200)
        released(one, NOW + MINUTE)
        assert state(one) == ("sent", "")
        assert names(one) == ["message.sent"]

    def test_nobody_can_tell_for_a_day(self, hook, web) -> None:
        one = self.lost(hook, web)
        web.answer = lambda request: Answer(500)
        now, looks = NOW, 0
        while (due := reconciling.unknown_due(now)) is not None:
            now = due
            looks += reconciling.reconcile(now)
        assert state(one)[0] == "unknown"
        assert names(one) == ["message.unknown"]
        assert NOW + timedelta(hours=24) <= now <= NOW + timedelta(hours=27)
        assert 10 < looks < 40


class TestALostWorker:
    def test_what_was_not_begun_goes_back_to_the_door(self, hook, web, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(gate.delivery, "deliver", lambda ids, now: None)
        one = released(asked(hook))
        assert state(one)[0] == "sending"
        monkeypatch.undo()
        assert reconciling.recover(NOW + MINUTE / 4) == 0
        due = reconciling.leases_due(NOW)
        assert due
        assert reconciling.recover(due) == 1
        assert state(one)[0] == "pending"
        assert state(released(one, due))[0] == "sent"
        assert len(web.requests) == 1

    def test_what_was_begun_is_looked_up(self, hook, web, monkeypatch: pytest.MonkeyPatch) -> None:
        """Killed between the hand-over and the record: the server has it, our row does not say so."""
        monkeypatch.setattr("channels.outcomes.record", lambda handed, now: None)
        one = released(asked(hook))
        monkeypatch.undo()
        assert len(web.requests) == 1
        Message.objects.update(lease_until=F("cleared_at"))
        reconciling.recover(NOW + HOUR)
        assert state(one) == ("unknown", "worker_lost")
        web.answer = lambda request: Answer(200)
        reconciling.reconcile(NOW + HOUR)
        assert state(one)[0] == "sent"
        assert len([request for request in web.requests if request.method == "POST"]) == 1


class TestMail:
    @pytest.fixture
    def mail(self, post):
        account(
            "email",
            config={
                "backend": "smtp",
                "host": "127.0.0.1",
                "port": post.port,
                "from_email": "Acme <hi@acme.example.test>",
            },
        )
        html = "<html><body><p>Hi {{ contact.nick | default: 'you' }}</p><a href='https://shop.example.test/?a=1&amp;b=2'>Shop</a> <a href=\"{{ unsubscribe_url }}\">No more</a></body></html>"
        return template("mail", content={"subject": "Hi", "html": html, "text": "Hi. {{ unsubscribe_url }}"})

    def parsed(self, post: servers.Post) -> email.message.EmailMessage:
        return email.message_from_bytes(post.mails[0].data, policy=email.policy.default)

    def test_a_marketing_mail_carries_its_way_out(self, mail, post) -> None:
        one = released(asked(mail))
        assert state(one) == ("sent", "")
        arrived = self.parsed(post)
        assert arrived.get_all("List-Unsubscribe") == [f"<{self.link(arrived)}>"]
        assert arrived["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert one.provider_id == arrived["Message-ID"]

    def link(self, arrived) -> str:
        text = arrived.get_body(("plain",)).get_content()
        return text.split()[1]

    def test_links_lead_over_us_but_our_own_do_not(self, mail, post) -> None:
        released(asked(mail))
        html = self.parsed(post).get_body(("html",)).get_content()
        assert "/c/" in html
        assert "https%3A%2F%2Fshop.example.test%2F%3Fa%3D1%26b%3D2" in html
        assert html.count("/u/") == 1
        assert html.count("/o/") == 1
        assert html.index("/o/") < html.index("</body>")

    def test_what_a_person_calls_himself_is_no_html(self, mail, post) -> None:
        person = contact("eve", email="eve@example.test", nick="<script>alert(1)</script>")
        consent(person, "email", now=NOW - HOUR)
        released(message(person, mail))
        assert "&lt;script&gt;" in self.parsed(post).get_body(("html",)).get_content()

    def test_an_order_confirmation_has_no_unsubscribe_header(self, mail, post) -> None:
        receipt = template("receipt", content={"subject": "Paid", "text": "Paid"}, message_class="transactional")
        released(asked(receipt))
        assert self.parsed(post)["List-Unsubscribe"] is None

    def test_the_subject_may_not_write_headers(self, mail, post) -> None:
        sly = template("sly", content={"subject": "Hi {{ contact.nick }}", "text": "x"})
        person = contact("eve", email="eve@example.test", nick="x\nBcc: all@example.test")
        consent(person, "email", now=NOW - HOUR)
        assert state(released(message(person, sly))) == ("failed", "header_injection")
        assert not post.mails


class TestSms:
    def test_a_number_that_opted_out_at_the_provider_is_never_asked_again(self, web) -> None:
        web.answer = lambda request: Answer(400, {"code": 21610, "message": "unsubscribed recipient", "status": 400})
        account(
            "sms",
            config={
                "account_sid": "AC" + "0" * 32,
                "auth_token": "t",
                "from_number": "+15005550006",
                "api_base": web.url,
            },
        )
        offer = template("offer", channel="sms", content={"body": "Hi"})
        person = contact("ada", phone="+447700900123")
        consent(person, "sms", now=NOW - HOUR)
        assert state(released(message(person, offer))) == ("failed", "opted_out")
        assert set(Suppression.objects.values_list("reason", flat=True)) == {"opt_out", "provider"}
        assert state(released(message(person, offer, "again"))) == ("blocked", "opted_out")
        assert len(web.requests) == 1

    def test_a_wrong_number_is_known_to_be_wrong(self, web) -> None:
        web.answer = lambda request: Answer(400, {"code": 21211, "message": "invalid", "status": 400})
        account(
            "sms",
            config={
                "account_sid": "AC" + "0" * 32,
                "auth_token": "t",
                "from_number": "+15005550006",
                "api_base": web.url,
            },
        )
        offer = template("offer", channel="sms", content={"body": "Hi"})
        person = contact("ada", phone="+447700900123")
        consent(person, "sms", now=NOW - HOUR)
        released(message(person, offer))
        assert Address.objects.get().validity == "invalid"


def test_live_messages_do_not_leave_this_machine_in_the_sandbox(settings, web) -> None:
    """An account that points outside is caught: its SMS become rows, whatever its settings say."""
    from channels.models import SandboxMessage

    account("sms")
    offer = template("offer", channel="sms", content={"body": "Hi"})
    person = contact("ada", phone="+447700900123")
    consent(person, "sms", now=NOW - HOUR)
    released(message(person, offer))
    assert SandboxMessage.objects.get().recipient == "+447700900123"
    assert ConsentState.objects.get().state == "granted"
