"""In-app messages: put into the inbox by the gate, read and answered by the person's app."""

from datetime import timedelta

import pytest
from django.test import Client

from channels import inbox
from channels.base import channels
from channels.inbox import Reader
from channels.models import InAppMessage, Message, SandboxMessage
from compliance import gate
from config import clock
from contacts.models import Contact, Event
from tests.builders import NOW, account, brand, consent, contact, message, template

pytestmark = pytest.mark.django_db
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
WORDS = {"title": "Hi {{ contact.first_name }}", "body": "Shoes", "label": "Look", "link": "https://shop.example/shoes"}


@pytest.fixture(autouse=True)
def live(settings):
    settings.DELIVERY = "live"


@pytest.fixture
def ada() -> Contact:
    account("in_app", config={"show_for": "30d"})
    found = contact("ada", country="GB", first_name="Ada")
    consent(found, "in_app", now=NOW - DAY)
    return found


@pytest.fixture
def sent(ada) -> Message:
    return put(ada, WORDS)


def put(person: Contact, words: dict) -> Message:
    one = message(person, template(f"offer-{Message.objects.count()}", channel="in_app", content=words))
    with clock.at(NOW):
        gate.release(NOW)
    one.refresh_from_db()
    return one


def token(person: Contact, key: str = "acme", at=NOW) -> str:
    return inbox.token(Reader(person.pk, brand(key).pk), at)


def call(method: str, path: str, bearer: str, at=NOW):
    with clock.at(at):
        return getattr(Client(enforce_csrf_checks=True), method)(path, headers={"authorization": f"Bearer {bearer}"})


def listed(person: Contact, at=NOW, key: str = "acme") -> list[str]:
    answer = call("get", "/v1/inbox", token(person, key, at), at)
    assert answer.status_code == 200
    return [one["title"] for one in answer.json()["messages"]]


def test_what_the_gate_lets_leave_lies_in_the_inbox(ada, sent):
    assert (sent.state, sent.provider_id) == ("sent", f"inbox-{sent.pk}")
    answer = call("get", "/v1/inbox", token(ada))
    assert answer.json() == {
        "messages": [
            {
                "id": sent.pk, "title": "Hi Ada", "body": "Shoes", "label": "Look", "link": "https://shop.example/shoes",
                "created_at": "2026-11-24T12:00:00Z", "expires_at": "2026-12-24T12:00:00Z", "read_at": None,
            }
        ]
    }  # fmt: skip
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "no-store" in answer["Cache-Control"]


def test_looking_changes_nothing(ada, sent):
    listed(ada)
    assert InAppMessage.objects.get().read_at is None
    assert not Event.objects.filter(name="message.opened").exists()


def test_what_is_over_or_dismissed_is_not_shown(ada):
    put(ada, {**WORDS, "expires_in": "3d"})
    assert listed(ada, NOW + 3 * DAY - SECOND) == ["Hi Ada"]
    assert listed(ada, NOW + 3 * DAY) == []
    two = put(ada, {**WORDS, "title": "Two"})
    assert call("post", f"/v1/inbox/{two.pk}/dismiss", token(ada)).status_code == 200
    assert listed(ada) == ["Hi Ada"]


def test_reading_and_clicking_are_facts_once(ada, sent):
    for _ in range(2):
        answer = call("post", f"/v1/inbox/{sent.pk}/read", token(ada))
        assert (answer.status_code, answer.json()["read_at"]) == (200, "2026-11-24T12:00:00Z")
    sent.refresh_from_db()
    assert sent.get_delivery_display() == "opened"
    for _ in range(2):
        call("post", f"/v1/inbox/{sent.pk}/click", token(ada))
    sent.refresh_from_db()
    assert sent.get_delivery_display() == "clicked"
    assert Event.objects.filter(name="message.opened").count() == 1
    assert Event.objects.get(name="message.clicked").properties["url"] == "https://shop.example/shoes"


def test_who_clicks_has_read(ada, sent):
    call("post", f"/v1/inbox/{sent.pk}/click", token(ada))
    assert InAppMessage.objects.get().read_at == NOW
    assert Event.objects.filter(name__in=("message.opened", "message.clicked")).count() == 2


def test_nobody_reads_anothers_inbox(ada, sent):
    bob = contact("bob")
    assert listed(bob) == []
    assert listed(ada, key="umbra") == []
    assert call("post", f"/v1/inbox/{sent.pk}/read", token(bob)).status_code == 404
    assert call("post", f"/v1/inbox/{sent.pk}/read", token(ada, "umbra")).status_code == 404
    assert InAppMessage.objects.get().read_at is None


def test_a_token_that_is_not_ours_opens_nothing(ada, sent):
    good = token(ada)
    forged = [
        good[:-1] + ("A" if good[-1] != "A" else "B"),
        f"{ada.pk + 1}{good[good.index('.') :]}",
        "",
        "1.2.3",
        "a.b.c.d",
        "é.1.2.x",
    ]
    assert {call("get", "/v1/inbox", one.encode().decode("latin-1")).status_code for one in forged} == {401}
    assert call("get", "/v1/inbox", good, NOW + inbox.LIFE).status_code == 401
    assert Client().get("/v1/inbox").status_code == 401
    gone = contact("eve")
    her_token = token(gone)
    gone.delete()
    assert call("get", "/v1/inbox", her_token).status_code == 401


@pytest.mark.parametrize(("method", "path", "status"), [
    ("post", "/v1/inbox", 405), ("get", "/v1/inbox/{}/read", 405), ("post", "/v1/inbox/{}/eat", 404),
    ("post", "/v1/inbox/99999999999999999999/read", 404), ("options", "/v1/inbox", 204),
])  # fmt: skip
def test_what_is_not_offered(ada, sent, method, path, status):
    assert call(method, path.format(sent.pk), token(ada)).status_code == status
    assert InAppMessage.objects.get().read_at is None


def test_in_the_sandbox_no_app_gets_it(ada, settings):
    settings.DELIVERY = "sandbox"
    assert put(ada, WORDS).state == "sent"
    assert SandboxMessage.objects.get().text == "Hi Ada\nShoes\nLook\nhttps://shop.example/shoes"
    assert listed(ada) == []


def test_a_message_of_a_worker_that_died_is_found_or_not(ada, sent):
    kind = channels["in_app"]
    assert kind.look_up({}, sent.pk, sent.key, "", NOW).provider_id == f"inbox-{sent.pk}"
    InAppMessage.objects.all().delete()
    assert kind.look_up({}, sent.pk, sent.key, "", NOW) is None
