"""Tests of in-app and chat messages lie in the inboxes of testers: marked, readable by their app, counted nowhere."""

import json
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from channels import archive, chat, inbox, models
from channels.inbox import Reader
from channels.models import (
    ChatMessage,
    InAppMessage,
    InboundMessage,
    Message,
    SandboxMessage,
    SeedList,
    TemplateVersion,
)
from compliance import erasure, gate, retention, seeds, testers
from compliance.models import AuditNote, CopyRetention
from config import clock
from contacts import merging
from contacts.models import ConsentState, Contact, Event, FormerId, Suppression
from tests import staff
from tests.api.cast import Caller, caller, marketer
from tests.builders import NOW, account, brand, consent, contact, template, user

pytestmark = pytest.mark.django_db
WORDS = {
    "in_app": {"title": "Hi {{ contact.first_name }}", "body": "Shoes", "label": "Look", "link": "https://s.test/"},
    "chat": {"body": "More shoes?", "quick_replies": "Yes = yes\nNo more = STOP"},
}


@pytest.fixture(autouse=True)
def live(settings):
    settings.DELIVERY = "live"


@pytest.fixture
def maria():
    return marketer()


@pytest.fixture
def olga():
    return staff.user("Operator", "olga")


@pytest.fixture
def ana(olga) -> Contact:
    """A colleague, with her own account in the app."""
    return marked("u-7", olga)


@pytest.fixture
def lists(ana) -> dict[str, SeedList]:
    made = {}
    for channel in WORDS:
        account(channel)
        made[channel] = SeedList.objects.create(brand=brand(), name=channel, channel=channel, addresses=["u-7"])
    return made


def marked(user_id: str, by) -> Contact:
    made = contact(user_id, country="GB")
    testers.mark(made.pk, "Ana of QA.", by, NOW)
    return made


def version(channel: str) -> TemplateVersion:
    made = template(f"offer-{channel}", channel=channel, content=WORDS[channel])
    return TemplateVersion.objects.get(template=made)


def ask(channel: str, lists, user, *, release: bool = True) -> Message:
    found = version(channel) if not TemplateVersion.objects.filter(template__channel=channel).exists() else None
    found = found or TemplateVersion.objects.filter(template__channel=channel).latest("pk")
    with clock.at(NOW):
        [pk] = seeds.ask(found, lists[channel], None, user, NOW)
        if release:
            gate.release(NOW)
    return Message.objects.get(pk=pk)


def call(method: str, path: str, person: Contact, body=None):
    kind = chat if path.startswith("/v1/chat") else inbox
    bearer = {"authorization": f"Bearer {kind.token(Reader(person.pk, brand().pk), NOW)}"}
    with clock.at(NOW):
        if body is None:
            return getattr(Client(), method)(path, headers=bearer)
        return Client().post(path, json.dumps(body), content_type="application/json", headers=bearer)


def listed(path: str, person: Contact) -> list[dict]:
    answer = call("get", path, person)
    assert answer.status_code == 200
    return answer.json()["messages"]


class TestInApp:
    def test_the_tester_s_app_shows_it_marked(self, ana, lists, maria) -> None:
        sent = ask("in_app", lists, maria)
        assert (sent.state, sent.contact_id, sent.test.inbox) == ("sent", None, ana)
        [shown] = listed("/v1/inbox", ana)
        assert (shown["id"], shown["title"], shown["link"]) == (sent.pk, "[Test] Hi Sam", "https://s.test/")
        assert gate.explain(sent)[0].outcome == "allow"
        assert archive.shown(sent.pk) == {**WORDS["in_app"], "title": "[Test] Hi Sam", "to": "u-7"}
        assert listed("/v1/inbox", contact("customer")) == []

    def test_what_is_done_with_it_counts_nowhere(self, ana, lists, maria) -> None:
        sent = ask("in_app", lists, maria)
        for act in ("read", "click", "dismiss"):
            assert call("post", f"/v1/inbox/{sent.pk}/{act}", ana).status_code == 200
        sent.refresh_from_db()
        assert sent.get_delivery_display() == "clicked"  # its own page says so
        stored = InAppMessage.objects.get()
        assert stored.read_at == stored.clicked_at == stored.dismissed_at == NOW
        assert not Event.objects.exists()
        assert listed("/v1/inbox", ana) == []

    def test_in_the_sandbox_no_app_gets_it(self, ana, lists, maria, settings) -> None:
        settings.DELIVERY = "sandbox"
        ask("in_app", lists, maria)
        assert SandboxMessage.objects.get().recipient == "u-7"
        assert listed("/v1/inbox", ana) == []

    def test_its_words_go_with_its_copy(self, ana, lists, maria) -> None:
        sent = ask("in_app", lists, maria)
        CopyRetention.objects.create(brand=brand(), message_class=sent.message_class, days=30)
        retention.run(NOW + timedelta(days=31))
        assert archive.of(sent.pk) is None
        assert InAppMessage.objects.get().content == {}

    def test_many_cost_as_many_queries_as_few(self, ana, lists, maria, olga) -> None:
        many = [marked(f"u-{number}", olga).external_id for number in range(100, 120)]
        made, counts = version("in_app"), []
        for addresses in (["u-7"], ["u-7"], many):
            lists["in_app"].addresses = addresses
            for act in (lambda: seeds.ask(made, lists["in_app"], None, maria, NOW), lambda: gate.release(NOW)):
                with CaptureQueriesContext(connection) as asked:
                    act()
                counts.append(len(asked))
        assert counts[2:4] == counts[4:]  # the first asks for her permissions too
        assert InAppMessage.objects.count() == 22

    def test_tests_are_for_looking(self, ana, lists, maria, monkeypatch) -> None:
        monkeypatch.setattr(seeds, "A_DAY", 1)
        ask("in_app", lists, maria)
        with pytest.raises(ValidationError, match="You may send 1 tests in 24 hours"):
            ask("in_app", lists, maria)


class TestChat:
    def test_the_tester_s_chat_shows_it_marked(self, ana, lists, maria) -> None:
        sent = ask("chat", lists, maria)
        [shown] = listed("/v1/chat", ana)
        assert (shown["id"], shown["text"]) == (sent.pk, "[Test] More shoes?")
        assert [one["label"] for one in shown["quick_replies"]] == ["Yes", "No more"]
        assert call("post", f"/v1/chat/{sent.pk}/read", ana).status_code == 200
        assert not Event.objects.exists()

    def test_a_reply_is_tried_out_and_not_meant(self, ana, lists, maria) -> None:
        consent(ana, "chat", now=NOW - timedelta(days=1))
        before = Event.objects.count()
        sent = ask("chat", lists, maria)
        tap = {"id": "1", "answers": sent.pk, "choice": "STOP"}
        assert call("post", "/v1/chat", ana, tap).status_code == 201
        assert call("post", "/v1/chat", ana, tap).status_code == 201  # the same once more
        assert call("post", "/v1/chat", ana, {**tap, "id": "2"}).status_code == 409
        assert [one["text"] for one in listed("/v1/chat", ana)] == ["No more", "[Test] More shoes?"]
        assert InboundMessage.objects.get().understood == "test"
        assert set(ConsentState.objects.values_list("state", flat=True)) == {"granted"}
        assert not Suppression.objects.exists()
        assert Event.objects.count() == before
        assert Message.objects.count() == 1  # no confirmation either

    def test_what_is_written_in_words_is_meant(self, ana, lists, maria) -> None:
        consent(ana, "chat", now=NOW - timedelta(days=1))
        ask("chat", lists, maria)
        assert call("post", "/v1/chat", ana, {"id": "1", "text": "STOP"}).status_code == 201
        assert set(ConsentState.objects.values_list("state", flat=True)) == {"withdrawn"}


class TestWhose:
    """A seed list is no way to customers: an ID that nobody marked gets nothing."""

    def test_a_list_names_the_line_of_whoever_is_no_tester(self, ana, maria) -> None:
        contact("customer")
        page, form = reverse("admin:channels_seedlist_add"), {"brand": brand().pk, "name": "App", "channel": "in_app"}
        browser = staff.client("Marketer", "eve")
        html = browser.post(page, {**form, "addresses": "u-7\n\ncustomer\nnobody"}).content.decode()
        assert "Line 3: &#x27;customer&#x27; is no tester&#x27;s user ID; somebody whose role allows it" in html
        assert "Line 4: &#x27;nobody&#x27; is no tester&#x27;s user ID" in html
        assert browser.post(page, {**form, "addresses": "u-7\nu-7\n"}).status_code == 302
        assert SeedList.objects.get().addresses == ["u-7"]
        body = {"brand": "acme", "name": "Chat", "channel": "chat", "addresses": ["u-7", "customer"]}
        status, told = caller(maria).post("seed-lists/", body)
        assert (status, [line[:8] for line in told["addresses"]]) == (400, ["Line 2: "])

    def test_who_is_no_tester_any_more_gets_nothing(self, ana, lists, maria, olga) -> None:
        waiting = ask("in_app", lists, maria, release=False)
        testers.unmark(models.Tester.objects.get(), olga, NOW)
        gate.release(NOW)
        after = ask("in_app", lists, maria)
        waiting.refresh_from_db()
        for one in (waiting, after):
            assert (one.state, one.reason) == ("blocked", "no_address")
            assert seeds.why([one])[one.pk] == "This test has nowhere to go: its user ID is no tester's (any more)."
        assert not InAppMessage.objects.exists()

    def test_a_list_that_no_form_has_seen_reaches_no_customer(self, ana, lists, maria) -> None:
        contact("customer")
        SeedList.objects.filter(channel="in_app").update(addresses=["customer"])
        lists["in_app"].refresh_from_db()
        assert ask("in_app", lists, maria).state == "blocked"
        assert not InAppMessage.objects.exists()

    def test_a_cleared_one_goes_back_to_the_gate(self, ana, lists, maria, olga) -> None:
        waiting = ask("in_app", lists, maria, release=False)
        Message.objects.filter(pk=waiting.pk).update(
            state="sending", clearance=1, account=models.Account.objects.get(channel="in_app")
        )
        testers.unmark(models.Tester.objects.get(), olga, NOW)
        waiting.refresh_from_db()
        assert waiting.state == "pending"

    def test_merging_makes_no_customer_a_tester(self, ana, lists, maria) -> None:
        """Her messages are the customer's then, her mark is not; an undo gives back what was."""
        sent, customer = ask("in_app", lists, maria), contact("customer")
        merged = merging.merge(customer.pk, ana.pk, NOW, source="by hand")
        assert FormerId.objects.get().contact == customer
        assert ask("in_app", lists, maria).state == "blocked"
        assert [one["id"] for one in listed("/v1/inbox", customer)] == [sent.pk]
        assert Message.objects.get(pk=sent.pk).test.inbox == customer
        merging.unmerge(merged, NOW)
        assert Message.objects.get(pk=sent.pk).test.inbox == ana
        assert ask("in_app", lists, maria).state == "sent"
        assert listed("/v1/inbox", customer) == []

    def test_a_tester_is_found_by_an_id_from_before_a_merge(self, ana, lists, maria) -> None:
        merging.merge(ana.pk, contact("u-8").pk, NOW, source="by hand")
        lists["in_app"].addresses = ["u-8"]
        lists["in_app"].clean()
        assert ask("in_app", lists, maria).state == "sent"
        assert len(listed("/v1/inbox", ana)) == 1


def test_erasing_a_tester_takes_all_of_it(ana, lists, maria, olga) -> None:
    marked("u-9", olga)
    for channel in ("in_app", "chat"):
        lists[channel].addresses = ["u-7", "u-9"]
        lists[channel].save()
        made = version(channel)
        seeds.ask(made, lists[channel], None, maria, NOW)
        gate.release(NOW)
    testers.unmark(models.Tester.objects.get(contact=ana), olga, NOW)
    seeds.ask(made, lists["chat"], None, maria, NOW)  # to nobody's inbox, by her user ID
    gate.release(NOW)
    testers.mark(ana.pk, "Back again.", olga, NOW)
    erasure.erase([ana.pk], user("dpo", "contacts.delete_contact"), "Request.", NOW)
    assert [one.contact.external_id for one in models.Tester.objects.all()] == ["u-9"]
    left = set(Message.objects.values_list("test__recipient", flat=True))
    assert left == {"u-9"}
    assert Message.objects.count() == 3
    assert (InAppMessage.objects.count(), ChatMessage.objects.count()) == (1, 2)
    assert not any("u-7" in row.addresses for row in [*SeedList.objects.all(), *SeedList.history.all()])
    connection.check_constraints()


class TestMarking:
    def test_who_writes_words_marks_nobody(self, ana, maria, olga) -> None:
        customer, mark = contact("customer"), models.Tester.objects.get()
        with pytest.raises(PermissionDenied, match="mark testers"):
            testers.mark(customer.pk, "A friend.", maria, NOW)
        with pytest.raises(PermissionDenied, match="unmark testers"):
            testers.unmark(mark, maria, NOW)
        with pytest.raises(ValidationError, match="Say why you mark it"):
            testers.mark(customer.pk, " ", olga, NOW)
        assert testers.mark(ana.pk, "Once more.", olga, NOW) == mark
        assert models.Tester.objects.get().because == "Ana of QA."

    def test_the_chain_knows_without_saying_whose_it_is(self, ana, olga) -> None:
        testers.unmark(models.Tester.objects.get(), olga, NOW)
        notes = AuditNote.objects.filter(kind__startswith="tester.").order_by("pk")
        assert [(one.kind, one.actor, one.subject_id) for one in notes] == [
            ("tester.marked", olga.pk, str(ana.pk)),
            ("tester.unmarked", olga.pk, str(ana.pk)),
        ]
        assert "Ana" not in str([one.payload for one in notes])

    def test_in_the_admin(self, ana) -> None:
        browser = staff.client("Operator", "otto")
        contact("u-8")
        add = reverse("admin:channels_tester_add")
        for wrong, said in (("nobody", "Nobody has the user ID"), ("u-7", "is the user ID of a tester already")):
            html = browser.post(add, {"user_id": wrong, "because": "Ben of QA."}).content.decode()
            assert said in html
        answer = browser.post(add, {"user_id": "u-8", "because": "Ben of QA."}, follow=True)
        assert "Ben of QA." in answer.content.decode()
        made = models.Tester.objects.get(contact__external_id="u-8")
        assert made.marked_by.username == "otto"
        page = browser.get(reverse("admin:channels_tester_change", args=[made.pk])).content.decode()
        assert "Ben of QA." in page
        found = browser.get(reverse("admin:channels_tester_changelist"), {"q": "u-8"}).content.decode()
        assert "Ben of QA." in found
        assert "Ana of QA." not in found
        assert browser.post(reverse("admin:channels_tester_delete", args=[made.pk]), {"post": "yes"}).status_code == 302
        assert AuditNote.objects.filter(kind="tester.unmarked").exists()
        assert staff.client("Marketer", "eve").get(add).status_code == 403

    def test_over_the_api(self, ana, olga, maria) -> None:
        operator: Caller = caller(olga)
        contact("u-8")
        status, made = operator.post("testers/", {"external_id": "u-8", "because": "Ben of QA."})
        assert (status, made["external_id"], made["marked_by"]) == (201, "u-8", "olga")
        assert operator.rows("testers/")[0] == made
        assert operator.get(f"testers/{made['id']}/") == (200, made)
        for body, field in (
            ({"external_id": "nobody", "because": "x"}, "external_id"),
            ({"external_id": "u-7", "because": "x"}, "external_id"),
            ({"external_id": "u-7"}, "because"),
            ({"external_id": "u\x00", "because": "x"}, "external_id"),
        ):
            status, told = operator.post("testers/", body)
            assert (status, field in told) == (400, True)
        assert caller(maria).post("testers/", {"external_id": "u-8", "because": "x"})[0] == 403
        assert caller(maria).delete(f"testers/{made['id']}/")[0] == 403
        assert operator.delete(f"testers/{made['id']}/") == (204, None)
        assert [row["external_id"] for row in caller(maria).rows("testers/")] == ["u-7"]


class TestPages:
    def test_the_card_sends_it(self, ana, lists, maria) -> None:
        made, browser = version("chat"), staff.client("Marketer", "eve")
        page = reverse("admin:channels_templateversion_change", args=[made.pk])
        answer = browser.post(reverse("admin:send_test", args=[made.pk]), {"seeds": lists["chat"].pk}, follow=True)
        assert "1 test of Offer-Chat v1 will leave within seconds." in answer.content.decode()
        gate.release(NOW)
        assert ">u-7</a>" in browser.get(page).content.decode()

    def test_without_a_list_it_leads_to_one(self) -> None:
        made = version("in_app")
        page = reverse("admin:channels_templateversion_change", args=[made.pk])
        html = staff.client("Marketer", "eve").get(page).content.decode()
        assert "Make a seed list</a> of testers." in html

    def test_lists_of_inboxes_have_tests_only_when_asked(self, ana, lists, maria) -> None:
        for channel, model in (("in_app", "inappmessage"), ("chat", "chatmessage")):
            sent, browser = ask(channel, lists, maria), staff.client("Analyst", channel)
            address = reverse(f"admin:channels_{model}_changelist")
            page = reverse(f"admin:channels_{model}_change", args=[sent.pk])
            assert page not in browser.get(address).content.decode()
            assert page in browser.get(address, {"tests": "only"}).content.decode()
            assert "[Test]" in browser.get(page).content.decode()

    def test_the_api_asks_for_it_too(self, ana, lists, maria) -> None:
        made = version("in_app")
        where, marketing = f"template-versions/{made.pk}/tests/", caller(maria)
        assert marketing.post(where, {"seed_list": lists["in_app"].pk})[0] == 201
        gate.release(clock.now())
        [row] = marketing.rows(where)
        assert (row["recipient"], row["state"], row["why"]) == ("u-7", "sent", "")
        assert marketing.rows("messages/") == []
