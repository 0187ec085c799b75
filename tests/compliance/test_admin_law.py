"""Rule sets in the admin: what is read, drafts, what they change, activation, tables as CSV; and emergencies."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from channels.models import Message
from compliance import gate
from compliance.law import drafts, rule_sets, tables
from compliance.law.rules import Tables
from compliance.models import LawRow, RuleSet
from config import clock, ledger
from tests import staff
from tests.builders import NOW, account, consent, contact, message, template
from tests.compliance.laws import row
from tests.pages import queries, who

pytestmark = pytest.mark.django_db

LIST = reverse("admin:compliance_ruleset_changelist")
EMERGENCIES = reverse("admin:emergencies")
LOOKERS = {"Marketer", "Legal reviewer", "Operator", "Analyst", "Administrator"}
CHANGERS = {"Legal reviewer", "Administrator"}


def url(rule_set: RuleSet, name: str = "change", *more) -> str:
    return reverse(f"admin:compliance_ruleset_{name}", args=(rule_set.pk, *more))


def show(browser, address: str, **query) -> str:
    answer = browser.get(address, query)
    assert answer.status_code == 200
    return answer.content.decode()


def says(browser, address: str, data: dict | None = None) -> str:
    """What the page shows after this was posted, wherever it leads."""
    return browser.post(address, data or {}, follow=True).content.decode()


@pytest.fixture
def active() -> RuleSet:
    return RuleSet.objects.get(state="active")


@pytest.fixture
def draft(active) -> RuleSet:
    return rule_sets.copy_of_active(NOW)


@pytest.fixture
def lawyer():
    return staff.client("Legal reviewer")


class TestTheList:
    def test_what_it_tells(self, lawyer, active, draft) -> None:
        html = show(lawyer, LIST)
        total = sum(map(len, (rule_sets.shipped().hours, rule_sets.shipped().bans, rule_sets.shipped().caps)))
        for words in (
            "Rule set v1",
            "Rule set v2",
            "Active",
            "Draft",
            active.checksum[:12],
            f">{total}<",
            "the product",
        ):
            assert words.casefold() in html.casefold(), words
        assert "not legal advice" in html

    def test_who_may_look(self) -> None:
        assert who(LIST) == LOOKERS

    def test_only_those_who_may_change_the_law_get_the_button(self) -> None:
        assert "New draft" in show(staff.client("Legal reviewer"), LIST)
        assert "New draft" not in show(staff.client("Marketer"), LIST)

    def test_nothing_is_added_or_deleted_by_hand(self, active) -> None:
        root = staff.superuser()
        assert root.get(reverse("admin:compliance_ruleset_add")).status_code == 403
        assert (
            root.post(reverse("admin:compliance_ruleset_delete", args=(active.pk,)), {"post": "yes"}).status_code == 403
        )

    def test_it_costs_the_same_however_many_there_are(self, lawyer, active) -> None:
        few = queries(lawyer, LIST)
        for _ in range(4):
            rule_sets.copy_of_active(NOW, user=User.objects.first())
        assert queries(lawyer, LIST) == few


class TestThePage:
    def test_it_says_what_it_is(self, lawyer, active) -> None:
        html = show(lawyer, url(active))
        assert f"Rule set v1, as of {active.activated_at:%-d %B %Y}" in html
        assert "Not legal advice" in html
        assert active.checksum in html

    def test_hours_with_source_and_confidence(self, lawyer, active) -> None:
        html = show(lawyer, url(active), jurisdiction="US-CT")
        assert "09:00-20:00" in html
        assert "Conn. Gen. Stat. 42-288a(c)" in html
        assert ">high<" in html

    def test_bans_and_caps(self, lawyer, active) -> None:
        assert "barred (channel_restricted)" in show(lawyer, url(active), table="bans")
        assert "at most 3 messages on the same subject in any 24 hours" in show(lawyer, url(active), table="caps")

    @pytest.mark.parametrize(
        ("query", "seen", "unseen"),
        [
            ({"jurisdiction": "US-FL"}, {"US", "US-FL"}, {"US-CT", "FR"}),
            ({"channel": "email"}, {"CO", "ZA"}, {"US", "FR"}),
            ({"jurisdiction": "US-FL", "channel": "fax"}, set(), {"US-FL", "FR"}),
            ({"category": "otp"}, set(), {"US", "FR"}),
            ({"jurisdiction": "Narnia"}, {"US", "FR"}, set()),
        ],
    )
    def test_the_filter(self, lawyer, active, query, seen, unseen) -> None:
        html = show(lawyer, url(active), **query)
        found = {place for place in seen | unseen if f'class="wm-nowrap">{place}</th>' in html}
        assert found == seen
        if not seen:
            assert "No row fits this filter." in html

    def test_an_unknown_table_or_set_is_not_found(self, lawyer, active) -> None:
        assert lawyer.get(url(active), {"table": "wishes"}).status_code == 404
        assert lawyer.get(reverse("admin:compliance_ruleset_change", args=(999,))).status_code == 404

    def test_what_was_ever_active_is_only_read(self, lawyer, active, draft) -> None:
        pk = LawRow.objects.filter(rule_set=active).first().pk
        html = show(lawyer, url(active))
        for words in ("Add a row", "Load a CSV", "Delete line", "Activate…", "Discard"):
            assert words not in html
        for address in (
            url(active, "activate"), url(active, "upload"), url(active, "row_add", "hours"), url(active, "row", "hours", pk),
        ):  # fmt: skip
            assert lawyer.get(address).status_code == 404, address
        assert lawyer.post(url(active, "row_delete", "hours", pk)).status_code == 404
        assert "is no draft" in says(lawyer, url(active, "discard"))
        assert rule_sets.content(active) == rule_sets.shipped()

    def test_who_only_looks_gets_no_buttons_on_a_draft(self, draft) -> None:
        html = show(staff.client("Analyst"), url(draft))
        for words in ("Add a row", "Load a CSV", "Delete line", "Activate…", "Discard"):
            assert words not in html

    def test_rows_that_somebody_has_changed_in_the_database_are_told(self, lawyer, active) -> None:
        assert "not those that were activated" not in show(lawyer, url(active))
        with ledger.unlocked():
            LawRow.objects.filter(rule_set=active, jurisdiction="US").update(end="23:00")
        assert "not those that were activated" in show(lawyer, url(active))

    def test_a_hostile_source_is_only_text(self, lawyer, draft) -> None:
        drafts.put(draft, "hours", row("GB", "08:00", "20:00", source="<script>alert(1)</script>"), now=NOW)
        assert "<script>alert(1)</script>" not in show(lawyer, url(draft))

    def test_it_costs_the_same_however_many_rows(self, lawyer, draft) -> None:
        few = queries(lawyer, url(draft))
        for end in ("17:00", "18:00", "19:00"):
            drafts.put(
                draft,
                "hours",
                row(
                    "GB",
                    "08:00",
                    end,
                    channels=(f"{'sms' if end == '17:00' else 'fax' if end == '18:00' else 'voice'}",),
                ),
                now=NOW,
            )
        assert queries(lawyer, url(draft)) == few

    def test_who_may_look(self, active, draft) -> None:
        assert who(url(active)) == LOOKERS
        assert who(url(draft, "changes")) == LOOKERS
        assert who(url(active, "download", "hours")) == LOOKERS


class TestADraft:
    def test_it_is_copied_from_the_active_one(self, lawyer, active) -> None:
        html = says(lawyer, reverse("admin:compliance_ruleset_draft"))
        assert "Rule set v2 is a draft now. Nothing is judged by it until it is activated." in html
        made = RuleSet.objects.get(number=2)
        assert (made.state, made.created_by.username) == ("draft", "legal-reviewer")
        assert rule_sets.content(made) == rule_sets.content(active)

    def test_without_an_active_set_there_is_nothing_to_copy(self, lawyer) -> None:
        with ledger.unlocked():
            RuleSet.objects.all().delete()
        assert "nothing to copy" in says(lawyer, reverse("admin:compliance_ruleset_draft"))

    def test_looking_makes_none(self, lawyer) -> None:
        assert lawyer.get(reverse("admin:compliance_ruleset_draft")).status_code == 405
        assert RuleSet.objects.count() == 1

    def test_it_can_be_thrown_away(self, lawyer, draft) -> None:
        assert "The draft v2 is discarded." in says(lawyer, url(draft, "discard"))
        assert not RuleSet.objects.filter(number=2).exists()

    def test_who_may(self, draft) -> None:
        assert who(reverse("admin:compliance_ruleset_draft"), "post", allowed=302) == CHANGERS
        assert who(url(draft, "activate")) == CHANGERS
        assert who(url(draft, "upload")) == CHANGERS
        for name in ("discard",):
            refused = {role for role in staff.ROLES if role not in CHANGERS}
            for role in refused:
                assert staff.client(role, f"{name}-{role}").post(url(draft, name)).status_code == 403


class TestWhatItChanges:
    def test_nothing(self, lawyer, draft) -> None:
        assert "There is no difference to rule set v1" in show(lawyer, url(draft, "changes"))

    def test_added_removed_and_changed_rows(self, lawyer, draft) -> None:
        [texas, *_] = [one for one in drafts.placed(draft, "hours") if one.row.jurisdiction == "US-TX"]
        cells = drafts.said("hours", texas.row) | {"allowed_end_local": "20:30"}
        drafts.put(draft, "hours", drafts.read(draft, "hours", cells, texas.pk), texas.pk, now=NOW)
        drafts.put(draft, "hours", row("GB", "08:00", "20:00"), now=NOW)
        drafts.remove(draft, "bans", drafts.placed(draft, "bans")[0].pk, now=NOW)
        html = show(lawyer, url(draft, "changes"))
        assert "allowed_end_local: <del" in html
        assert ">21:00</del> → <ins" in html
        assert ">20:30</ins>" in html
        assert "GB, sms, marketing: mon-sun 08:00-20:00" in html
        assert "US, whatsapp, marketing: barred (channel_restricted)" in html
        assert [html.count(f">{word}</span>") for word in ("added", "removed", "changed")] == [1, 1, 1]

    def test_it_costs_the_same_however_much_changes(self, lawyer, draft) -> None:
        few = queries(lawyer, url(draft, "changes"))
        for one in drafts.placed(draft, "hours")[:5]:
            drafts.remove(draft, "hours", one.pk, now=NOW)
        assert queries(lawyer, url(draft, "changes")) == few


class TestActivation:
    def asked(self, browser, rule_set: RuleSet, **data) -> dict:
        return {"against": browser.get(url(rule_set, "activate")).context["checksum"], **data}

    def test_it_needs_a_confirmation(self, lawyer, draft, active) -> None:
        html = says(lawyer, url(draft, "activate"), self.asked(lawyer, draft))
        assert "Tick the box to confirm." in html
        active.refresh_from_db()
        assert active.state == "active"

    def test_from_then_on_it_is_judged_by(self, lawyer, draft, active) -> None:
        drafts.put(draft, "hours", row("GB", "08:00", "20:00"), now=NOW)
        html = says(lawyer, url(draft, "activate"), self.asked(lawyer, draft, sure="on", reason="Law of May."))
        assert "Rule set v2 is active" in html
        assert rule_sets.active().number == 2
        draft.refresh_from_db()
        active.refresh_from_db()
        assert (draft.activated_by.username, active.state) == ("legal-reviewer", "retired")

    def test_a_set_without_hours_is_refused(self, lawyer, draft) -> None:
        LawRow.objects.filter(rule_set=draft).delete()
        html = says(lawyer, url(draft, "activate"), self.asked(lawyer, draft, sure="on", reason="Law of May."))
        assert "A rule set without hours would allow everything" in html
        assert rule_sets.active().number == 1

    def test_what_has_changed_since_it_was_read_must_be_read_again(self, lawyer, draft) -> None:
        asked = self.asked(lawyer, draft, sure="on", reason="Law of May.")
        drafts.put(draft, "hours", row("GB", "08:00", "20:00"), now=NOW)
        assert "read the changes again" in says(lawyer, url(draft, "activate"), asked)
        assert rule_sets.active().number == 1

    def test_a_draft_older_than_the_active_set_says_what_it_would_undo(self, lawyer, active) -> None:
        later = active.activated_at + timedelta(hours=1)
        draft, newer = rule_sets.copy_of_active(later), rule_sets.copy_of_active(later)
        drafts.put(newer, "hours", row("GB", "08:00", "20:00"), now=NOW)
        assert "newer than this draft" not in show(lawyer, url(newer, "activate"))
        rule_sets.activate(newer, User.objects.create_superuser("root"), later + timedelta(hours=1))
        assert "newer than this draft" in show(lawyer, url(draft, "activate"))


class TestCsv:
    def upload(self, browser, rule_set: RuleSet, content: bytes, table: str = "hours") -> str:
        file = SimpleUploadedFile("law.csv", content, "text/csv")
        return says(browser, url(rule_set, "upload"), {"table": table, "file": file})

    @pytest.mark.parametrize("table", ["hours", "bans", "caps"])
    def test_what_is_downloaded_can_be_loaded_again(self, lawyer, active, draft, table) -> None:
        answer = lawyer.get(url(active, "download", table))
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        assert f'filename="rule-set-1-{table}.csv"' in answer["Content-Disposition"]
        assert "loaded from the file" in self.upload(lawyer, draft, answer.content, table)
        assert rule_sets.content(draft) == rule_sets.content(active)

    def test_there_is_no_other_table(self, lawyer, active) -> None:
        assert lawyer.get(url(active, "download", "wishes")).status_code == 404

    def test_a_file_replaces_the_table(self, lawyer, draft) -> None:
        text = tables.write([row("FR", "10:00", "12:00")], tables.HOURS)
        assert "Hours: 1 row loaded from the file." in self.upload(lawyer, draft, text.encode())
        assert [one.jurisdiction for one in rule_sets.content(draft).hours] == ["FR"]
        assert rule_sets.content(draft).bans == rule_sets.shipped().bans

    def test_mistakes_are_told_by_line_and_column_and_nothing_is_taken(self, lawyer, draft) -> None:
        good = tables.write([row("FR", "10:00", "12:00"), row("DE", "09:00", "18:00")], tables.HOURS)
        bad = good.replace("FR", "XX", 1).replace("18:00", "25:00")
        html = self.upload(lawyer, draft, bad.encode())
        assert "Nothing was taken from the file. 2 mistakes:" in html
        assert '<td class="wm-number">2</td><th scope="row">jurisdiction</th>' in html
        assert '<td class="wm-number">3</td><th scope="row">allowed_end_local</th>' in html
        assert "is not a time of day" in html
        assert rule_sets.content(draft) == rule_sets.shipped()

    def test_of_very_many_mistakes_the_first_are_told(self, lawyer, draft) -> None:
        text = tables.write([row("FR", "10:00", "12:00")] * 80, tables.HOURS).replace("FR", "XX")
        html = self.upload(lawyer, draft, text.encode())
        assert "80 mistakes:" in html
        assert "And 30 more." in html

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            (b"jurisdiction\nSchwyz \xe9", "Line 2 is not UTF-8"),
            (b"", "The submitted file is empty."),
            (b"a,b\n1,2\n", "This column is missing."),
            (b"x" * 2_000_001, "at most 2,000,000 are read"),
        ],
    )
    def test_what_is_no_such_table_is_refused(self, lawyer, draft, content, sentence) -> None:
        assert sentence in self.upload(lawyer, draft, content)
        assert rule_sets.content(draft) == rule_sets.shipped()

    def test_a_file_must_be_chosen(self, lawyer, draft) -> None:
        assert "This field is required." in says(lawyer, url(draft, "upload"), {"table": "hours"})


class TestEmergencies:
    DATA = {"jurisdiction": "us-la", "channels": ["all"], "reason": "Proclamation 132 JML 2026", "sure": "on"}

    def test_none_at_first(self, lawyer) -> None:
        assert "None is declared" in show(lawyer, EMERGENCIES)

    def test_marketing_there_is_blocked_until_it_is_over(self, lawyer) -> None:
        account("sms")
        ada = contact("ada", phone="+15045550100", country="US", region="LA")
        consent(ada, "sms")
        words = template("offer", channel="sms", content={"body": "Hi"})
        noon = NOW + timedelta(hours=6)
        html = says(lawyer, EMERGENCIES, self.DATA)
        assert "From now on no marketing goes to US-LA: rule set v2 is active." in html
        assert "Proclamation 132 JML 2026" in html
        during = message(ada, words, now=noon)
        gate.release(noon)
        during.refresh_from_db()
        assert during.state == Message.State.BLOCKED
        assert during.decisions.get().reason == "state_emergency"
        html = says(lawyer, reverse("admin:emergencies_end"), {"jurisdiction": "US-LA", "sure": "on"})
        assert "Marketing may go to US-LA again: rule set v3 is active." in html
        assert rule_sets.active().tables == rule_sets.shipped()

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"jurisdiction": "Narnia"}, "is not known; write a country or a region of it"),
            ({"reason": ""}, "This field is required."),
            ({"channels": []}, "Tick at least one channel."),
            ({"sure": ""}, "Tick the box to confirm."),
            ({"until": "tomorrow"}, "Enter a valid date."),
        ],
    )
    def test_a_mistake_is_told_and_nothing_is_changed(self, lawyer, change, sentence) -> None:
        assert sentence in says(lawyer, EMERGENCIES, {**self.DATA, **change})
        assert rule_sets.active().number == 1

    def test_there_is_one_for_each_place(self, lawyer) -> None:
        says(lawyer, EMERGENCIES, self.DATA)
        assert "is declared in US-LA already" in says(lawyer, EMERGENCIES, self.DATA)
        assert rule_sets.active().number == 2

    def test_the_end_needs_a_confirmation_too(self, lawyer) -> None:
        says(lawyer, EMERGENCIES, self.DATA)
        assert "Tick the box to confirm that it is over." in says(
            lawyer, reverse("admin:emergencies_end"), {"jurisdiction": "US-LA"}
        )
        assert rule_sets.active().number == 2

    def test_what_is_not_declared_cannot_end(self, lawyer) -> None:
        html = says(lawyer, reverse("admin:emergencies_end"), {"jurisdiction": "US-LA", "sure": "on"})
        assert "There is no state_emergency in US-LA to switch off." in html

    def test_one_that_is_over_by_the_calendar_is_shown_as_such(self, lawyer) -> None:
        with clock.at(NOW):
            says(lawyer, EMERGENCIES, {**self.DATA, "until": "2026-11-20"})
            assert "not in force today" in show(lawyer, EMERGENCIES)

    def test_without_an_active_set_it_says_so(self, lawyer) -> None:
        with ledger.unlocked():
            RuleSet.objects.all().delete()
        assert "No rule set is active" in says(lawyer, EMERGENCIES, self.DATA)

    def test_who(self) -> None:
        assert who(EMERGENCIES) == LOOKERS
        assert who(EMERGENCIES, "post", {"jurisdiction": ""}) == CHANGERS
        assert who(reverse("admin:emergencies_end"), "post", allowed=302) == CHANGERS

    def test_who_may_only_look_gets_no_form(self) -> None:
        html = show(staff.client("Operator"), EMERGENCIES)
        assert "needs the permission of a legal reviewer" in html
        assert "Switch marketing off there" not in html


def test_an_empty_table_says_so(lawyer) -> None:
    made = rule_sets.draft(Tables(rule_sets.shipped().hours), NOW)
    assert "There are no rows in this table." in show(lawyer, url(made), table="bans")
