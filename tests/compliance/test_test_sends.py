"""Tests go to colleagues, marked, through the gate, and count nowhere."""

import re
from datetime import timedelta
from html import escape, unescape

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from channels import archive, delivery, feedback, links, models, outbox, proofs, reconciling
from channels.base import Update
from channels.models import Message, SandboxMessage, SeedList, TemplateVersion
from compliance import erasure, gate, seeds, stops
from compliance.base import rules
from compliance.evidence.exporting import message_file
from compliance.models import AuditNote, FrequencyCap
from contacts import addresses, consents, merging, suppressions
from contacts.models import Address, Consent, Contact, Event, Suppression
from contacts.suppressions import Suppress
from tests import staff
from tests.builders import NOW, account, brand, contact, message, template, user
from tests.channels import servers

pytestmark = pytest.mark.django_db
MISSING = "event.order has no value for this person; write {{ event.order | default: '…' }}."
SEED, OTHER = "+447700900111", "+447700900112"


@pytest.fixture
def version() -> TemplateVersion:
    account("sms")
    made = template("offer", channel="sms", content={"body": "Hello {{ contact.first_name }}"})
    return TemplateVersion.objects.get(template=made)


@pytest.fixture
def team(version) -> SeedList:
    return SeedList.objects.create(brand=brand(), name="Team", channel="sms", addresses=[SEED, OTHER])


@pytest.fixture
def maria():
    return user("maria", "channels.send_test")


def outcomes() -> list[tuple[str, str, str]]:
    tests = list(Message.objects.filter(contact=None).select_related("test").order_by("pk"))
    why = seeds.why(tests)
    return [(one.test.recipient, one.state, why[one.pk]) for one in tests]


def test_it_reaches_each_seed_marked_and_read_as_somebody(version, team, maria) -> None:
    ada = contact("ada", first_name="Ada")
    assert len(seeds.ask(version, team, ada, maria, NOW)) == 2
    assert gate.release(NOW) == 2
    assert outcomes() == [(SEED, "sent", ""), (OTHER, "sent", "")]
    caught = SandboxMessage.objects.order_by("pk").values_list("recipient", "text")
    assert list(caught) == [(SEED, "[Test] Hello Ada"), (OTHER, "[Test] Hello Ada")]
    assert gate.release(NOW) == 0


def test_it_is_judged_by_every_rule_and_its_copy_is_kept(version, team, maria) -> None:
    first, _ = seeds.ask(version, team, None, maria, NOW)
    gate.release(NOW)
    [decision] = gate.explain(Message.objects.get(pk=first))
    assert {verdict.rule for verdict in decision.trace()} == {rule.key for rule in rules}
    spared = {verdict.rule for verdict in decision.trace() if verdict.why.startswith("Not asked of tests")}
    assert {rule.key for rule in rules} - spared == {
        "conversation", "expiry", "reachability", "sender", "stop", "suppression",
    }  # fmt: skip
    assert archive.shown(first) == {"body": "[Test] Hello Sam", "to": SEED}


def test_it_counts_nowhere(version, team, maria) -> None:
    contact("ada")
    before = Event.objects.count(), Contact.objects.count(), Address.objects.count()
    first, _ = seeds.ask(version, team, None, maria, NOW)
    gate.release(NOW)
    assert Message.objects.get(pk=first).state == "sent"
    feedback.apply([Update("", "delivered", NOW, message_id=first), Update("", "clicked", NOW, message_id=first)], NOW)
    assert Message.objects.get(pk=first).delivery == Message.Delivery.CLICKED
    assert (Event.objects.count(), Contact.objects.count(), Address.objects.count()) == before


def test_the_database_lets_only_tests_be_nobodys(version, team, maria) -> None:
    first, _ = seeds.ask(version, team, None, maria, NOW)
    for wrong in ({"key": "visit:1"}, {"version": None}):
        with pytest.raises(IntegrityError, match="only_tests_are_nobodys"), transaction.atomic():
            Message.objects.filter(pk=first).update(**wrong)


def test_it_takes_slots_of_its_sender(version, team, maria) -> None:
    models.Account.objects.update(daily_limit=1)
    seeds.ask(version, team, None, maria, NOW)
    gate.release(NOW)
    assert [state for _, state, _ in outcomes()] == ["sent", "blocked"]
    assert "1 a day are used up." in outcomes()[1][2]


def test_a_person_waits_for_nobody_because_of_a_test(version, team, maria) -> None:
    """A cap of one: tests read as her are no messages to her."""
    FrequencyCap.objects.create(brand=brand(), name="One", limit=1, days=1)
    ada = contact("ada", first_name="Ada", phone="+447700900001")
    consents.grant(
        ada.pk, version.template.topic_id, "sms", basis="consent", source="form", now=NOW, proof={"url": "/x"}
    )
    seeds.ask(version, team, ada, maria, NOW)
    gate.release(NOW)
    outbox.request([outbox.Request("api:1", ada.pk, version.template_id, NOW)], NOW)
    gate.release(NOW)
    assert Message.objects.get(key="api:1").state == "sent"


def test_a_draft_may_be_tested_too_and_stays_as_what_was_sent(version, team, maria) -> None:
    draft = TemplateVersion.objects.create(
        template=version.template, number=2, author=maria, content={"body": "New words"}
    )
    first, _ = seeds.ask(draft, team, None, maria, NOW)
    gate.release(NOW)
    assert set(SandboxMessage.objects.values_list("text", flat=True)) == {"[Test] New words"}
    TemplateVersion.objects.filter(pk=draft.pk).update(content={"body": "Newer words"})
    assert archive.shown(first) == {"body": "[Test] New words", "to": SEED}
    with pytest.raises(ProtectedError):
        draft.delete()


def test_a_mail_keeps_its_links_and_its_way_out_which_unsubscribes_nobody(maria, client) -> None:
    html = '<a href="https://shop.test/">Shop</a> <a href="{{ unsubscribe_url }}">Out</a>'
    with servers.post() as server:
        account("email", config={"backend": "smtp", "host": "127.0.0.1", "port": server.port, "from_email": "a@b.test"})
        made = template("news", content={"subject": "News", "html": html, "text": "News"})
        [pk] = seeds.ask(TemplateVersion.objects.get(template=made), None, None, maria, NOW)
        gate.release(NOW)
        assert outcomes() == [("maria@example.test", "sent", "")]
        [mail] = server.mails
    assert mail.recipient == "maria@example.test"
    assert b"Subject: [Test] News" in mail.data
    assert b"List-Unsubscribe-Post" in mail.data
    assert escape(links.click_url(pk, "https://shop.test/")) in archive.shown(pk)["html"]
    way_out = links.unsubscribe_url(pk).removeprefix(settings.BASE_URL)
    assert b"nobody is unsubscribed by it" in client.get(way_out).content
    assert b"nobody is unsubscribed by it" in client.post(way_out, {"List-Unsubscribe": "One-Click"}).content
    assert not Consent.objects.exists()
    assert not Suppression.objects.exists()


def test_a_stop_and_the_suppression_list_hold_for_tests(version, team, maria) -> None:
    suppressions.add([Suppress(addresses.digest("phone", SEED), "phone", "bounce")], NOW)
    seeds.ask(version, team, None, maria, NOW)
    gate.release(NOW)
    assert [(to, state) for to, state, _ in outcomes()] == [(SEED, "blocked"), (OTHER, "sent")]
    assert outcomes()[0][2] == "Suppressed on 2026-11-24: bounce."
    stops.set("channel", "sms", "Complaints.", None, NOW)
    seeds.ask(version, team, None, maria, NOW)
    gate.release(NOW)
    assert outcomes()[2][1] == "blocked"
    assert outcomes()[3] == (OTHER, "pending", "A stop stands: channel:sms.")
    stops.lift("channel", "sms", None, NOW + timedelta(hours=2), reason="Solved.")
    gate.release(NOW + timedelta(hours=2))
    assert outcomes()[3][1] == "blocked"
    assert outcomes()[3][2].startswith("It made sense until")


def test_without_a_sender_or_with_a_barred_one_nothing_leaves(version, team, maria) -> None:
    models.Account.objects.update(registration="rejected")
    seeds.ask(version, team, None, maria, NOW)
    gate.release(NOW)
    assert outcomes()[0][1] == "blocked"
    assert "not registered" in outcomes()[0][2]
    models.Account.objects.all().update(enabled=False)
    seeds.ask(version, team, None, maria, NOW)
    gate.release(NOW)
    assert outcomes()[2][1] == "pending"
    assert "no enabled default account" in outcomes()[2][2]


def test_words_that_cannot_be_made_or_marked_are_not_sent(version, team, maria) -> None:
    for number, body in enumerate(("{{ contact.nothing }}", "{% if %}"), start=2):
        draft = TemplateVersion.objects.create(
            template=version.template, number=number, author=maria, content={"body": body}
        )
        seeds.ask(draft, team, None, maria, NOW)
    gate.release(NOW)
    assert "contact.nothing has no value" in outcomes()[0][2]
    assert outcomes()[2][1] == "failed"
    assert not SandboxMessage.objects.exists()
    with pytest.raises(proofs.Unmarkable, match="cannot be marked"):
        proofs.marked({"content_sid": "HX1", "body": "Hello"})
    draft.content = {"content_sid": "HX1"}
    with pytest.raises(ValidationError, match="cannot be marked"):
        seeds.ask(draft, team, None, maria, NOW)


def test_a_provider_that_says_nothing_is_asked_before_anything_is_sent_twice(version, team, maria, monkeypatch) -> None:
    def broken(*_):
        raise RuntimeError("lost")

    seeds.ask(version, team, None, maria, NOW)
    monkeypatch.setattr(delivery.sandbox, "send", broken)
    gate.release(NOW)
    monkeypatch.undo()
    assert gate.release(NOW) == 0
    assert [state for _, state, _ in outcomes()] == ["unknown", "unknown"]
    later = NOW + timedelta(days=2)
    assert reconciling.reconcile(later) == 2
    assert {state for _, state, _ in outcomes()} <= {"unknown", "pending", "sent"}
    assert not Event.objects.exists()


def test_erasing_a_person_takes_tests_to_them_and_as_them_and_their_seed_address(version, team, maria) -> None:
    ada = contact("ada", phone=SEED)
    bob = contact("bob")
    seeds.ask(version, team, ada, maria, NOW)
    as_bob = seeds.ask(version, team, bob, maria, NOW)
    gate.release(NOW)
    erasure.erase([ada.pk], user("dpo", "contacts.delete_contact"), "Request.", NOW)
    left = set(models.TestSend.objects.values_list("pk", flat=True))
    assert left == {as_bob[1]}
    assert set(Message.objects.values_list("pk", flat=True)) == left
    team.refresh_from_db()
    assert team.addresses == [OTHER]
    assert not any(SEED in row.addresses for row in SeedList.history.all())


def test_what_happened_to_one_person_is_no_sample_for_others(version, team, maria) -> None:
    """Neither what a real message could say, nor what a test read as somebody could."""
    draft = TemplateVersion.objects.create(
        template=version.template, number=2, author=maria, content={"body": "Order {{ event.order }}"}
    )
    ada = contact("ada", phone="+447700900001")
    message(ada, version.template, "visit:1", context={"order": "A-1"})
    seeds.ask(draft, team, ada, maria, NOW)
    seeds.ask(draft, team, None, maria, NOW)
    seeds.ask(draft, team, contact("bob"), maria, NOW)
    gate.release(NOW)
    said = [row.content["body"] for row in models.RenderedCopy.objects.filter(message__contact=None)]
    assert said == ["[Test] Order A-1"] * 2
    assert [why for _, _, why in outcomes()[2:]] == [MISSING] * 4


def test_whoever_was_merged_away_can_be_erased_with_the_tests_read_as_them(version, team, maria) -> None:
    dpo = user("dpo", "contacts.delete_contact")
    ada, other = contact("ada"), contact("ada2", first_name="Ada")
    seeds.ask(version, team, other, maria, NOW)
    merging.merge(ada.pk, other.pk, NOW, source="by hand")
    assert set(models.TestSend.objects.values_list("reader", flat=True)) == {ada.pk}
    erasure.erase([ada.pk], dpo, "Request.", NOW)
    assert not models.TestSend.objects.exists()
    assert not Message.objects.exists()


def test_nobody_is_erased_while_a_test_to_or_as_them_is_at_the_provider(version, team, maria) -> None:
    ada, bob, dpo = contact("ada", phone=SEED), contact("bob"), user("dpo", "contacts.delete_contact")
    first, _ = seeds.ask(version, team, bob, maria, NOW)
    gate.release(NOW)
    Message.objects.filter(pk=first).update(state="sending", started_at=NOW)
    for person in (ada, bob):
        with pytest.raises(ValidationError, match="being handed over"):
            erasure.erase([person.pk], dpo, "Request.", NOW)


def test_a_class_that_nobody_approved_opens_no_door(version, team, maria) -> None:
    """Who calls a draft transactional reaches nobody who complained; an approved order confirmation does."""
    suppressions.add([Suppress(addresses.digest("phone", SEED), "phone", "complaint", "sms", brand().pk)], NOW)
    draft = TemplateVersion.objects.create(
        template=version.template, number=2, author=maria, content={"body": "x"}, message_class="transactional"
    )
    seeds.ask(draft, team, None, maria, NOW)
    gate.release(NOW)
    assert [(to, state) for to, state, _ in outcomes()] == [(SEED, "blocked"), (OTHER, "sent")]


def test_tests_are_for_looking_not_for_mailings(version, team, maria, monkeypatch) -> None:
    monkeypatch.setattr(seeds, "A_DAY", 3)
    seeds.ask(version, team, None, maria, NOW)
    with pytest.raises(ValidationError, match="You may send 3 tests in 24 hours, and have sent 2; these are 2 more"):
        seeds.ask(version, team, None, maria, NOW)
    assert len(seeds.ask(version, team, None, maria, NOW + timedelta(days=1))) == 2


def test_one_without_its_row_is_refused_and_stops_nobody(version, team, maria) -> None:
    first, second = seeds.ask(version, team, None, maria, NOW)
    models.TestSend.objects.filter(pk=first).delete()
    gate.release(NOW)
    assert Message.objects.get(pk=first).reason == "no_address"
    assert Message.objects.get(pk=second).state == "sent"


def test_many_tests_cost_as_many_queries_as_few(version, team, maria) -> None:
    counts = []
    for many in (2, 20):
        team.addresses = [f"+4477009001{number:02}" for number in range(many)]
        seeds.ask(version, team, None, maria, NOW)
        with CaptureQueriesContext(connection) as asked:
            gate.release(NOW)
        counts.append(len(asked))
    assert counts[0] == counts[1]
    assert {state for _, state, _ in outcomes()} == {"sent"}


def test_who_asked_is_in_the_chain_without_addresses(version, team, maria) -> None:
    seeds.ask(version, team, None, maria, NOW)
    note = AuditNote.objects.get(kind="test.sent")
    assert (note.actor, note.subject_id) == (maria.pk, str(version.pk))
    assert note.payload == {"list": team.pk, "addresses": 2, "state": "approved"}


def test_it_needs_the_permission_and_a_list_of_the_same_brand_and_channel(version, team, maria) -> None:
    with pytest.raises(PermissionDenied, match="send tests"):
        seeds.ask(version, team, None, user("bob"), NOW)
    other = SeedList.objects.create(brand=brand("other"), name="Team", channel="sms", addresses=[SEED])
    with pytest.raises(ValidationError, match="another brand or channel"):
        seeds.ask(version, other, None, maria, NOW)
    with pytest.raises(ValidationError, match="Choose a seed list"):
        seeds.ask(version, None, None, maria, NOW)
    assert not models.TestSend.objects.exists()


def test_ones_own_address_is_a_seed_for_mails(version, maria) -> None:
    mail = TemplateVersion.objects.get(template=template("mail", content={"subject": "Hi", "text": "Hello"}))
    assert len(seeds.ask(mail, None, None, maria, NOW)) == 1
    assert outcomes() == [("maria@example.test", "pending", "")]


class TestAdmin:
    def test_lists_are_written_one_address_a_line(self, version) -> None:
        browser = staff.client("Marketer")
        add = reverse("admin:channels_seedlist_add")
        form = {"brand": brand().pk, "name": "Team", "channel": "sms", "addresses": f"{SEED}\n +44 7700 900111\n"}
        assert browser.post(add, form).status_code == 302
        assert SeedList.objects.get().addresses == [SEED]
        page = browser.post(add, {**form, "name": "Two", "addresses": f"{SEED}\n\nnonsense\n"}).content.decode()
        assert "Line 3: &#x27;nonsense&#x27; is not a phone number" in page
        assert SeedList.objects.count() == 1
        change = reverse("admin:channels_seedlist_change", args=[SeedList.objects.get().pk])
        assert f">{SEED}</textarea>" in browser.get(change).content.decode()

    def test_the_card_sends(self, version, team) -> None:
        browser = staff.client("Marketer")
        page = reverse("admin:channels_templateversion_change", args=[version.pk])
        assert "Send the test" in browser.get(page).content.decode()
        answer = browser.post(reverse("admin:send_test", args=[version.pk]), {"seeds": team.pk}, follow=True)
        assert "2 tests of Offer v1 will leave within seconds." in answer.content.decode()
        gate.release(NOW)
        assert SEED in browser.get(page).content.decode()

    def test_lists_say_the_channel_s_name(self, version, team) -> None:
        address = reverse("admin:channels_seedlist_changelist")
        browser = staff.client("Marketer")
        page = browser.get(address).content.decode()
        assert re.search(r"field-goes_by[^>]*>\s*SMS\s*<", page)
        assert "channel=email" in page
        assert "channel=webhook" not in page
        change = reverse("admin:channels_seedlist_change", args=[team.pk])
        assert change in browser.get(address, {"channel": "sms"}).content.decode()
        assert change not in browser.get(address, {"channel": "email"}).content.decode()
        change = reverse("admin:channels_seedlist_change", args=[team.pk])
        assert f"{SEED}<br>{OTHER}" in staff.client("Analyst").get(change).content.decode()

    def test_without_a_list_the_card_leads_to_one_filled_in(self, version) -> None:
        page = reverse("admin:channels_templateversion_change", args=[version.pk])
        add = f"{reverse('admin:channels_seedlist_add')}?brand={brand().pk}&channel=sms"
        browser = staff.client("Marketer")
        html = browser.get(page).content.decode()
        assert "There is no seed list for SMS yet." in html
        assert f'href="{escape(add)}">Make a seed list</a>' in html
        form = browser.get(add).content.decode()
        assert f'<option value="{brand().pk}" selected>' in form
        assert '<option value="sms" selected>' in form
        only = staff.client("Analyst", "sender")
        User.objects.get(username="sender").user_permissions.add(Permission.objects.get(codename="send_test"))
        html = only.get(page).content.decode()
        assert "There is no seed list for SMS yet; your role may not make one." in html
        assert add not in html

    def test_a_channel_to_systems_says_why_no_test_goes_there(self) -> None:
        made = TemplateVersion.objects.get(template=template("offer", channel="webhook", content={"body": "Hello"}))
        page = reverse("admin:channels_templateversion_change", args=[made.pk])
        html = staff.client("Marketer").get(page).content.decode()
        assert "devices and testers' apps, and Webhook writes to none of them." in unescape(html)
        assert 'href="#preview-title"' in html
        assert 'id="preview-title"' in html
        assert "Make a seed list" not in html

    def test_others_have_neither_card_nor_verb(self, version, team) -> None:
        browser = staff.client("Analyst")
        page = reverse("admin:channels_templateversion_change", args=[version.pk])
        assert "Send the test" not in browser.get(page).content.decode()
        assert browser.post(reverse("admin:send_test", args=[version.pk]), {"seeds": team.pk}).status_code == 403
        assert browser.get(reverse("admin:send_test", args=[version.pk])).status_code == 405
        assert not models.TestSend.objects.exists()

    def test_its_page_says_who_asked_and_the_list_has_it_only_when_asked(self, version, team) -> None:
        browser = staff.client("Administrator")
        ada = contact("ada", first_name="Ada")
        asker = user("maria", "channels.send_test")
        first, _ = seeds.ask(version, team, ada, asker, NOW)
        gate.release(NOW)
        page = browser.get(reverse("admin:channels_message_change", args=[first])).content.decode()
        assert f"a test to {SEED}, read as" in page
        assert "sent by maria" in page
        assert "Not asked of tests" in page
        decision = gate.explain(Message.objects.get(pk=first))[0]
        page = browser.get(reverse("admin:compliance_decision_change", args=[decision.pk])).content.decode()
        assert f"To {SEED} (test);" in page
        assert f"{SEED} (test)" in browser.get(reverse("admin:compliance_decision_changelist")).content.decode()
        listed = reverse("admin:channels_message_changelist")
        assert SEED not in browser.get(listed).content.decode()
        assert SEED in browser.get(listed, {"tests": "only"}).content.decode()

    def test_its_evidence_is_a_file_too(self, version, team, maria) -> None:
        first, _ = seeds.ask(version, team, None, maria, NOW)
        gate.release(NOW)
        file = b"".join(message_file(Message.objects.get(pk=first), "html", NOW, None)).decode()
        assert f"{SEED}: a test, sent by maria" in file
