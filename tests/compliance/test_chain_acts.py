"""Who did what: the acts of people are in the chain without anybody asking for it, and hold no personal data."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.cache import cache
from django.urls import reverse
from guardian.shortcuts import assign_perm, remove_perm
from rest_framework.test import APIClient

from channels.models import Account, TemplateVersion
from compliance import chain, reviews, stops
from compliance.law import rule_sets
from compliance.models import AuditEntry, AuditNote, QuietHours, RuleSet
from config.models import ApiToken
from journeys.models import Journey
from tests import staff
from tests.builders import NOW, account, brand, contact, message, template, user
from tests.compliance.chains import first, people, settle

pytestmark = pytest.mark.django_db


def acts(kind: str) -> list[AuditNote]:
    return list(AuditNote.objects.filter(kind=kind).order_by("pk"))


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()
    AuditNote.objects.all().delete()


class TestPolicies:
    def test_one_that_is_made_changed_and_removed(self) -> None:
        hours = QuietHours.objects.create(
            brand=brand(), channel="sms", start="21:00", end="08:00", classes=["marketing"]
        )
        [added] = [act for act in acts("policy.added") if act.subject_type == "compliance.quiethours"]
        assert added.subject_id == str(hours.pk)
        assert added.payload["channel"] == "sms"
        hours = QuietHours.objects.get()
        hours.enabled, hours.classes = False, ["marketing", "service"]
        hours.save()
        [changed] = acts("policy.changed")
        assert changed.payload == {
            "changed": {"enabled": [True, False], "classes": [["marketing"], ["marketing", "service"]]}
        }
        hours.save()
        assert len(acts("policy.changed")) == 1
        hours.delete()
        assert len(acts("policy.removed")) == 1

    def test_long_texts_are_named_only(self) -> None:
        acme = brand()
        acme.postal_address = "12 Ada Street"
        acme.save()
        [changed] = acts("policy.changed")
        assert changed.payload == {"touched": ["postal_address"]}

    def test_credentials_of_an_account_are_named_only(self) -> None:
        account("sms")
        sender = Account.objects.get()
        sender.config = {**sender.config, "token": "very secret"}
        sender.save()
        assert "very secret" not in str(acts("account.changed")[0].payload)
        assert "config" in acts("account.changed")[0].payload["touched"]

    def test_stops_are_set_and_lifted(self) -> None:
        maria = user("maria")
        stops.set("channel", "sms", "Complaints of Ada Lovelace.", maria, NOW)
        stops.set("channel", "sms", "Again.", maria, NOW)
        stops.lift("channel", "sms", maria, NOW)
        stops.lift("channel", "sms", maria, NOW)
        [stopped], [lifted] = acts("stop.set"), acts("stop.lifted")
        assert stopped.actor == lifted.actor == maria.pk
        assert stopped.payload == lifted.payload == {"scope": "channel", "value": "sms"}

    def test_a_rule_set_that_is_activated(self) -> None:
        lena = user("lena", "compliance.change_rules")
        made = rule_sets.copy_of_active(NOW, user=lena)
        rule_sets.activate(made, lena, NOW)
        [act] = acts("rules.activated")
        made = RuleSet.objects.get(pk=made.pk)
        assert (act.actor, act.payload) == (lena.pk, {"number": made.number, "checksum": made.checksum})


class TestReviews:
    def test_submitting_and_deciding(self) -> None:
        maria, lena = user("maria", "channels.submit_templateversion"), user("lena", "compliance.decide_approval")
        words = "{{ brand.name }}: hello. Reply STOP to end."
        offer = template("offer", channel="sms", content={"body": words}, state="draft")
        draft = TemplateVersion.objects.get(template=offer)
        TemplateVersion.objects.filter(pk=draft.pk).update(author=maria)
        draft.refresh_from_db()
        AuditNote.objects.all().delete()
        reviews.decide(
            reviews.submit(draft, maria, NOW), lena, approved=False, reason="Ada would not like it.", now=NOW
        )
        [decided] = acts("approval.decided")
        assert decided.actor == lena.pk
        assert decided.payload["approved"] is False
        assert decided.payload["fingerprint"] == draft.fingerprint
        assert "Ada" not in str(decided.payload)
        moves = [act.payload["changed"]["state"] for act in acts("version.moved")]
        assert moves == [["draft", "submitted"], ["submitted", "rejected"]]

    def test_editing_a_draft_is_no_act(self) -> None:
        template("offer", channel="sms", content={"body": "Hi"}, state="draft")
        draft = TemplateVersion.objects.get()
        draft.content = {"body": "Ho"}
        draft.save()
        assert not acts("version.moved")


class TestPeopleAndPermissions:
    def test_roles_and_permissions(self) -> None:
        maria, role = user("maria"), Group.objects.get(name="Analyst")
        permission = Permission.objects.get(codename="view_contact")
        AuditNote.objects.all().delete()
        maria.groups.add(role)
        maria.user_permissions.add(permission)
        maria.groups.remove(role)
        maria.user_permissions.clear()
        role.permissions.remove(permission)
        assert [act.payload for act in acts("permission.changed")] == [
            {"given": "auth.group", "ids": str(role.pk)},
            {"given": "auth.permission", "ids": str(permission.pk)},
            {"taken": "auth.group", "ids": str(role.pk)},
            {"cleared": "auth.permission", "ids": ""},
            {"taken": "auth.permission", "ids": str(permission.pk)},
        ]
        assert {act.subject_id for act in acts("permission.changed")[:4]} == {str(maria.pk)}

    def test_permissions_for_one_thing(self) -> None:
        maria, acme = user("maria"), brand()
        AuditNote.objects.all().delete()
        assign_perm("contacts.view_brand", maria, acme)
        remove_perm("contacts.view_brand", maria, acme)
        given, *_ = acts("permission.changed")
        assert given.payload["given"] == "object"
        assert given.payload["object"].endswith(f":{acme.pk}")

    def test_a_user_who_becomes_a_superuser_or_is_closed(self) -> None:
        maria = user("maria")
        maria.is_superuser, maria.email = True, "maria@new.test"
        maria.save()
        maria.is_active = False
        maria.save()
        maria.set_password("new secret")
        maria.save()
        assert [act.payload for act in acts("user.changed")] == [
            {"changed": {"is_superuser": [False, True]}},
            {"changed": {"is_active": [True, False]}},
            {"touched": ["password"]},
        ]

    def test_logging_in_is_no_change(self) -> None:
        staff.client("Marketer")
        assert not acts("user.changed")

    def test_tokens(self) -> None:
        token, secret = ApiToken.objects.create(user=user("shop"), name="Shop of Ada", scopes=["contacts:read"])
        token.delete()
        [made], [revoked] = acts("token.added"), acts("token.removed")
        assert made.payload["scopes"] == ["contacts:read"]
        assert made.subject_id == revoked.subject_id
        assert secret not in str(made.payload) + made.subject_id


class TestJourneys:
    def test_publishing_and_pausing(self) -> None:
        journey = Journey.objects.create(brand=brand(), key="welcome", name="Welcome")
        journey.state = Journey.State.LIVE
        journey.save()
        [moved] = acts("journey.moved")
        assert moved.payload == {"changed": {"state": ["draft", "live"]}}


class TestViews:
    PAGE = "admin:contacts_contact_change"

    def test_a_persons_page_is_noted_once_an_hour(self) -> None:
        ada, browser = contact("ada"), staff.client("Support agent")
        for _ in range(3):
            assert browser.get(reverse(self.PAGE, args=[ada.pk])).status_code == 200
        [seen] = acts("personal.viewed")
        assert (seen.subject_type, seen.subject_id) == ("contacts.contact", str(ada.pk))
        assert seen.actor == User.objects.get(username="support-agent").pk

    def test_another_process_does_not_note_it_again(self) -> None:
        assert chain.seen("personal.viewed", 1, ("contacts.contact", "7"), NOW)
        cache.clear()
        assert not chain.seen("personal.viewed", 1, ("contacts.contact", "7"), NOW)
        settle(NOW)
        cache.clear()
        assert not chain.seen("personal.viewed", 1, ("contacts.contact", "7"), NOW)
        assert chain.seen("personal.viewed", 2, ("contacts.contact", "7"), NOW)
        assert chain.seen("personal.viewed", 1, ("contacts.contact", "8"), NOW)
        assert chain.seen("personal.viewed", 1, ("contacts.contact", "7"), NOW + timedelta(hours=1))

    def test_who_is_refused_has_seen_nothing(self) -> None:
        ada, browser = contact("ada"), staff.client()
        assert browser.get(reverse(self.PAGE, args=[ada.pk])).status_code == 403
        assert staff.client("Marketer").get(reverse(self.PAGE, args=[99])).status_code == 404
        assert not acts("personal.viewed")

    def test_lists_and_what_was_said(self) -> None:
        [person, *_] = people(1)
        one = person.messages.get()
        browser = staff.client("Marketer")
        browser.get(reverse("admin:contacts_contact_changelist"))
        browser.get(reverse("admin:channels_message_change", args=[one.pk]))
        browser.get(reverse("admin:channels_message_copy", args=[one.pk]))
        assert [act.subject_type for act in acts("personal.listed")] == ["contacts.contact"]
        assert [(act.subject_type, act.subject_id) for act in acts("personal.viewed")] == [
            ("channels.message", str(one.pk))
        ]

    def test_the_api_names_the_user_of_the_token(self) -> None:
        ada, shop = contact("ada"), staff.user("Marketer", "shop")
        _, secret = ApiToken.objects.create(user=shop, name="Shop", scopes=["contacts:read"])
        answer = APIClient().get(f"/api/contacts/{ada.pk}/", headers={"authorization": f"Bearer {secret}"})
        assert answer.status_code == 200
        [seen] = acts("personal.viewed")
        assert (seen.actor, seen.subject_id) == (shop.pk, str(ada.pk))
        APIClient().get(f"/api/contacts/{ada.pk}/")
        assert len(acts("personal.viewed")) == 1

    def test_exports_are_noted_each_time(self) -> None:
        for _ in range(2):
            chain.exported(3, ("contacts.contact", "7"), NOW, rows=12, what="evidence")
        assert [act.payload for act in acts("personal.exported")] == [{"rows": 12, "what": "evidence"}] * 2


def test_all_of_it_makes_a_sound_chain() -> None:
    [person, *_] = people(1)
    staff.client("Marketer").get(reverse("admin:contacts_contact_change", args=[person.pk]))
    message(person, template("second", channel="sms", content={"body": "Hi"}), "m:2")
    settle()
    assert AuditEntry.objects.count() > 5
    assert first() == ""
