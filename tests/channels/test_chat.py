"""The chat: put there by the gate, fetched and answered by the person's widget, understood like every message."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from channels import archive, chat, inbox, quick_replies
from channels.base import channels
from channels.inbox import Reader
from channels.models import ChatMessage, InAppMessage, InboundMessage, Message
from compliance import erasure, findings, gate
from compliance.access import tables
from compliance.evidence import gathering
from compliance.models import HousePolicy
from compliance.optouts import reviewing
from config import clock
from contacts import merging
from contacts.models import Brand, ConsentState, Contact, Event, Suppression
from tests import builders, staff
from tests.api.cast import token as api_token
from tests.builders import NOW, account, brand, consent, contact, message, template, topic
from tests.granted import MARKETER, browser, holder

pytestmark = pytest.mark.django_db
DAY, MINUTE, SECOND = timedelta(days=1), timedelta(minutes=1), timedelta(seconds=1)
WORDS = {
    "body": "Which one, {{ contact.first_name }}?",
    "quick_replies": "Red = r\nBlue\nAll {{ contact.first_name }}s",
}
REPLIES = [
    {"label": "Red", "value": "r"},
    {"label": "Blue", "value": "Blue"},
    {"label": "All Adas", "value": "All Adas"},
]


@pytest.fixture(autouse=True)
def live(settings):
    settings.DELIVERY = "live"


@pytest.fixture
def ada() -> Contact:
    account("chat", config={"show_for": "30d"})
    found = contact("ada", country="GB", first_name="Ada")
    consent(found, "chat", now=NOW - DAY)
    return found


@pytest.fixture
def sent(ada) -> Message:
    return put(ada, WORDS)


def put(person: Contact, words: dict, now=NOW, **fields) -> Message:
    about = template(f"ask-{Message.objects.count()}", channel="chat", content=words, **fields)
    one = message(person, about, now=now)
    with clock.at(now):
        gate.release(now)
    one.refresh_from_db()
    return one


def token(person: Contact, key: str = "acme", at=NOW) -> str:
    return chat.token(Reader(person.pk, brand(key).pk), at)


def call(method: str, path: str, bearer: str, body=None, at=NOW):
    given = (
        {"data": body if isinstance(body, str) else json.dumps(body), "content_type": "application/json"}
        if body is not None
        else {}
    )
    with clock.at(at):
        browser_ = Client(enforce_csrf_checks=True)
        return getattr(browser_, method)(path, headers={"authorization": f"Bearer {bearer}"}, **given)


def say(person: Contact, at=NOW, **body):
    return call("post", "/v1/chat", token(person, at=at), body, at)


def listed(person: Contact, at=NOW, key: str = "acme") -> list[dict]:
    answer = call("get", "/v1/chat", token(person, key, at), at=at)
    assert answer.status_code == 200
    return answer.json()["messages"]


class TestFetching:
    def test_what_the_gate_lets_leave_lies_in_the_chat(self, ada, sent) -> None:
        assert (sent.state, sent.provider_id) == ("sent", f"chat-{sent.pk}")
        assert listed(ada) == [
            {
                "id": sent.pk, "from": "brand", "text": "Which one, Ada?", "quick_replies": REPLIES, "read_at": None,
                "created_at": "2026-11-24T12:00:00Z", "expires_at": "2026-12-24T12:00:00Z", "answered_at": None,
            }
        ]  # fmt: skip
        assert archive.shown(sent.pk) == {"body": "Which one, Ada?", "quick_replies": REPLIES, "to": ""}
        assert channels["chat"].readable(archive.shown(sent.pk)) == "Which one, Ada?\n[Red]\n[Blue]\n[All Adas]"

    def test_looking_changes_nothing_and_asks_little(self, ada, sent) -> None:
        counts = []
        for _ in range(2):
            with CaptureQueriesContext(connection) as queries:
                listed(ada)
            counts.append(len(queries))
            say(ada, text="Hello")
            put(ada, WORDS)
        assert counts[0] == counts[1]
        assert not Event.objects.filter(name="message.opened").exists()

    def test_what_is_over_is_not_shown(self, ada, sent) -> None:
        assert listed(ada, NOW + 30 * DAY - SECOND)
        assert listed(ada, NOW + 30 * DAY) == []

    def test_reading_is_a_fact_once(self, ada, sent) -> None:
        for _ in range(2):
            assert call("post", f"/v1/chat/{sent.pk}/read", token(ada)).status_code == 200
        sent.refresh_from_db()
        assert sent.get_delivery_display() == "opened"
        assert Event.objects.filter(name="message.opened").count() == 1

    def test_it_is_looked_up_after_a_crash(self, ada, sent) -> None:
        kind = channels["chat"]
        assert kind.look_up({}, sent.pk, "", "", NOW).provider_id == f"chat-{sent.pk}"
        ChatMessage.objects.all().delete()
        assert kind.look_up({}, sent.pk, "", "", NOW) is None


class TestWhoMay:
    def test_a_token_opens_its_own_chat_only(self, ada, sent) -> None:
        eve = contact("eve")
        assert listed(eve) == []
        assert listed(ada, key="other") == []
        assert call("post", f"/v1/chat/{sent.pk}/read", token(eve)).status_code == 404
        assert say(eve, answers=sent.pk, choice="r").status_code == 404
        assert call("post", f"/v1/chat/{2**70}/read", token(ada)).status_code == 404

    def test_that_of_the_inbox_does_not(self, ada) -> None:
        inboxes = inbox.token(Reader(ada.pk, brand().pk), NOW)
        assert call("get", "/v1/chat", inboxes).status_code == 401
        assert call("post", "/v1/chat", inboxes, {"text": "Hi"}).status_code == 401
        assert call("get", "/v1/inbox", token(ada)).status_code == 401

    @pytest.mark.parametrize("bearer", ["", "x", "1.1.1.x", "ä.b.c.d"])
    def test_forged_ones_do_not(self, ada, bearer) -> None:
        assert call("get", "/v1/chat", bearer).status_code == 401

    def test_they_end(self, ada, sent) -> None:
        assert call("get", "/v1/chat", token(ada, at=NOW - 30 * DAY)).status_code == 401

    def test_browsers_of_any_site_may_ask(self, ada) -> None:
        answer = call("options", "/v1/chat", "")
        assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (204, "*")
        assert call("put", "/v1/chat", token(ada)).status_code == 405

    def test_servers_ask_for_tokens(self, ada) -> None:
        robot = api_token(builders.user("robot", "channels.open_chat"), "contacts:write")
        asked = {"external_id": "ada", "brand": "acme"}

        def ask(secret: str):
            bearer = {"authorization": f"Bearer {secret}"}
            return Client().post("/api/chat-tokens/", asked, "application/json", headers=bearer)

        answer = ask(robot)
        assert answer.status_code == 201
        assert Client().get("/v1/chat", headers={"authorization": f"Bearer {answer.json()['token']}"}).json() == {
            "messages": []
        }
        assert ask(api_token(builders.user("inbox", "channels.open_inbox"), "contacts:write")).status_code == 403


class TestAnswering:
    def test_free_words_are_on_the_timeline(self, ada) -> None:
        answer = say(ada, id="w1", text=" When does it start? ")
        assert answer.status_code == 201
        assert answer.json()["text"] == "When does it start?"
        told = Event.objects.get(name="message.received")
        assert told.contact_id == ada.pk
        assert (told.properties["text"], told.properties["channel"]) == ("When does it start?", "chat")
        assert [one["from"] for one in listed(ada)] == ["person"]

    def test_a_chosen_reply_says_which_and_of_what(self, ada, sent) -> None:
        assert say(ada, at=NOW + MINUTE, id="w1", answers=sent.pk, choice="r").status_code == 201
        told = Event.objects.get(name="message.received").properties
        assert (told["text"], told["choice"], told["answers"]) == ("Red", "r", sent.pk)
        newest, asked = listed(ada, NOW + MINUTE)
        assert (newest["from"], newest["text"]) == ("person", "Red")
        assert (asked["quick_replies"], asked["answered_at"]) == ([], "2026-11-24T12:01:00Z")
        sent.refresh_from_db()
        assert sent.get_delivery_display() == "opened"

    def test_it_is_answered_once_and_sent_again_is_the_same(self, ada, sent) -> None:
        first = say(ada, id="w1", answers=sent.pk, choice="Blue")
        again = say(ada, id="w1", answers=sent.pk, choice="Blue")
        assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
        assert say(ada, id="w2", answers=sent.pk, choice="r").status_code == 409
        assert InboundMessage.objects.count() == 1
        assert Event.objects.filter(name="message.received").count() == 1

    @pytest.mark.parametrize("body", [
        "", "no json", "[]", {}, {"text": ""}, {"text": " "}, {"text": 1}, {"text": "x" * 1601}, {"text": "a\x00"}, {"colour": "red"},
        {"text": "x", "answers": 1, "choice": "r"}, {"answers": 1}, {"choice": "r"}, {"answers": "1", "choice": "r"},
        {"answers": True, "choice": "r"}, {"text": "x", "id": "x" * 101}, '{"text": "\\ud800"}', "[" * 5000,
    ])  # fmt: skip
    def test_what_makes_no_sense(self, ada, body) -> None:
        answer = call("post", "/v1/chat", token(ada), body)
        assert answer.status_code == 400, answer.content
        assert answer.json()["message"]
        assert not InboundMessage.objects.exists()

    def test_a_reply_that_there_is_not(self, ada, sent) -> None:
        assert say(ada, answers=sent.pk, choice="Green").status_code == 400
        assert say(ada, answers=sent.pk + 1, choice="r").status_code == 404

    def test_too_large_and_too_many(self, ada) -> None:
        assert call("post", "/v1/chat", token(ada), {"text": "x" * 40_000}).status_code == 413
        for number in range(chat.AT_ONCE):
            assert say(ada, id=str(number), text="Hi").status_code == 201
        refused = say(ada, id="more", text="Hi")
        assert (refused.status_code, refused["Retry-After"]) == (429, "60")
        assert say(ada, id="0", text="Hi").status_code == 201  # known already
        assert say(ada, at=NOW + MINUTE + SECOND, id="more", text="Hi").status_code == 201

    def test_the_longest_text_fits_however_it_is_escaped(self, ada) -> None:
        body = json.dumps({"id": "\u00fc" * 100, "text": "\U0001f600" * chat.LONGEST_TEXT})
        assert len(body) > 12 * chat.LONGEST_TEXT
        answer = call("post", "/v1/chat", token(ada), body)
        assert answer.status_code == 201
        assert InboundMessage.objects.get().body == "\U0001f600" * chat.LONGEST_TEXT

    def test_without_an_account_nobody_listens(self) -> None:
        assert say(contact("eve"), text="Hi").status_code == 409

    def test_nobodys_name_becomes_another_reply(self) -> None:
        person = {"name": "Eve\nSTOP = x"}
        found = quick_replies.rendered(
            "Hi {{n}} = {{n}}\n{{empty}}\nhi eve stop = x",
            lambda s: s.replace("{{n}}", person["name"]).replace("{{empty}}", " "),
        )
        assert found == [{"label": "Hi Eve STOP = x", "value": "Eve STOP = x"}, {"label": "hi eve stop", "value": "x"}]
        assert quick_replies.rendered("x" * 30, str) == [{"label": "x" * 23 + "…", "value": "x" * 23 + "…"}]


class TestOptOut:
    def test_stop_ends_the_channel_and_start_begins_it_again(self, ada) -> None:
        assert put(ada, {"body": "One"}).state == "sent"
        say(ada, id="1", text="STOP")
        assert InboundMessage.objects.get().understood == "stop"
        assert ConsentState.objects.get(contact=ada, channel="chat").state == "withdrawn"
        assert Event.objects.filter(name="contact.opted_out", contact=ada).count() == 1
        assert not Suppression.objects.exists()
        assert (
            put(ada, {"body": "Two"}, NOW + DAY).state,
            put(ada, {"body": "Three"}, NOW + DAY, message_class="service").state,
        ) == ("blocked", "blocked")
        say(ada, NOW + 2 * DAY, id="2", text="START")
        assert ConsentState.objects.get(contact=ada, channel="chat").state == "granted"
        assert put(ada, {"body": "Four"}, NOW + 3 * DAY).state == "sent"

    def test_what_waits_is_blocked(self, ada) -> None:
        about = template("later", channel="chat", content={"body": "Later"})
        waiting = message(ada, about, now=NOW + DAY)
        say(ada, text="unsubscribe")
        waiting.refresh_from_db()
        assert (waiting.state, waiting.reason) == ("blocked", "opted_out")

    def test_who_never_said_yes_can_say_no_to_service_messages_too(self, ada) -> None:
        bob = contact("bob", country="GB")
        about = {"message_class": "service"}
        assert put(bob, {"body": "Your parcel"}, **about).state == "sent"
        say(bob, text="STOP")
        assert put(bob, {"body": "Your parcel"}, NOW + DAY, **about).state == "blocked"
        assert put(bob, {"body": "Your code"}, NOW + DAY, message_class="otp").state == "sent"

    def test_other_channels_and_people_are_left_alone(self, ada) -> None:
        consent(ada, "email")
        say(ada, text="STOP")
        assert ConsentState.objects.get(contact=ada, channel="email").state == "granted"

    def test_a_tapped_stop_counts_too(self, ada) -> None:
        one = put(ada, {"body": "More?", "quick_replies": "Yes\nStop = end"})
        say(ada, answers=one.pk, choice="end")
        assert InboundMessage.objects.get().understood == "stop"

    @pytest.mark.parametrize("reply", ["Cancel = cancel_visit", "End = finish", "Please stop texting me = later"])
    def test_a_label_opts_nobody_out(self, ada, reply) -> None:
        one = put(ada, {"body": "Your visit?", "quick_replies": f"Keep\n{reply}"})
        assert say(ada, answers=one.pk, choice=reply.split(" = ")[1]).status_code == 201
        assert InboundMessage.objects.get().understood == "answer"
        assert ConsentState.objects.get(contact=ada, channel="chat").state == "granted"

    @pytest.mark.parametrize("reply", ["Yes", "START", "Sure = START"])
    def test_a_tap_opts_nobody_in(self, ada, reply) -> None:
        one = put(ada, {"body": "Was it good?", "quick_replies": reply})
        say(ada, id="1", text="STOP")
        assert say(ada, NOW + MINUTE, id="2", answers=one.pk, choice=reply.split(" = ")[0]).status_code == 201
        assert ConsentState.objects.get(contact=ada, channel="chat").state == "withdrawn"
        assert InboundMessage.objects.order_by("pk").last().understood == "answer"
        assert not Event.objects.filter(name="contact.opted_in").exists()

    def test_a_tap_answers_no_other_question(self, ada) -> None:
        older = put(ada, {"body": "Was it good?", "quick_replies": "Yes\nNo"})
        newer = put(ada, {"body": "Shall we come?", "quick_replies": "Yes\nNo"}, NOW + MINUTE)
        Message.objects.filter(pk=newer.pk).update(labels={"question": True})
        say(ada, NOW + 2 * MINUTE, id="1", answers=older.pk, choice="Yes")
        say(ada, NOW + 3 * MINUTE, id="2", answers=newer.pk, choice="No")
        assert list(InboundMessage.objects.order_by("pk").values_list("understood", flat=True)) == ["none", "answer"]

    @pytest.mark.parametrize(
        ("replies", "lines"),
        [
            ("Yes\nNo more = STOP", [2]),
            ("Red\n\nCancel = cancel_visit", [3]),
            ("End", [1]),
            ("Stop = end\nNo\nYes = start", []),
        ],
    )
    def test_the_author_is_told_of_labels_and_values_that_disagree(self, replies, lines) -> None:
        about = template("ask", channel="chat", content={"body": "More?", "quick_replies": replies})
        found = [one for one in findings.of(about.versions.get()) if one.code == "reply_opt_out"]
        assert [(one.line, one.severity) for one in found] == [(line, "warn") for line in lines]

    def test_a_question_opts_nobody_out(self, ada) -> None:
        say(ada, text="When does the class start?")
        assert ConsentState.objects.get(contact=ada, channel="chat").state == "granted"

    def test_the_house_confirms_it_in_the_chat(self, ada) -> None:
        answer = template(
            "bye", channel="chat", content={"body": "You will hear no more."}, message_class="transactional"
        )
        HousePolicy.objects.create(brand=Brand.objects.get(key="acme"), opt_out_confirmation=answer)
        say(ada, text="STOP")
        with clock.at(NOW + SECOND):
            gate.release(NOW + SECOND)
        assert [(one["from"], one["text"]) for one in listed(ada)] == [
            ("brand", "You will hear no more."),
            ("person", "STOP"),
        ]

    def test_a_reviewer_decides_about_a_doubtful_one(self, ada) -> None:
        say(ada, text="please stop texting me so much about the stop of bus 5?")
        one = InboundMessage.objects.get()
        InboundMessage.objects.update(understood="ambiguous")
        one.refresh_from_db()
        lena = staff.user("Legal reviewer", "lena")
        reviewing.decide(one, is_opt_out=True, user=lena, now=NOW)
        assert ConsentState.objects.get(contact=ada, channel="chat").state == "withdrawn"


class TestMerged:
    @pytest.fixture
    def kept(self, ada) -> Contact:
        found = contact("kept", country="GB")
        consent(found, "chat", now=NOW - DAY)
        return found

    def merged(self, kept, ada):
        return merging.merge(kept.pk, ada.pk, NOW, source="test")

    def test_the_token_of_the_other_opens_the_chat_of_both(self, ada, sent, kept) -> None:
        done = self.merged(kept, ada)
        assert [one["id"] for one in listed(ada)] == [sent.pk]
        assert call("post", f"/v1/chat/{sent.pk}/read", token(ada)).status_code == 200
        assert say(ada, id="1", answers=sent.pk, choice="r").status_code == 201
        assert InboundMessage.objects.get().contact_id == kept.pk
        assert Event.objects.get(name="message.received").contact_id == kept.pk
        assert [one["from"] for one in listed(kept)] == ["person", "brand"]
        merging.unmerge(done, NOW + MINUTE)
        assert [one["id"] for one in listed(ada)] == [sent.pk]
        assert say(ada, NOW + MINUTE, id="2", text="Hello").status_code == 201
        assert InboundMessage.objects.order_by("pk").last().contact_id == ada.pk
        assert [one["text"] for one in listed(kept)] == ["Red"]

    def test_stop_of_the_other_blocks_what_waits_at_once(self, ada, kept) -> None:
        self.merged(kept, ada)
        about = template("later", channel="chat", content={"body": "Later"})
        waiting = message(kept, about, now=NOW + DAY)
        say(ada, id="1", text="STOP")
        waiting.refresh_from_db()
        assert (waiting.state, waiting.reason) == ("blocked", "opted_out")
        assert Event.objects.get(name="contact.opted_out").contact_id == kept.pk
        assert ConsentState.objects.get(contact=kept, channel="chat").state == "withdrawn"

    def test_two_merges_are_followed_to_the_end(self, ada, sent, kept) -> None:
        self.merged(kept, ada)
        third = contact("third")
        merging.merge(third.pk, kept.pk, NOW, source="test")
        Contact.objects.filter(pk=ada.pk).update(merged_into=kept)
        say(ada, id="1", text="Hello")
        assert InboundMessage.objects.get().contact_id == third.pk
        assert len(listed(ada)) == len(listed(kept)) == len(listed(third)) == 2

    def test_two_widgets_may_count_alike(self, ada, kept) -> None:
        say(ada, id="1", text="Before")
        self.merged(kept, ada)
        assert say(ada, id="1", text="Before").json()["text"] == "Before"
        assert say(kept, id="1", text="Of the other").json()["text"] == "Of the other"
        assert InboundMessage.objects.count() == 2

    def test_a_merge_that_comes_in_between_is_noticed(self, ada, kept) -> None:
        reader = chat.read(token(ada), NOW)
        self.merged(kept, ada)
        assert chat.say(reader, chat.Said("1", "Hello"), NOW).contact_id == kept.pk

    def test_the_app_too_and_former_ids_make_tokens(self, ada, kept) -> None:
        account("in_app")
        consent(ada, "in_app", now=NOW - DAY)
        one = message(ada, template("inbox", channel="in_app", content={"title": "Hi", "body": "Shoes"}))
        gate.release(NOW)
        old = inbox.token(Reader(ada.pk, brand().pk), clock.now())
        robot = api_token(builders.user("robot", "channels.open_chat", "channels.open_inbox"), "contacts:write")

        def ask(path: str, external_id: str) -> str:
            bearer = {"authorization": f"Bearer {robot}"}
            asked = {"external_id": external_id, "brand": "acme"}
            answer = Client().post(f"/api/{path}/", asked, "application/json", headers=bearer)
            assert answer.status_code == 201, answer.content
            return answer.json()["token"]

        def seen(bearer: str) -> list[int]:
            answer = Client().get("/v1/inbox", headers={"authorization": f"Bearer {bearer}"})
            return [each["id"] for each in answer.json()["messages"]]

        done = self.merged(kept, ada)
        for bearer in (old, ask("inbox-tokens", "ada"), ask("inbox-tokens", "kept")):
            assert seen(bearer) == [one.pk]
        assert chat.read(ask("chat-tokens", "ada"), clock.now()).contact_id == kept.pk
        merging.unmerge(done, NOW)
        assert seen(old) == seen(ask("inbox-tokens", "ada")) == [one.pk]
        assert seen(ask("inbox-tokens", "kept")) == []


class TestTheWholeLife:
    @pytest.fixture
    def both(self, ada, sent) -> Message:
        account("in_app")
        consent(ada, "in_app", now=NOW - DAY)
        about = template("inbox", channel="in_app", content={"title": "Hi", "body": "Shoes"})
        one = message(ada, about)
        gate.release(NOW)
        say(ada, answers=sent.pk, choice="r")
        return one

    def test_the_export_of_a_persons_data_holds_both_stores(self, ada, both, sent) -> None:
        found = {name: list(rows()) for name, rows in tables(ada)}
        assert found["in_app"][0]["content"] == {"title": "Hi", "body": "Shoes"}
        assert found["chat"][0]["content"]["quick_replies"] == REPLIES
        assert found["chat"][0]["answered_at"] == NOW
        assert [one["body"] for one in found["received"]] == ["Red"]

    def test_evidence_tells_what_was_fetched_and_answered(self, ada, both, sent) -> None:
        told = gathering.of_message(sent, NOW)["fetched"]
        assert (told["content"]["body"], told["answered_at"]) == ("Which one, Ada?", NOW)
        assert gathering.of_message(both, NOW)["fetched"]["content"]["title"] == "Hi"
        assert [one.get("fetched", {}) is not None for one in gathering.of_person(ada, NOW)][1:] == [True, True]

    def test_erasure_leaves_nothing_of_it(self, ada, both) -> None:
        bearer = token(ada)
        erasure.erase([ada.pk], staff.user("Legal reviewer", "lena"), "Asked.", NOW)
        for model in (ChatMessage, InAppMessage, InboundMessage, Message):
            assert not model.objects.exists()
        assert call("get", "/v1/chat", bearer).status_code == 401

    def test_a_merge_takes_it_along_and_an_undo_brings_it_back(self, ada, both) -> None:
        kept = contact("kept")
        done = merging.merge(kept.pk, ada.pk, NOW, source="test")
        assert set(ChatMessage.objects.values_list("contact", flat=True)) == {kept.pk}
        assert [one["from"] for one in listed(kept)] == ["person", "brand"]
        assert [one["content"]["title"] for name, rows in tables(kept) if name == "in_app" for one in rows()] == ["Hi"]
        merging.unmerge(done, NOW)
        assert set(ChatMessage.objects.values_list("contact", flat=True)) == {ada.pk}
        assert [one["from"] for one in listed(ada)] == ["person", "brand"]

    def test_lists_in_the_admin_are_for_those_who_may(self, ada, both, sent) -> None:
        for model in ("inappmessage", "chatmessage"):
            page = reverse(f"admin:channels_{model}_changelist")
            assert staff.client("Support agent", f"s-{model}").get(page, {"q": "ada"}).context["cl"].result_count == 1
            assert staff.client(name=f"n-{model}").get(page).status_code == 403
            theirs = browser(holder(f"o-{model}", brand("other"), *MARKETER)).get(page)
            assert theirs.context["cl"].result_count == 0
            ours = browser(holder(f"a-{model}", brand(), *MARKETER)).get(page)
            assert ours.context["cl"].result_count == 1
        one = staff.client("Analyst").get(reverse("admin:channels_chatmessage_change", args=[sent.pk])).content.decode()
        assert "Which one, Ada?" in one
        assert "All Adas" in one

    def test_its_mock_up_shows_the_replies(self, ada, sent) -> None:
        version = sent.template.versions.get()
        html = (
            staff.client("Marketer")
            .get(reverse("admin:channels_templateversion_preview", args=[version.pk]))
            .content.decode()
        )
        assert '<div class="bubble">Which one, Sam?</div>' in html
        assert '<span class="button">Red</span>' in html
        assert topic().brand.key == "acme"
