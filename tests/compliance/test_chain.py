"""The chain itself: noted with the act, linked in order, and whoever changes a link is found out."""

from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from compliance import chain, gate
from compliance.chain import canonical, kinds
from compliance.chain.rows import LEDGERS
from compliance.models import AuditEntry, AuditMark, AuditNote
from config import pumps
from tests.builders import NOW, account, consent, contact, message, template
from tests.compliance.chains import LATER, first, people, settle, sql

pytestmark = pytest.mark.django_db


@pytest.fixture
def entries() -> list[AuditEntry]:
    for number in range(6):
        chain.append("stop.set", now=NOW, actor=1, subject=("compliance.stop", str(number)), payload={"n": number})
    settle(NOW)
    return list(AuditEntry.objects.order_by("number"))


class TestAppend:
    def test_an_unregistered_kind_is_refused(self) -> None:
        with pytest.raises(kinds.Unregistered, match=r"'stop\.forgotten' is no registered kind"):
            chain.append("stop.forgotten", now=NOW)
        assert not AuditNote.objects.filter(kind="stop.forgotten").exists()

    def test_other_floors_register_kinds_of_their_own(self) -> None:
        chain.register("test.made", "Made in a test")
        chain.append("test.made", now=NOW)
        settle(NOW)
        assert AuditEntry.objects.filter(kind="test.made").exists()
        assert kinds.title("test.made") == "Made in a test"

    @pytest.mark.parametrize("value", [1.5, NOW, object(), {1: "a"}, {"deep": [0.1]}, b"x"])
    def test_what_databases_do_not_give_back_unchanged_is_refused(self, value) -> None:
        with pytest.raises(TypeError, match="cannot stand in an audit entry"):
            chain.append("stop.set", now=NOW, payload={"value": value})

    def test_it_is_one_insert_and_locks_nothing(self) -> None:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            chain.append("stop.set", now=NOW)
        assert len(seen) == 1
        assert "compliance_auditnote" in seen[0]["sql"]


class TestLink:
    def test_numbers_begin_at_one_and_have_no_gaps(self, entries) -> None:
        assert [entry.number for entry in entries] == list(range(1, len(entries) + 1))
        assert entries[0].previous == ""
        assert all(entry.previous == before.hash for before, entry in pairwise(entries))

    def test_a_rollback_leaves_no_gap(self, entries) -> None:
        def undone() -> None:
            with transaction.atomic():
                chain.append("stop.set", now=NOW)
                raise RuntimeError

        with pytest.raises(RuntimeError):
            undone()
        chain.append("stop.lifted", now=NOW)
        settle(NOW)
        newest = AuditEntry.objects.get(pk=len(entries) + 1)
        assert (newest.kind, newest.previous) == ("stop.lifted", entries[-1].hash)

    def test_the_database_refuses_changes_and_deletions(self, entries) -> None:
        for statement in (
            lambda: AuditEntry.objects.filter(pk=2).update(actor=9),
            lambda: AuditEntry.objects.filter(pk=2).delete(),
        ):
            with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
                statement()

    def test_a_note_cannot_be_changed_before_it_is_linked(self) -> None:
        chain.append("stop.set", now=NOW)
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            AuditNote.objects.update(actor=9)

    def test_small_batches_make_the_same_chain(self) -> None:
        for _ in range(5):
            chain.append("stop.set", now=NOW)
        count = AuditNote.objects.count()
        assert [chain.link(NOW, 2) for _ in range(count // 2 + 2)][-1] == 0
        assert first() == ""
        assert AuditEntry.objects.count() == count


CHANGES = {
    "at": "2020-01-01 00:00:00+00:00",
    "kind": "stop.lifted",
    "actor": 99,
    "subject_type": "compliance.approval",
    "subject_id": "7",
    "payload": '{"n": 77}',
    "hash": "00" * 32,
}


class TestTampering:
    @pytest.mark.parametrize("column", CHANGES)
    def test_every_column_of_a_link_is_protected(self, entries, column: str) -> None:
        sql(f"UPDATE compliance_auditentry SET {column} = %s WHERE number = 4", CHANGES[column])
        assert first() == "entry 4: its content is not what its hash was made over."

    def test_a_link_that_was_changed_with_its_hash_breaks_the_next_one(self, entries) -> None:
        forged = entries[3]
        forged.actor = 99
        sql("UPDATE compliance_auditentry SET actor = 99, hash = %s WHERE number = 4", canonical.of_entry(forged))
        assert first() == "entry 5: it does not hang on the entry before it."

    def test_a_link_that_was_taken_out(self, entries) -> None:
        sql("DELETE FROM compliance_auditentry WHERE number = 4")
        assert first() == "entry 5: entry 4 missing before it."

    def test_several_that_were_taken_out(self, entries) -> None:
        sql("DELETE FROM compliance_auditentry WHERE number IN (3, 4)")
        assert first() == "entry 5: entries 3 to 4 missing before it."

    def test_the_first_one(self, entries) -> None:
        sql("DELETE FROM compliance_auditentry WHERE number = 1")
        assert first() == "entry 2: entry 1 missing before it."

    def test_the_last_one(self, entries) -> None:
        last = len(entries)
        sql("DELETE FROM compliance_auditentry WHERE number = %s", last)
        assert first() == f"entry {last}: the chain ends before entry {last}, which was linked."

    def test_two_that_changed_places(self, entries) -> None:
        for number, other in ((3, 1003), (4, 3), (1003, 4)):
            sql("UPDATE compliance_auditentry SET number = %s WHERE number = %s", other, number)
        assert first() == "entry 3: it does not hang on the entry before it."

    def test_a_note_that_nobody_links_is_a_finding_after_an_hour(self) -> None:
        settle(NOW)
        chain.append("stop.set", now=NOW)
        assert first(NOW + timedelta(minutes=59)) == ""
        assert "an act (stop.set) has waited for its link" in first(LATER).lower()

    def test_from_a_later_entry_what_lies_before_is_believed(self, entries) -> None:
        sql("UPDATE compliance_auditentry SET actor = 9 WHERE number = 2")
        assert first().startswith("entry 2:")
        assert first(start=3) == ""
        sql("UPDATE compliance_auditentry SET actor = 9 WHERE number = 5")
        assert first(start=3).startswith("entry 5:")

    def test_from_a_later_entry_seals_still_follow_one_another(self) -> None:
        people(2)
        settle(NOW)
        middle = AuditEntry.objects.count() + 1
        consent(contact("late", phone="+447700909999"), "sms")
        settle()
        report = chain.verify(LATER, middle)
        assert report.sound
        assert report.rows == 1

    def test_a_seal_that_cannot_be_read_is_a_finding_and_stops_nothing(self, entries) -> None:
        chain.append(kinds.SEALED, now=NOW, subject=("ledger", "nowhere"), payload={"after": 0})
        chain.append("stop.set", now=NOW)
        settle(NOW)
        report = chain.verify(NOW)
        assert report.entries == len(entries) + 2
        assert "it cannot be read (KeyError" in str(report.findings[0])


class TestPump:
    def test_rows_are_sealed_a_minute_later_and_then_nothing_is_due(self, tmp_path, settings) -> None:
        settings.VAR_DIR = tmp_path
        settle(NOW)
        people(3)
        pump = pumps.get("compliance.seal")
        AuditNote.objects.all()
        while (due := pump.next_due(LATER)) and due <= LATER:
            assert pump.run(LATER)
        assert pump.next_due(LATER) is None or pump.next_due(LATER) > LATER
        assert {seal.subject_id for seal in AuditEntry.objects.filter(kind="rows.sealed")} == set(LEDGERS)
        assert first() == ""

    def test_a_row_is_due_when_it_is_a_minute_old(self) -> None:
        settle(NOW)
        AuditMark.objects.filter(pk="heads").update(upto=10**9)
        consent(contact("ada", phone="+447700900123"), "sms", now=NOW)
        with_minute = NOW + timedelta(minutes=1)
        AuditNote.objects.all().delete()
        assert pumps.get("compliance.seal").next_due(NOW) == with_minute

    def test_looking_is_one_query(self) -> None:
        with CaptureQueriesContext(connection) as seen:
            pumps.get("compliance.seal").next_due(NOW)
        assert len(seen) == 1

    def test_the_gate_asks_the_database_nothing_about_the_chain(self) -> None:
        account("sms")
        offer = template("offer", channel="sms", content={"body": "Hello"})
        ada = contact("ada", phone="+447700900123")
        consent(ada, "sms")
        message(ada, offer)
        with CaptureQueriesContext(connection) as seen:
            assert gate.release(NOW) == 1
        assert not [query["sql"] for query in seen if "audit" in query["sql"]]
