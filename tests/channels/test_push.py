"""Push messages through FCM's HTTP v1 API: what arrives there, what its refusals mean, which device gets it."""

import json
from datetime import timedelta

import pytest

from channels.base import Receipt, channels
from channels.liquid import render
from channels.models import Message, SandboxMessage
from compliance import gate
from config import clock
from contacts.models import Address
from tests.builders import NOW, account, address, consent, contact, message, template
from tests.channels import firebase, servers
from tests.channels.firebase import DEVICE, OTHER, claims, config, google, refusal
from tests.channels.sending import failed, hand_over, one, outgoing
from tests.channels.servers import Answer

PUSH = channels["push"]


@pytest.fixture(autouse=True)
def sandbox(settings, web):
    settings.DELIVERY = "sandbox"
    web.answer = google()


def push(number: int = 1, to: str = DEVICE, **words):
    return outgoing(number, to, **{"title": "Back in stock", "body": "The red shoe.", **words})


def sent(web, number: int = -1) -> dict:
    return [request for request in web.requests if request.path != "/token"][number].json["message"]


class TestSending:
    def test_it_leaves_as_fcm_expects_it(self, web):
        with clock.at(NOW):
            assert one("push", config(web), push(7)) == Receipt("projects/acorn-shop/messages/7")
        asked, posted = web.requests
        assert claims(asked) == {
            "iss": firebase.EMAIL,
            "scope": "https://www.googleapis.com/auth/firebase.messaging",
            "aud": f"{web.url}/token",
            "iat": int(NOW.timestamp()),
            "exp": int(NOW.timestamp()) + 3600,
        }
        assert posted.path == "/v1/projects/acorn-shop/messages:send"
        assert posted.headers["Authorization"] == "Bearer ya29.one"
        assert posted.json == {
            "message": {
                "token": DEVICE,
                "notification": {"title": "Back in stock", "body": "The red shoe."},
                "data": {"message": "7"},
            }
        }

    def test_with_everything(self, web):
        more = {"image": "https://shop.example/shoe.png", "action": "https://shop.example/shoe", "badge": "3"}
        with clock.at(NOW):
            one("push", config(web, project_id="other-1"), push(ttl="1h", payload='{"order":"42"}', **more))
        found = sent(web)
        assert web.requests[-1].path == "/v1/projects/other-1/messages:send"
        assert found["notification"]["image"] == more["image"]
        assert found["data"] == {"order": "42", "message": "1", "link": more["action"]}
        assert found["android"] == {"ttl": "3600s", "notification": {"notification_count": 3}}
        assert found["apns"] == {
            "payload": {"aps": {"badge": 3, "mutable-content": 1}},
            "headers": {"apns-expiration": str(int(NOW.timestamp()) + 3600)},
        }
        assert found["webpush"] == {"fcm_options": {"link": more["action"]}, "headers": {"TTL": "3600"}}

    def test_a_link_into_the_app_is_the_apps_business(self, web):
        one("push", config(web), push(action="acorn://shoes/1"))
        assert sent(web)["data"]["link"] == "acorn://shoes/1"
        assert "webpush" not in sent(web)

    def test_many_leave_on_few_connections_with_one_token(self, web):
        found = hand_over("push", config(web), [push(n) for n in range(60)], 4)
        assert all(isinstance(outcome, Receipt) for outcome in found.values())
        one("push", config(web), push(99))
        assert [request.path for request in web.requests].count("/token") == 1
        assert web.connections <= 5

    def test_nobody_can_write_other_data_by_name(self):
        content = {"title": "Hi", "body": "x", "payload": "name={{ name }}\nplan=pro"}
        words = PUSH.rendered(content, lambda field, source: render(source, {"name": 'Ada\nplan="x"'}, html=False))
        assert json.loads(words["payload"]) == {"name": 'Ada\nplan="x"', "plan": "pro"}

    def test_what_fcm_would_refuse_for_its_length_is_not_even_sent(self, web):
        assert failed(one("push", config(web), push(body="ö" * 3000))) == ("too_long", True, False)
        assert [request.path for request in web.requests] == ["/token"]


class TestRefusals:
    @pytest.mark.parametrize(("answer", "outcome"), [
        (refusal(404, "NOT_FOUND", "UNREGISTERED"), ("token_invalid", False, False)),
        (refusal(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", "message.token"), ("token_invalid", False, False)),
        (refusal(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT"), ("invalid_argument", True, False)),
        (refusal(403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH"), ("sender_mismatch", True, False)),
        (refusal(403, "PERMISSION_DENIED"), ("auth_failed", False, False)),
        (refusal(401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR"), ("auth_failed", False, False)),
        (refusal(429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED"), ("rate_limited", False, False)),
        (refusal(503, "UNAVAILABLE", "UNAVAILABLE"), ("http_503", False, False)),
        (Answer(502, "<html>"), ("http_502", False, False)),
        (Answer(404, "<html>"), ("fcm_404", True, False)),
        (Answer(200, "{}"), ("no_answer", False, True)),
        (Answer(hang_up=True), ("no_answer", False, True)),
    ])  # fmt: skip
    def test_what_its_answers_mean(self, web, answer, outcome):
        web.answer = lambda request: google()(request) if request.path == "/token" else answer
        assert failed(one("push", config(web), push())) == outcome

    @pytest.mark.parametrize(("answer", "outcome"), [
        (Answer(400, {"error": "invalid_grant", "error_description": "Invalid JWT"}), ("auth_failed", False, False)),
        (Answer(503, ""), ("http_503", False, False)),
        (Answer(hang_up=True), ("unreachable", False, False)),
    ])  # fmt: skip
    def test_without_a_token_nothing_leaves(self, web, answer, outcome):
        web.answer = lambda request: answer
        assert failed(hand_over("push", config(web), [push(1), push(2)])[2]) == outcome
        assert {request.path for request in web.requests} == {"/token"}

    def test_a_token_that_fcm_refuses_is_asked_for_anew(self, web):
        web.answer = lambda request: google()(request) if request.path == "/token" else refusal(401, "UNAUTHENTICATED")
        assert failed(one("push", config(web), push())) == ("auth_failed", False, False)
        web.answer = google()
        assert isinstance(one("push", config(web), push()), Receipt)
        assert [request.path for request in web.requests].count("/token") == 2

    def test_nobody_there_is_tried_again(self, web):
        away = config(web, api_base=f"http://127.0.0.1:{servers.unused_port()}")
        assert failed(one("push", away, push())) == ("unreachable", False, False)


@pytest.mark.django_db
class TestDevices:
    @pytest.fixture
    def ada(self):
        found = contact("ada", country="GB")
        address(found, "push", DEVICE, now=NOW - timedelta(days=2))
        address(found, "push", OTHER, now=NOW - timedelta(days=1))
        consent(found, "push", now=NOW - timedelta(days=3))
        return found

    @pytest.fixture
    def offer(self):
        return template(
            "offer", channel="push", content={"title": "Hi {{ contact.push | default: 'you' }}", "body": "x"}
        )

    def asked(self, ada, offer, web, minutes: int = 0) -> Message:
        account("push", config=config(web))
        one = message(ada, offer)
        for later in range(minutes + 1):
            with clock.at(NOW + timedelta(minutes=later)):
                gate.release(NOW + timedelta(minutes=later))
        one.refresh_from_db()
        return one

    def test_the_device_heard_of_last_gets_it(self, ada, offer, web):
        assert self.asked(ada, offer, web).state == "sent"
        assert sent(web)["token"] == OTHER
        assert sent(web)["notification"]["title"] == "Hi you"  # a token is no word for templates

    def test_k10_a_device_without_the_app_is_marked_and_the_next_one_gets_it(self, ada, offer, web):
        web.answer = google(gone=(OTHER,))
        one = self.asked(ada, offer, web, minutes=1)
        assert (one.state, one.attempts) == ("sent", 2)
        assert sent(web)["token"] == DEVICE
        gone = Address.objects.get(value=OTHER)
        assert (gone.validity, gone.validity_reason) == ("invalid", "refused by the provider")

    def test_k10_without_any_device_left_it_is_blocked(self, ada, offer, web):
        web.answer = google(gone=(OTHER, DEVICE))
        one = self.asked(ada, offer, web, minutes=3)
        assert (one.state, one.reason) == ("blocked", "token_invalid")

    def test_in_the_sandbox_it_becomes_a_row(self, ada, offer, web):
        account("push", config={"service_account": firebase.key_file("https://oauth2.googleapis.com/token")})
        message(ada, offer)
        gate.release(NOW)
        caught = SandboxMessage.objects.get()
        assert (caught.channel, caught.recipient, caught.text) == ("push", OTHER, "Hi you\nx")
        assert not web.requests
