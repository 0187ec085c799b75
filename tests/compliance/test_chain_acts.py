"""Who did what: the acts of people are in the chain without anybody asking for it, and hold no personal data."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.urls import NoReverseMatch, reverse
from guardian.shortcuts import assign_perm, remove_perm
from rest_framework.test import APIClient

from channels.models import Account, TemplateVersion
from compliance import chain, reviews, stops
from compliance.chain import viewing
from compliance.law import drafts, rule_sets, tables
from compliance.law.rules import BanRow
from compliance.models import AuditEntry, AuditNote, QuietHours, RuleSet
from config.models import ApiToken
from contacts import suppressions
from contacts.suppressions import Suppress
from journeys.models import Journey
from tests import staff
from tests.builders import NOW, account, brand, contact, message, source, template, topic, user
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
        stops.lift("channel", "sms", maria, NOW, "A test.")
        stops.lift("channel", "sms", maria, NOW, "A test.")
        [stopped], [lifted] = acts("stop.set"), acts("stop.lifted")
        assert stopped.actor == lifted.actor == maria.pk
        about = {"scope": "channel", "value": "sms"}
        assert stopped.payload == {**about, **chain.because("Complaints of Ada Lovelace.")}
        assert lifted.payload == {**about, **chain.because("A test.")}
        assert "Ada" not in str([stopped.payload, lifted.payload])

    def test_a_rule_set_that_is_activated(self) -> None:
        lena = user("lena", "compliance.change_rules")
        made = rule_sets.copy_of_active(NOW, user=lena)
        rule_sets.activate(made, lena, NOW)
        [act] = acts("rules.activated")
        made = RuleSet.objects.get(pk=made.pk)
        assert (act.actor, act.payload) == (
            lena.pk,
            {"number": made.number, "checksum": made.checksum, **chain.because(made.note)},
        )


class TestTheLaw:
    """Every row of a draft that comes, changes or goes: whoever activates it later did not write it alone."""

    BAN = BanRow(
        jurisdiction="CN",
        channels=("sms",),
        category="marketing",
        source="A law of Ada",
        note="As Ada reads it",
        code="channel_restricted",
    )

    @pytest.fixture
    def lena(self) -> User:
        return user("lena", "compliance.change_rules")

    @pytest.fixture
    def draft(self, lena) -> RuleSet:
        return rule_sets.copy_of_active(NOW, user=lena)

    def test_a_draft_is_made_and_thrown_away(self, lena, draft) -> None:
        [made] = acts("rules.drafted")
        checksum = rule_sets.content(draft).checksum()
        assert (made.actor, made.payload) == (lena.pk, {"number": 2, "checksum": checksum})
        drafts.discard(draft, now=NOW, user=lena)
        [gone] = acts("rules.discarded")
        assert (gone.actor, gone.payload) == (lena.pk, {"number": 2})

    def test_a_row_is_added_changed_and_deleted(self, lena, draft) -> None:
        drafts.put(draft, "bans", self.BAN, now=NOW, user=lena)
        placed = drafts.placed(draft, "bans")[-1]
        sooner = replace(self.BAN, channels=("sms", "voice"), note="As others do")
        for _ in range(2):
            drafts.put(draft, "bans", sooner, placed.pk, now=NOW, user=lena)
        drafts.remove(draft, "bans", placed.pk, now=NOW, user=lena)
        drafts.remove(draft, "bans", placed.pk, now=NOW, user=lena)
        [added], [changed], [removed] = (acts(f"rules.row_{word}") for word in ("added", "changed", "removed"))
        said = {"jurisdiction": "CN", "channels": "sms", "category": "marketing", "code": "channel_restricted"}
        assert added.payload == {"number": 2, "table": "bans", "row": said}
        assert changed.payload == {
            "number": 2, "table": "bans", "jurisdiction": "CN", "changed": {"channels": ["sms", "sms voice"]},
            "touched": ["note"],
        }  # fmt: skip
        assert removed.payload == {"number": 2, "table": "bans", "row": {**said, "channels": "sms voice"}}
        assert {(act.actor, act.subject_id) for act in (added, changed, removed)} == {(lena.pk, str(draft.pk))}

    @pytest.mark.parametrize("table", ["hours", "bans", "caps"])
    def test_every_table_and_what_a_lawyer_wrote_freely_is_never_told(self, lena, draft, table) -> None:
        one = drafts.placed(draft, table)[0]
        drafts.put(draft, table, replace(one.row, source="Letter of Ada", note="Ada"), one.pk, now=NOW, user=lena)
        drafts.remove(draft, table, one.pk, now=NOW, user=lena)
        [changed], [removed] = acts("rules.row_changed"), acts("rules.row_removed")
        assert "source" in changed.payload["touched"]
        assert removed.payload["table"] == table
        assert "Ada" not in str([changed.payload, removed.payload])

    def test_a_table_from_a_file_is_one_act(self, lena, draft) -> None:
        _, columns = rule_sets.TABLES["bans"]
        number = drafts.replace(draft, "bans", tables.write([self.BAN], columns), now=NOW, user=lena)
        [loaded] = acts("rules.table_loaded")
        checksum = rule_sets.content(draft).checksum()
        assert loaded.payload == {"number": 2, "table": "bans", "rows": number, "checksum": checksum}
        assert not acts("rules.row_added")

    def test_what_was_refused_was_no_act(self, lena, draft) -> None:
        rule_sets.activate(draft, lena, NOW)
        with pytest.raises(ValidationError):
            drafts.put(draft, "bans", self.BAN, now=NOW, user=lena)
        assert not acts("rules.row_added")

    def test_an_emergency_is_one_act(self, lena) -> None:
        rule_sets.switch_on(replace(self.BAN, code="state_emergency"), lena, NOW)
        assert len(acts("rules.activated")) == 1
        assert not acts("rules.drafted")

    def test_in_the_admin_it_is_by_who_is_logged_in(self, draft) -> None:
        browser = staff.client("Legal reviewer")
        form = {"jurisdiction": "CN", "channels": ["all"], "category": "marketing", "source": "A law",
                "code": "channel_restricted"}  # fmt: skip
        browser.post(reverse("admin:compliance_ruleset_row_add", args=[draft.pk, "bans"]), form)
        [added] = acts("rules.row_added")
        assert added.actor == User.objects.get(username="legal-reviewer").pk


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

    def test_a_role_that_is_made_renamed_and_removed(self) -> None:
        """With the role its members lose what it gave them, and no other signal tells of that."""
        crew = Group.objects.create(name="Night crew")
        crew.name = "Night shift"
        crew.save()
        pk = crew.pk
        crew.delete()
        [made], [renamed], [removed] = (acts(f"role.{word}") for word in ("added", "changed", "removed"))
        assert renamed.payload == {"touched": ["name"]}
        assert {made.subject_id, renamed.subject_id, removed.subject_id} == {str(pk)}

    def test_a_source_may_say_what_counts_as_a_consent_and_its_key_is_never_told(self) -> None:
        shop = source("very-secret-key")
        shop.consent_grants = [{"event": "signup", "topic": "news"}]
        shop.save()
        shop.delete()
        [made], [changed], [gone] = (acts(f"source.{word}") for word in ("added", "changed", "removed"))
        assert changed.payload == {"changed": {"consent_grants": [[], [{"event": "signup", "topic": "news"}]]}}
        assert "secret" not in str([made.payload, changed.payload, gone.payload])

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


class TestTheSuppressionList:
    URL = "/admin/contacts/suppression/export/"

    @pytest.fixture(autouse=True)
    def listed(self) -> None:
        suppressions.add([Suppress("a" * 43, "email", "manual", source="Ada by phone")], NOW)

    def test_a_download_is_noted_with_who_took_it(self) -> None:
        browser = staff.client("Legal reviewer")
        assert browser.get(self.URL).status_code == 200
        [taken] = acts("personal.exported")
        assert (taken.subject_type, taken.payload) == ("contacts.suppression", {"rows": 1, "what": "suppressions"})
        assert taken.actor == User.objects.get(username="legal-reviewer").pk

    def test_who_may_not_has_taken_nothing(self) -> None:
        assert staff.client("Marketer").get(self.URL).status_code == 403
        assert not acts("personal.exported")

    def test_the_command_counts_too(self, tmp_path) -> None:
        call_command("suppressions", "export", str(tmp_path / "list.csv"))
        [taken] = acts("personal.exported")
        assert (taken.actor, taken.payload["rows"]) == (None, 1)


class TestEveryPageThatShowsPeople:
    IMPERSONAL = {
        "analytics.tally", "auth.group", "auth.user", "channels.account", "channels.blockversion",
        "channels.contentblock", "channels.messagetemplate", "channels.providertemplate", "channels.seedlist", "channels.storedfile", "channels.templateversion", "compliance.approval", "compliance.auditentry", "compliance.copyretention", "compliance.erasurerecord",
        "compliance.frequencycap", "compliance.housepolicy", "compliance.matrixrule", "compliance.quiethours",
        "compliance.review", "compliance.reviewpolicy", "compliance.ruleset",
        "compliance.stop", "compliance.withdrawnwording", "config.apitoken", "contacts.brand", "contacts.segment",
        "contacts.source", "contacts.topic", "journeys.journey", "journeys.version",
    }  # fmt: skip
    """They show the house and its staff; a record of erasure knows only a number."""

    def test_a_new_page_must_say_whether_it_does(self) -> None:
        registered = {model._meta.label_lower for model in admin.site._registry}
        assert registered == self.IMPERSONAL | set(viewing.PERSONAL)

    @pytest.mark.parametrize("model", viewing.PERSONAL)
    def test_its_list_is_noted(self, model) -> None:
        assert staff.superuser().get(reverse(f"admin:{model.replace('.', '_')}_changelist")).status_code == 200
        assert [act.subject_type for act in acts("personal.listed")] == [model]

    def test_every_address_is_one(self) -> None:
        for name in viewing.VIEWS:
            known = [{}, {"pk": 1}, {"object_id": 1}]
            assert any(_reversed(name, kwargs) for kwargs in known), name

    def test_a_person_is_found_by_searching(self) -> None:
        contact("ada-42")
        browser = staff.superuser()
        browser.get("/admin/search/?s=nobody&extended=1")
        assert not acts("personal.listed")
        assert "ada-42" in browser.get("/admin/search/?s=ada-4&extended=1").content.decode()
        assert [act.subject_type for act in acts("personal.listed")] == ["contacts.contact"]

    def test_a_preview_as_somebody(self) -> None:
        ada, browser = contact("ada", email="ada@example.test", first_name="Ada"), staff.client("Marketer")
        template("offer", content={"subject": "Hi", "text": "Hello {{ contact.first_name }}"})
        page = reverse("admin:channels_templateversion_preview", args=[TemplateVersion.objects.get().pk])
        browser.get(page)
        assert not acts("personal.viewed")
        assert "Ada" in browser.get(page, {"reader": "ada@example.test"}).content.decode()
        [seen] = acts("personal.viewed")
        assert (seen.subject_type, seen.subject_id) == ("contacts.contact", str(ada.pk))

    def test_a_question_about_somebody(self) -> None:
        ada, browser = contact("ada", phone="+447700900123"), staff.client("Legal reviewer")
        asked = {"contact": ada.pk, "channel": "sms", "message_class": "marketing", "topic": topic().pk}
        browser.post(reverse("admin:what_if"), {**asked, "contact": 999})
        assert not acts("personal.viewed")
        assert "It may leave" not in browser.post(reverse("admin:what_if"), asked).content.decode()
        assert [act.subject_id for act in acts("personal.viewed")] == [str(ada.pk)]


def _reversed(name: str, kwargs: dict[str, int]) -> bool:
    try:
        return bool(reverse(name, kwargs=kwargs))
    except NoReverseMatch:
        return False


def test_all_of_it_makes_a_sound_chain() -> None:
    [person, *_] = people(1)
    staff.client("Marketer").get(reverse("admin:contacts_contact_change", args=[person.pk]))
    message(person, template("second", channel="sms", content={"body": "Hi"}), "m:2")
    settle()
    assert AuditEntry.objects.count() > 5
    assert first() == ""
