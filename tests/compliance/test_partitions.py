"""The decision log can be partitioned as docs/operating.md says: its very statements are run, and everything goes on."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import IntegrityError, connection, transaction

from channels.models import Message, RenderedCopy
from compliance import chain, gate
from compliance.chain import writers
from compliance.models import Decision
from config import ledger
from contacts.models import Event
from tests.builders import NOW, contact, message
from tests.compliance.chains import LATER, first, people, settle, sql

DOCUMENT = Path(settings.BASE_DIR) / "docs" / "operating.md"
TABLE = "compliance_decision"


def blocks(language: str) -> list[str]:
    """The code of the section, in order."""
    _, _, rest = DOCUMENT.read_text(encoding="utf-8").partition("## When the decision log grows\n")
    section = rest.partition("\n## ")[0]
    return re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)


def run(statements: str) -> None:
    # Rows of this test's own transaction still wait for their deferred checks, which the operator's do not.
    connection.check_constraints()
    with connection.cursor() as cursor:
        cursor.execute(statements)


def ask(query: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


@pytest.mark.parametrize("model", [Decision, Event, RenderedCopy])
def test_nothing_references_a_row_of_a_long_ledger(model) -> None:
    fields = [field for other in apps.get_models() for field in other._meta.get_fields() if field.concrete]
    assert not [field for field in fields if field.is_relation and field.related_model is model]


@pytest.fixture
def partitioned(db) -> None:
    """Six people who got a message, sealed; then the operator's hand."""
    people()
    settle()
    run(blocks("sql")[0])


@pytest.mark.postgres
class TestPartitioned:
    def test_the_database_has_no_foreign_key_to_it_either(self, db) -> None:
        assert ask(f"SELECT conname FROM pg_constraint WHERE confrelid = '{TABLE}'::regclass AND contype = 'f'") == []

    def test_what_was_there_is_still_there_in_the_first_partition(self, partitioned) -> None:
        assert Decision.objects.count() == 6
        assert ask("SELECT count(*) FROM compliance_decision_first") == [(6,)]
        assert ask("SELECT count(*) FROM compliance_decision_rest") == [(0,)]

    def test_the_gate_writes_and_explains(self, partitioned) -> None:
        before = max(Decision.objects.values_list("pk", flat=True))
        offer = Message.objects.first().template
        one = message(contact("new", phone="+447700900999"), offer)
        gate.release(NOW)
        [decision] = gate.explain(one)
        assert (decision.pk > before, decision.outcome, decision.reason) == (True, "deny", "no_consent")
        assert {verdict.rule for verdict in decision.trace()} == {rule.key for rule in gate.judging.rules}
        one.refresh_from_db()
        assert one.state == "blocked"

    def test_the_chain_stays_whole_and_goes_on(self, partitioned) -> None:
        assert first() == ""
        later = LATER + timedelta(hours=2)
        message(contact("new", phone="+447700900999"), Message.objects.first().template, now=later)
        gate.release(later)
        settle(later + timedelta(hours=1))
        assert first() == ""
        sql("UPDATE compliance_decision SET reason = 'changed' WHERE id = (SELECT max(id) FROM compliance_decision)")
        assert "the row was changed after the seal" in first()

    @pytest.mark.parametrize("table", [TABLE, "compliance_decision_first"])
    @pytest.mark.parametrize("verb", ["UPDATE {} SET reason = 'x'", "DELETE FROM {}"])
    def test_it_is_append_only_on_the_whole_and_on_its_parts(self, partitioned, table, verb) -> None:
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(verb.format(table))

    def test_a_row_in_a_new_partition_is_protected_as_well(self, partitioned) -> None:
        run(blocks("sql")[1])
        ask(f"SELECT setval(pg_get_serial_sequence('{TABLE}', 'id'), 250000000)")
        message(contact("new", phone="+447700900999"), Message.objects.first().template)
        gate.release(NOW)
        assert ask("SELECT count(*) FROM compliance_decision_3") == [(1,)]
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("DELETE FROM compliance_decision_3")

    def test_the_message_of_a_decision_is_still_checked(self, partitioned) -> None:
        Decision.objects.create(message_id=10**9, decided_at=NOW, outcome="deny", verdicts=[])
        with pytest.raises(IntegrityError, match="channels_message"):
            connection.check_constraints()

    def test_the_sealer_still_sees_who_is_writing(self, partitioned) -> None:
        """Writers are known by their lock on the table that they name, which is the whole."""
        Decision.objects.create(message=Message.objects.first(), decided_at=NOW, outcome="deny", verdicts=[])
        held = ask(
            f"SELECT count(*) FROM pg_locks WHERE relation = '{TABLE}'::regclass AND mode = 'RowExclusiveLock' "
            "AND pid = pg_backend_pid()"
        )
        assert held == [(1,)]
        assert writers.of(TABLE) == []

    def test_an_erasure_goes_on(self, partitioned) -> None:
        pk = Decision.objects.order_by("pk").values_list("pk", flat=True)[0]
        chain.erased(TABLE, [pk], now=LATER)
        with ledger.unlocked():
            Decision.objects.filter(pk=pk).delete()
        settle(LATER + timedelta(hours=1))
        assert first() == ""

    def test_a_partition_that_goes_the_audited_way(self, partitioned) -> None:
        connection.check_constraints()
        exec(blocks("python")[0], {})
        settle(LATER + timedelta(hours=1))
        assert Decision.objects.count() == 0
        assert first() == ""
        assert gate.explain(Message.objects.first()) == []

    def test_a_partition_that_is_just_dropped_is_found_out(self, partitioned) -> None:
        run(
            "ALTER TABLE compliance_decision DETACH PARTITION compliance_decision_first; DROP TABLE compliance_decision_first"
        )
        assert "the row is gone, and was not erased lawfully" in first()
