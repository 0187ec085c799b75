"""The command, the signed heads, the log in the admin and the card on the home page."""

import json
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from compliance import chain
from compliance.chain import heads
from compliance.models import AuditEntry, AuditMark, AuditNote
from config import clock
from tests import staff
from tests.builders import NOW
from tests.compliance.chains import LATER, ids, people, seal_of, settle, sql
from tests.pages import queries

pytestmark = pytest.mark.django_db
LIST = reverse("admin:compliance_auditentry_changelist")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> Iterator[Path]:
    settings.VAR_DIR = tmp_path
    AuditNote.objects.all().delete()
    with clock.at(NOW):
        yield tmp_path / "audit"


@pytest.fixture
def sealed() -> None:
    people(3)
    settle()


def audit(*arguments: str) -> str:
    out = StringIO()
    with clock.at(LATER):
        call_command("audit", *arguments, stdout=out, stderr=out)
    return out.getvalue()


def broken(*arguments: str) -> tuple[str, str]:
    """What the command wrote, and the sentence it ended with (manage.py exits with 1)."""
    out = StringIO()
    with clock.at(LATER), pytest.raises(CommandError) as caught:
        call_command("audit", *arguments, stdout=out, stderr=out)
    assert caught.value.returncode == 1
    return out.getvalue(), str(caught.value)


class TestVerify:
    def test_a_whole_chain(self, sealed) -> None:
        assert audit("verify").startswith(f"The audit chain is whole: {AuditEntry.objects.count()} entries, ")

    def test_the_first_broken_link_is_named(self, sealed) -> None:
        """L15."""
        one, other = ids("compliance_decision")[1:3]
        sql("UPDATE compliance_decision SET outcome = 'deny' WHERE id IN (%s, %s)", one, other)
        said, end = broken("verify")
        assert f"compliance_decision {one}: the row was changed after the seal." in said.splitlines()[0]
        assert said.startswith("First broken link: entry ")
        assert f"compliance_decision {other}" in said.splitlines()[1]
        assert end.startswith("The audit chain is broken")

    def test_many_are_told_in_short(self) -> None:
        people(30)
        settle()
        sql("UPDATE compliance_decision SET outcome = 'deny'")
        assert "And 10 more." in broken("verify")[0]

    def test_from_an_entry_on(self, sealed) -> None:
        assert "from entry 2 on" in audit("verify", "--from", "2")
        assert "numbered from 1" in broken("verify", "--from", "0")[1]

    def test_it_is_on_record(self, sealed) -> None:
        audit("verify")
        settle()
        assert AuditEntry.objects.get(kind="chain.verified").payload["findings"] == 0
        audit("verify", "--from", "2")
        settle()
        assert AuditEntry.objects.filter(kind="chain.verified").count() == 1


class TestHead:
    def test_a_signed_head_can_be_checked_later(self, sealed, tmp_path: Path) -> None:
        file = tmp_path / "head.json"
        file.write_text(audit("head"))
        chain.append("stop.set", now=LATER)
        settle()
        number = json.loads(file.read_text())["number"]
        assert f"Entry {number} is in the chain" in audit("head", "--verify", str(file))

    @pytest.mark.parametrize(
        ("change", "why"),
        [
            ({"number": 2}, "signature"),
            ({"hash": "00" * 32}, "signature"),
            ({"at": "2020-01-01"}, "signature"),
            ({"signature": "x"}, "signature"),
            ({"extra": 1}, "no head of an audit chain"),
        ],
    )
    def test_a_forged_head_is_refused(self, sealed, tmp_path: Path, change: dict[str, Any], why: str) -> None:
        file = tmp_path / "head.json"
        file.write_text(json.dumps({**json.loads(audit("head")), **change}))
        assert why in broken("head", "--verify", str(file))[1]

    @pytest.mark.parametrize("text", ["", "[]", "{}", "7", "null", '{"number": 1, "hash": 2, "at": 3, "signature": 4}'])
    def test_what_is_no_head_is_told_so(self, tmp_path: Path, text: str) -> None:
        file = tmp_path / "head.json"
        file.write_text(text)
        assert "no head of an audit chain" in broken("head", "--verify", str(file))[1]

    def test_a_missing_file_is_told_so(self) -> None:
        assert "No such file" in broken("head", "--verify", "/nowhere")[1]

    def test_an_empty_chain_has_none(self) -> None:
        assert "empty" in broken("head")[1]

    def test_a_chain_that_was_written_anew_does_not_have_the_kept_head(self, sealed, folder: Path) -> None:
        """The one thing that hashes alone cannot tell: everything recomputed, nothing out of place."""
        assert heads.keep(LATER) == 1
        sql("DELETE FROM compliance_auditentry")
        sql("UPDATE compliance_auditmark SET upto = 0, bound = 0")
        settle()
        while AuditEntry.objects.count() < 30:
            chain.append("stop.set", now=LATER)
            settle()
        said, _ = broken("verify")
        assert f"The head that was kept in head-{LATER:%Y-%m-%d}.json does not hold: Entry " in said
        assert "written anew" in said

    def test_the_head_is_kept_once_a_day(self, sealed, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
        for _ in range(3):
            chain.run(LATER)
        assert [path.name for path in folder.iterdir()] == ["head-2026-11-24.json"]
        assert audit("head", "--verify", str(folder / "head-2026-11-24.json"))
        chain.append("stop.set", now=LATER)
        settle()
        midnight = AuditMark.objects.get(pk="heads").due_at
        assert (midnight.hour, midnight.day) == (0, 25)
        assert chain.next_due(LATER) == midnight
        chain.run(LATER + timedelta(days=1))
        assert sorted(path.name for path in folder.iterdir())[-1] == "head-2026-11-25.json"


class TestExport:
    def test_a_day_as_lines(self, sealed) -> None:
        lines = [json.loads(line) for line in audit("export").splitlines()]
        assert [line["number"] for line in lines] == list(range(1, len(lines) + 1))
        chain.append("stop.set", now=NOW + timedelta(days=9), actor=4)
        settle()
        [line] = [json.loads(line) for line in audit("export", "--day", "2026-12-03").splitlines()]
        assert (line["kind"], line["actor"], line["previous"]) == ("stop.set", 4, lines[-1]["hash"])
        assert audit("export", "--day", "2026-12-04") == ""


class TestAdmin:
    def test_the_list_names_who_did_what(self) -> None:
        maria = staff.user("Marketer", "maria")
        chain.append("stop.set", now=NOW, actor=maria.pk, subject=("compliance.stop", "7"))
        chain.append("stop.lifted", now=NOW, actor=9999)
        settle(NOW)
        html = staff.client("Legal reviewer").get(LIST).content.decode()
        for words in ("Stop set", "maria", "stop 7", "Stop lifted", "user 9999"):
            assert words in html

    def test_filters_and_search(self) -> None:
        maria = staff.user("Marketer", "maria")
        chain.append("stop.set", now=NOW, actor=maria.pk, subject=("compliance.stop", "71"))
        chain.append("stop.lifted", now=NOW, subject=("compliance.stop", "72"))
        settle(NOW)
        lena = staff.client("Legal reviewer")
        for query in ("kind=stop.set", "by=maria", "q=compliance.stop+71", "q=Stop+71"):
            html = lena.get(f"{LIST}?{query}").content.decode()
            assert "stop 71" in html, query
            assert "stop 72" not in html, query
        number = AuditEntry.objects.get(subject_id="72").pk
        assert "stop 72" in lena.get(f"{LIST}?q={number}").content.decode()

    def test_an_entry_shows_what_it_says_without_what_only_machines_read(self) -> None:
        people(120)
        settle()
        seal = seal_of("compliance_decision")
        html = (
            staff.client("Legal reviewer")
            .get(reverse("admin:compliance_auditentry_change", args=[seal.pk]))
            .content.decode()
        )
        assert seal.hash in html
        assert "root" in html
        assert seal.payload["marks"] not in html

    def test_the_number_of_queries_does_not_grow(self, sealed) -> None:
        lena = staff.client("Legal reviewer")
        lena.get(LIST)
        few = queries(lena, LIST)
        for number in range(20):
            chain.append("stop.set", now=NOW, actor=number)
        settle()
        assert queries(lena, LIST) == few

    @pytest.mark.parametrize(
        ("role", "status"),
        [
            ("Legal reviewer", 200),
            ("Operator", 200),
            ("Administrator", 200),
            ("Marketer", 403),
            ("Support agent", 403),
            ("", 403),
        ],
    )
    def test_who_may_read_it(self, role: str, status: int) -> None:
        assert staff.client(role).get(LIST).status_code == status

    def test_nobody_changes_or_deletes_an_entry(self, sealed) -> None:
        root = staff.superuser()
        page = reverse("admin:compliance_auditentry_change", args=[1])
        assert root.post(page, {"actor": 1}).status_code == 403
        assert root.post(reverse("admin:compliance_auditentry_delete", args=[1])).status_code == 403
        assert root.get(reverse("admin:compliance_auditentry_add")).status_code == 403


class TestSearch:
    def test_a_subject_without_a_number_and_what_is_unknown(self) -> None:
        chain.append("stop.set", now=NOW, subject=("compliance.stop", "71"))
        chain.append("rows.erased", now=NOW, subject=("ledger", "gone"), payload={"ids": "", "root": ""})
        settle(NOW)
        lena = staff.client("Legal reviewer")
        assert "stop 71" in lena.get(f"{LIST}?q=stop").content.decode()
        assert "ledger gone" in lena.get(f"{LIST}?q=ledger").content.decode()
        assert "stop 71" not in lena.get(f"{LIST}?q=nothing+such").content.decode()


class TestCard:
    def home(self, role: str = "Legal reviewer") -> str:
        return staff.client(role).get(reverse("admin:index")).content.decode()

    def test_before_the_first_verification(self) -> None:
        assert "Not verified yet" in self.home()

    def test_after_a_good_one(self, sealed) -> None:
        audit("verify")
        assert "Found whole" in self.home()

    def test_after_a_bad_one(self, sealed) -> None:
        sql("UPDATE compliance_decision SET outcome = 'deny' WHERE id = %s", ids("compliance_decision")[0])
        broken("verify")
        html = self.home()
        assert "Broken: entry " in html
        assert "the row was changed after the seal" in html

    def test_who_may_not_read_the_log_has_no_card(self) -> None:
        assert "Not verified yet" not in self.home("Marketer")
