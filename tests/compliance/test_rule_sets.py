"""Versions of the law: what was ever active never changes, a change is a new number, and who may do it."""

import io
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from compliance.law import rule_sets, shipping, tables
from compliance.law.rules import BanRow, Tables
from compliance.models import Ban, LawRow, RuleSet, StatutoryCap
from config.ledger import unlocked
from tests import staff
from tests.builders import NOW
from tests.compliance.laws import SHIPPED, result, row, when

pytestmark = pytest.mark.django_db
State = RuleSet.State
EMERGENCY = BanRow(
    jurisdiction="US-LA",
    channels=("sms", "voice"),
    category="marketing",
    code="state_emergency",
    source="LPSC",
    note="Storm",
)


@pytest.fixture
def reviewer() -> User:
    return staff.user("Legal reviewer", "lena")


@pytest.fixture
def marketer() -> User:
    return staff.user("Marketer", "max")


def active_set() -> RuleSet:
    return RuleSet.objects.get(state=State.ACTIVE)


def tightened() -> Tables:
    """The shipped rules with Florida until 19:00."""
    florida = next(one for one in SHIPPED.hours if one.jurisdiction == "US-FL")
    others = tuple(one for one in SHIPPED.hours if one is not florida)
    changed = row("US-FL", "08:00", "19:00", channels=florida.channels, source="A new statute")
    return replace(SHIPPED, hours=(*others, changed))


class TestShipped:
    def test_after_migrate_the_products_rules_are_set_1(self) -> None:
        found = active_set()
        assert (found.number, found.checksum) == (1, SHIPPED.checksum())
        assert rule_sets.content(found) == SHIPPED
        assert (LawRow.objects.count(), Ban.objects.count(), StatutoryCap.objects.count()) == (65, 1, 8)

    def test_a_second_migrate_changes_nothing(self) -> None:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            shipping.after_migrate()
        assert RuleSet.objects.count() == 1
        assert len(queries) <= 3

    def test_they_are_judged_by(self) -> None:
        rules = rule_sets.active()
        assert (rules.number, rules.tables) == (1, SHIPPED)
        assert result(when("Florida", "2026-11-24T01:30Z", rules=rules)) == "DEFER 2026-11-24T13:00Z"

    def test_asking_for_them_costs_one_query_and_gives_the_same_object(self) -> None:
        first = rule_sets.active()
        with CaptureQueriesContext(connection) as queries:
            assert rule_sets.active() is first
        assert len(queries) == 1


class TestActivation:
    def test_the_former_set_retires_and_the_new_one_is_judged_by(self, reviewer: User) -> None:
        draft = rule_sets.draft(tightened(), NOW, user=reviewer, note="Florida until 19:00")
        assert rule_sets.active().number == 1, "a draft is judged by nobody"
        rule_sets.activate(draft, reviewer, NOW)
        assert [(one.number, one.state) for one in RuleSet.objects.all()] == [(2, "active"), (1, "retired")]
        assert (draft.activated_by, draft.activated_at, draft.created_by) == (reviewer, NOW, reviewer)
        assert draft.checksum == tightened().checksum()
        half_past_seven = "2026-11-24T00:30Z"
        assert result(when("Florida", half_past_seven, rules=rule_sets.active())) == "DEFER 2026-11-24T13:00Z"
        assert result(when("Florida", half_past_seven, rules=rule_sets.of_number(1))) == "ALLOW", (
            "as decisions of then say"
        )

    def test_the_checksum_covers_what_was_edited_in_the_draft(self, reviewer: User) -> None:
        draft = rule_sets.copy_of_active(NOW, user=reviewer)
        assert draft.note == "Copied from rule set 1."
        assert rule_sets.content(draft) == SHIPPED
        LawRow.objects.filter(rule_set=draft, jurisdiction="US-KY").update(start="11:00")
        rule_sets.activate(draft, reviewer, NOW)
        assert draft.checksum != SHIPPED.checksum()
        assert rule_sets.active().checksum == draft.checksum

    @pytest.mark.parametrize("who", ["marketer", "nobody"])
    def test_not_without_the_permission_l17(self, who: str, marketer: User) -> None:
        draft = rule_sets.copy_of_active(NOW)
        with pytest.raises(PermissionDenied):
            rule_sets.activate(draft, marketer if who == "marketer" else AnonymousUser(), NOW)
        assert active_set().number == 1

    def test_a_retired_or_active_set_is_not_activated_again(self, reviewer: User) -> None:
        first = active_set()
        with pytest.raises(ValidationError, match="Rule set 1 is no draft"):
            rule_sets.activate(first, reviewer, NOW)
        rule_sets.activate(rule_sets.copy_of_active(NOW), reviewer, NOW)
        with pytest.raises(ValidationError, match="Rule set 1 is no draft"):
            rule_sets.activate(first, reviewer, NOW)
        assert active_set().number == 2

    def test_an_empty_set_would_allow_everything(self, reviewer: User) -> None:
        with pytest.raises(ValidationError, match="would allow everything"):
            rule_sets.activate(rule_sets.draft(Tables(), NOW), reviewer, NOW)
        assert active_set().number == 1

    def test_a_draft_with_impossible_rows_is_refused_with_every_mistake(self, reviewer: User) -> None:
        draft = rule_sets.copy_of_active(NOW)
        LawRow.objects.filter(rule_set=draft, jurisdiction="US-FL").update(end="08:00")
        LawRow.objects.filter(rule_set=draft, jurisdiction="VN").update(jurisdiction="VX")
        with pytest.raises(ValidationError) as caught:
            rule_sets.activate(draft, reviewer, NOW)
        told = " ".join(caught.value.messages)
        assert "It is the same as the start" in told
        assert "'VX' is not known" in told
        assert active_set().number == 1

    def test_there_is_only_one_active_set(self) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            RuleSet.objects.create(number=9, state=State.ACTIVE, created_at=NOW)


class TestSealed:
    """The database refuses, whoever asks."""

    @pytest.fixture(params=["active", "retired"])
    def sealed(self, request: pytest.FixtureRequest, reviewer: User) -> RuleSet:
        found = active_set()
        if request.param == "retired":
            rule_sets.activate(rule_sets.copy_of_active(NOW), reviewer, NOW)
            found.refresh_from_db()
        assert found.state == request.param
        return found

    @pytest.mark.parametrize("model", [LawRow, Ban, StatutoryCap])
    def test_its_rows_cannot_be_changed_taken_or_added(self, sealed: RuleSet, model: Any) -> None:
        mine = model.objects.filter(rule_set=sealed)
        one = mine.first()
        one.pk, one.position = None, 999
        for change in (lambda: mine.update(note="x"), lambda: mine.delete(), lambda: one.save(force_insert=True)):
            with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
                change()
        assert rule_sets.content(sealed) == SHIPPED

    def test_rows_cannot_be_moved_in_or_out(self, sealed: RuleSet) -> None:
        draft = rule_sets.copy_of_active(NOW)
        for source, target in ((draft, sealed), (sealed, draft)):
            with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
                LawRow.objects.filter(rule_set=source).update(rule_set=target)

    @pytest.mark.parametrize(
        "change",
        [{"state": "draft"}, {"number": 77}, {"checksum": "0" * 64}, {"activated_at": NOW + timedelta(1)}, {"note": "x"},
         {"activated_by": None, "created_at": NOW - timedelta(9)}],
    )  # fmt: skip
    def test_nor_the_set_itself(self, sealed: RuleSet, change: dict[str, Any]) -> None:
        with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
            RuleSet.objects.filter(pk=sealed.pk).update(**change)
        with pytest.raises(IntegrityError), transaction.atomic():
            RuleSet.objects.filter(pk=sealed.pk)._raw_delete("default")

    def test_a_draft_can_be_edited_and_thrown_away(self) -> None:
        draft = rule_sets.copy_of_active(NOW)
        LawRow.objects.filter(rule_set=draft, jurisdiction="US-KY").update(start="09:00")
        LawRow.objects.filter(rule_set=draft, jurisdiction="US-FL").delete()
        draft.note = "Kentucky"
        draft.save()
        draft.delete()
        assert (RuleSet.objects.count(), LawRow.objects.count()) == (1, 65)

    def test_rows_changed_round_the_seal_stop_every_judgement(self) -> None:
        with unlocked():
            LawRow.objects.filter(jurisdiction="US-FL").update(end="23:00")
        rule_sets._snapshot.cache_clear()
        with pytest.raises(rule_sets.Tampered, match="rule set 1"):
            rule_sets.active()


class TestEmergency:
    """One call each: a new version with the ban, and one without."""

    def test_on_and_off_e14(self, reviewer: User) -> None:
        noon = "2026-11-23T18:00Z"
        rule_sets.switch_on(EMERGENCY, reviewer, NOW)
        assert result(when("Louisiana", noon, rules=rule_sets.active())) == "BLOCK state_emergency"
        assert result(when("Louisiana", noon, message_class="transactional", rules=rule_sets.active())) == "ALLOW"
        rule_sets.switch_off("US-LA", "state_emergency", reviewer, NOW + timedelta(days=2))
        assert result(when("Louisiana", noon, rules=rule_sets.active())) == "ALLOW"
        notes = [one.note for one in RuleSet.objects.all()]
        assert notes[:2] == ["state_emergency in US-LA switched off.", "state_emergency in US-LA switched on."]
        assert rule_sets.active().checksum == SHIPPED.checksum()

    def test_not_by_a_marketer(self, marketer: User) -> None:
        with pytest.raises(PermissionDenied):
            rule_sets.switch_on(EMERGENCY, marketer, NOW)
        assert RuleSet.objects.count() == 1

    def test_nothing_to_switch_off(self, reviewer: User) -> None:
        with pytest.raises(ValidationError, match="no state_emergency in US-LA"):
            rule_sets.switch_off("US-LA", "state_emergency", reviewer, NOW)
        assert RuleSet.objects.count() == 1


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("rule_set", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The shipped hours, with Florida until 19:00."""
    path = tmp_path / "hours.csv"
    path.write_text(tables.write(tightened().hours, tables.HOURS), encoding="utf-8")
    return path


class TestCommand:
    def test_load_makes_a_draft_and_keeps_bans_and_caps(self, file: Path) -> None:
        assert run("load", str(file)) == "Rule set 2: 65 rows of hours, loaded as a draft.\n"
        made = RuleSet.objects.get(number=2)
        assert (made.state, made.note) == ("draft", f"Loaded from {file}.")
        assert rule_sets.content(made) == tightened()

    def test_load_and_activate(self, file: Path, reviewer: User) -> None:
        assert run("load", str(file), "--activate", "--user", "lena").endswith("Rule set 2 is active.\n")
        assert active_set().activated_by == reviewer

    def test_activate_later(self, file: Path, reviewer: User) -> None:
        run("load", str(file))
        assert run("activate", "2", "--user", "lena", "--reason", "Law of May.") == "Rule set 2 is active.\n"

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (["--activate"], "--activate needs --user"),
            (["--activate", "--user", "nobody"], "There is no user 'nobody'"),
            (["--activate", "--user", "max"], "Rule set 2 is not activated: You need the permission"),
        ],
    )
    def test_somebody_who_may_must_answer_for_it(
        self, file: Path, marketer: User, arguments: list[str], told: str
    ) -> None:
        with pytest.raises(CommandError, match=told):
            run("load", str(file), *arguments)
        assert active_set().number == 1

    def test_a_bad_file_loads_nothing_and_tells_every_line(self, tmp_path: Path) -> None:
        path = tmp_path / "bad.csv"
        text = tables.write(SHIPPED.hours[:3], tables.HOURS).replace("mon-sat", "mon-sit").replace("US-AL,", "US-ZZ,")
        path.write_text(text, encoding="utf-8")
        with pytest.raises(CommandError) as caught:
            run("load", str(path))
        assert str(caught.value).startswith(f"{path} has 3 mistakes; nothing is loaded:\nLine 3, jurisdiction: 'US-ZZ'")
        assert "Line 3, weekday: 'mon-sit'" in str(caught.value)
        assert RuleSet.objects.count() == 1

    @pytest.mark.parametrize("content", [b"\xff\xfe\x00", None])
    def test_a_file_that_cannot_be_read(self, tmp_path: Path, content: bytes | None) -> None:
        path = tmp_path / "x.csv"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(CommandError, match="cannot be read"):
            run("load", str(path))

    def test_bans_and_caps_from_files_of_their_own(self, file: Path, tmp_path: Path) -> None:
        bans = tmp_path / "bans.csv"
        bans.write_text(tables.write([EMERGENCY], tables.BANS), encoding="utf-8")
        run("load", str(file), "--bans", str(bans))
        assert rule_sets.content(RuleSet.objects.get(number=2)).bans == (EMERGENCY,)

    def test_list_and_show(self, file: Path) -> None:
        run("load", str(file), "--note", "Florida")
        newest, oldest = run("list").splitlines()
        assert newest.split("\t") == ["2", "draft", "never activated", "", "Florida"]
        assert oldest.startswith("1\tactive\t")
        shown = run("show", "1")
        assert shown.startswith("Rule set v1 (active, as of ")
        assert "It is a collection of sources, not legal advice." in shown
        assert "US-FL\tsms voice\tmarketing\tmon-sun 08:00-20:00, statute, high\tFla. Stat. 501.616(6)(a)" in shown
        assert "US\twhatsapp\tmarketing\tchannel_restricted\tfrom 2025-04-01\t" in shown
        assert "CO\tsms email whatsapp push voice\tmarketing\t1 channels local-week\t" in shown

    @pytest.mark.parametrize("table", ["hours", "bans", "caps"])
    def test_export_is_what_load_takes(self, table: str) -> None:
        read = rule_sets.TABLES[table][0]
        assert read(run("export", "1", "--table", table)) == getattr(SHIPPED, table)

    def test_diff(self, file: Path) -> None:
        run("load", str(file))
        assert run("diff", "1", "2").splitlines() == [
            "- US-FL\tsms voice\tmarketing\tmon-sun 08:00-20:00, statute, high\t"
            "Fla. Stat. 501.616(6)(a): lawserver.com; flsenate.gov 2021 SB 1120 enrolled",
            "+ US-FL\tsms voice\tmarketing\tmon-sun 08:00-19:00, statute, high\tA new statute",
        ]
        assert run("diff", "1", "1") == "They are the same.\n"

    def test_a_number_that_does_not_exist(self) -> None:
        with pytest.raises(CommandError, match="There is no rule set 9; there are: 1"):
            run("show", "9")


def test_rows_keep_every_column(reviewer: User) -> None:
    odd = row(
        "FR", "08:00", "00:00", (0, 2), channels=("sms", "all"), holidays_excluded=True, confidence="low", kind="strict",
        lifted_by_consent="written", effective_from=date(2026, 1, 1), effective_to=date(2026, 12, 31), note="Zwölf\n„x“",
    )  # fmt: skip
    draft = rule_sets.draft(Tables((odd,)), NOW)
    assert rule_sets.content(draft) == Tables((odd,))
    rule_sets.activate(draft, reviewer, NOW)
    assert rule_sets.active().tables.hours == (odd,)
