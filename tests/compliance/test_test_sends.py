"""Tests go to colleagues, marked, by the gate's rules, and count nowhere."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from channels import models
from channels.models import Message, SandboxMessage, SeedList, TemplateVersion
from compliance import seeds, stops
from compliance.models import AuditNote, Decision
from contacts import addresses, suppressions
from contacts.models import Address, Contact, Event
from contacts.suppressions import Suppress
from tests import staff
from tests.builders import NOW, account, brand, contact, template, user

pytestmark = pytest.mark.django_db
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
    return list(models.TestSend.objects.order_by("pk").values_list("recipient", "state", "why"))


def test_it_reaches_each_seed_marked_and_read_as_somebody(version, team, maria) -> None:
    ada = contact("ada", first_name="Ada")
    assert seeds.ask(version, team, ada, maria, NOW) == 2
    assert seeds.run(NOW) == 2
    assert outcomes() == [(SEED, "sent", ""), (OTHER, "sent", "")]
    caught = SandboxMessage.objects.order_by("pk").values_list("recipient", "text", "message")
    assert list(caught) == [(SEED, "[Test] Hello Ada", None), (OTHER, "[Test] Hello Ada", None)]
    assert seeds.run(NOW) == 0
    assert seeds.next_due(NOW) is None


def test_it_counts_nowhere(version, team, maria) -> None:
    contact("ada")
    before = Event.objects.count(), Contact.objects.count(), Address.objects.count()
    seeds.ask(version, team, None, maria, NOW)
    seeds.run(NOW)
    assert (Event.objects.count(), Contact.objects.count(), Address.objects.count()) == before
    assert not Message.objects.exists()
    assert not Decision.objects.exists()


def test_a_draft_may_be_tested_too(version, team, maria) -> None:
    draft = TemplateVersion.objects.create(
        template=version.template, number=2, author=maria, content={"body": "New words"}
    )
    seeds.ask(draft, team, None, maria, NOW)
    seeds.run(NOW)
    assert set(SandboxMessage.objects.values_list("text", flat=True)) == {"[Test] New words"}
    draft.delete()


def test_a_stop_and_the_suppression_list_hold_for_tests(version, team, maria) -> None:
    suppressions.add([Suppress(addresses.digest("phone", SEED), "phone", "bounce")], NOW)
    seeds.ask(version, team, None, maria, NOW)
    seeds.run(NOW)
    assert [(to, state) for to, state, _ in outcomes()] == [(SEED, "blocked"), (OTHER, "sent")]
    assert "Suppressed on 2026-11-24: bounce." in outcomes()[0][2]
    stops.set("channel", "sms", "Complaints.", None, NOW)
    seeds.ask(version, team, None, maria, NOW)
    seeds.run(NOW)
    assert outcomes()[3] == (OTHER, "blocked", "A stop stands: channel:sms.")
    assert outcomes()[2][1] == "blocked"


def test_without_a_sender_or_with_a_barred_one_nothing_leaves(version, team, maria) -> None:
    models.Account.objects.update(registration="rejected")
    seeds.ask(version, team, None, maria, NOW)
    seeds.run(NOW)
    models.Account.objects.all().update(enabled=False)
    seeds.ask(version, team, None, maria, NOW)
    seeds.run(NOW)
    assert {state for _, state, _ in outcomes()} == {"blocked"}
    assert "not registered" in outcomes()[0][2]
    assert "no enabled default account" in outcomes()[2][2]


def test_words_that_cannot_be_made_or_marked_are_not_sent(version, team, maria) -> None:
    draft = TemplateVersion.objects.create(
        template=version.template, number=2, author=maria, content={"body": "{{ contact.nothing }}"}
    )
    seeds.ask(draft, team, None, maria, NOW)
    seeds.run(NOW)
    assert "contact.nothing has no value" in outcomes()[0][2]
    with pytest.raises(ValidationError, match="cannot be marked"):
        seeds.marked({"content_sid": "HX1", "body": "Hello"})


def test_a_crash_while_it_leaves_never_sends_it_twice(version, team, maria, monkeypatch) -> None:
    def broken(*_):
        raise RuntimeError("lost")

    seeds.ask(version, team, None, maria, NOW)
    monkeypatch.setattr(seeds.sandbox, "send", broken)
    seeds.run(NOW)
    monkeypatch.undo()
    assert seeds.run(NOW) == 0
    assert outcomes() == [(SEED, "sending", "RuntimeError: lost"), (OTHER, "sending", "RuntimeError: lost")]


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
    assert seeds.ask(mail, None, None, maria, NOW) == 1
    assert outcomes() == [("maria@example.test", "waiting", "")]


class TestAdmin:
    def test_lists_are_written_one_address_a_line(self, version) -> None:
        browser = staff.client("Marketer")
        add = reverse("admin:channels_seedlist_add")
        form = {"brand": brand().pk, "name": "Team", "channel": "sms", "addresses": f"{SEED}\n +44 7700 900111\n"}
        assert browser.post(add, form).status_code == 302
        assert SeedList.objects.get().addresses == [SEED]
        page = browser.post(add, {**form, "name": "Two", "addresses": "nonsense"})
        assert "nonsense" in page.content.decode()
        assert SeedList.objects.count() == 1
        change = reverse("admin:channels_seedlist_change", args=[SeedList.objects.get().pk])
        assert f">{SEED}</textarea>" in browser.get(change).content.decode()

    def test_the_card_sends(self, version, team) -> None:
        browser = staff.client("Marketer")
        page = reverse("admin:channels_templateversion_change", args=[version.pk])
        assert "Send the test" in browser.get(page).content.decode()
        answer = browser.post(reverse("admin:send_test", args=[version.pk]), {"seeds": team.pk}, follow=True)
        assert "2 tests of Offer v1 will leave within seconds." in answer.content.decode()
        seeds.run(NOW)
        assert SEED in browser.get(page).content.decode()

    def test_others_have_neither_card_nor_verb(self, version, team) -> None:
        browser = staff.client("Analyst")
        page = reverse("admin:channels_templateversion_change", args=[version.pk])
        assert "Send the test" not in browser.get(page).content.decode()
        assert browser.post(reverse("admin:send_test", args=[version.pk]), {"seeds": team.pk}).status_code == 403
        assert browser.get(reverse("admin:send_test", args=[version.pk])).status_code == 405
        assert not models.TestSend.objects.exists()
