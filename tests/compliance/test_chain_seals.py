"""Ledgers under seal: whatever is changed, taken out or put in behind the product's back is named. Case L15."""

import pytest

from compliance import chain
from compliance.chain.rows import LEDGERS
from compliance.models import AuditEntry, ErasedRow
from config import ledger
from contacts import suppressions
from contacts.models import Consent, Contact
from tests.builders import NOW, consent, contact
from tests.compliance import chains
from tests.compliance.chains import LATER, first, ids, people, seal_of, settle, sql

pytestmark = pytest.mark.django_db

CHANGES = [
    ("contacts_consent", "state = 'pending'"),
    ("contacts_consent", "channel = 'email'"),
    ("contacts_consent", "wording = 'form v9'"),
    ("contacts_consent", "source = 'import'"),
    ("contacts_consent", "proof = '{}'"),
    ("contacts_suppression", "digest = 'another'"),
    ("contacts_suppression", "reason = 'bounce'"),
    ("contacts_suppression", "source = 'nobody'"),
    ("compliance_decision", "outcome = 'deny'"),
    ("compliance_decision", "reason = 'no_consent'"),
    ("compliance_decision", "verdicts = '[]'"),
    ("compliance_decision", "evidence = '{}'"),
    ("compliance_decision", "decided_at = '2026-01-01 00:00:00+00:00'"),
    ("compliance_approval", "fingerprint = 'another'"),
    ("compliance_approval", "reason = 'looks fine'"),
]


@pytest.fixture
def sealed():
    found = people()
    settle()
    assert first() == ""
    return found


@pytest.mark.parametrize(("table", "change"), CHANGES)
def test_a_changed_row_is_named(sealed, table: str, change: str) -> None:
    """L15, for every ledger: the command reports the first broken id."""
    mine = ids(table)
    victim = mine[len(mine) // 2]
    assert sql(f"UPDATE {table} SET {change} WHERE id = %s", victim) == 1
    report = chain.verify(LATER)
    assert [str(one) for one in report.findings] == [
        f"entry {seal_of(table).number}, {table} {victim}: the row was changed after the seal."
    ]


@pytest.mark.parametrize("table", LEDGERS)
def test_the_first_of_several_changed_rows_comes_first(sealed, table: str) -> None:
    mine = ids(table)
    for victim in {mine[-1], mine[0]}:
        column = {"contacts_suppression": "digest"}.get(table, LEDGERS[table].at)
        value = "x" if column == "digest" else "2020-01-01 00:00:00+00:00"
        sql(f"UPDATE {table} SET {column} = %s WHERE id = %s", value, victim)
    assert [one.row for one in chain.verify(LATER).findings] == sorted({mine[-1], mine[0]})


def test_a_deleted_row_is_named(sealed) -> None:
    victim = ids("compliance_decision")[2]
    sql("DELETE FROM compliance_decision WHERE id = %s", victim)
    assert first() == (
        f"entry {seal_of('compliance_decision').number}, compliance_decision {victim}: "
        "the row is gone, and was not erased lawfully."
    )


def test_a_row_put_into_the_middle_is_named(sealed) -> None:
    victim = ids("contacts_consent")[3]
    sql("DELETE FROM contacts_consentstate")
    sql("DELETE FROM contacts_consent WHERE id = %s", victim)
    settle()
    columns = "contact_id, topic_id, channel, state, basis, occurred_at, recorded_at, source, wording, proof"
    sql(
        f"INSERT INTO contacts_consent (id, {columns}) SELECT %s, {columns} FROM contacts_consent WHERE id = %s",
        victim,
        ids("contacts_consent")[0],
    )
    assert first().endswith(f"contacts_consent {victim}: the row was changed after the seal.")


def test_a_row_that_no_seal_knew_is_named_and_never_sealed_afterwards(sealed) -> None:
    """An id below the seal that comes later is no late commit: the sealer waited for those. So it is not washed clean."""
    table = "compliance_decision"
    model = ids(table)[2]
    ledger_row = "message_id, decided_at, outcome, reason, verdicts, evidence"
    top = max(ids(table))
    sql(f"INSERT INTO {table} (id, {ledger_row}) SELECT %s, {ledger_row} FROM {table} WHERE id = %s", top + 5, model)
    settle()
    assert first() == ""
    sql(f"INSERT INTO {table} (id, {ledger_row}) SELECT %s, {ledger_row} FROM {table} WHERE id = %s", top + 2, model)
    settle()
    assert first() == f"entry {seal_of(table).number}, {table} {top + 2}: the row was put in after the seal."


def test_two_rows_that_changed_places_are_named(sealed) -> None:
    one = ids("compliance_decision")[0]
    sql(
        "UPDATE compliance_decision SET message_id = (SELECT max(message_id) FROM compliance_decision) WHERE id = %s",
        one,
    )
    assert first().endswith(f"compliance_decision {one}: the row was changed after the seal.")


def test_rows_that_nobody_seals_are_a_finding_after_an_hour() -> None:
    people(2)
    assert not [one for one in chain.verify(NOW).findings if one.table == "compliance_decision"]
    found = [str(one) for one in chain.verify(LATER).findings]
    lowest = ids("compliance_decision")[0]
    assert f"compliance_decision {lowest}: 2 rows are older than an hour, and no seal covers them." in found
    settle()
    assert first() == ""


def test_sealing_goes_on_where_it_ended_and_seals_nothing_twice() -> None:
    people(7)
    table = "contacts_consent"
    assert [chain.seal(table, LATER, 3) for _ in range(4)] == [3, 3, 1, 0]
    settle()
    seals = AuditEntry.objects.filter(kind="rows.sealed", subject_id=table).order_by("number")
    covered = [pk for seal in seals for pk in chains.covered(seal)]
    assert covered == ids(table)
    assert first() == ""


def test_a_seal_holds_no_personal_data(sealed) -> None:
    for entry in AuditEntry.objects.all():
        text = str(entry.payload)
        assert "192.0.2.7" not in text
        assert "checkout" not in text
        assert "+4477" not in text


class TestErasure:
    def test_the_chain_stays_whole(self, sealed) -> None:
        person = sealed[2]
        with ledger.unlocked():
            erase(person)
        settle()
        assert not Consent.objects.filter(contact_id=person.pk).exists()
        assert first() == ""
        assert AuditEntry.objects.filter(kind="rows.erased").count() == 2

    def test_what_is_left_behind_tells_nothing(self, sealed) -> None:
        """The same consent of two people leaves different hashes, and none that can be made without the key."""
        pks = list(Consent.objects.order_by("pk").values_list("pk", flat=True)[:2])
        chain.erased("contacts_consent", pks, now=LATER)
        kept = list(ErasedRow.objects.values_list("hash", "personal"))
        assert len({digest for digest, _ in kept}) == 2
        assert all(len(personal) == 43 for _, personal in kept)

    def test_personal_columns_may_be_emptied_in_place_and_the_rest_stays_sealed(self, sealed) -> None:
        victim = ids("contacts_consent")[1]
        chain.erased("contacts_consent", [victim], now=LATER)
        sql("UPDATE contacts_consent SET proof = '{}', source = '' WHERE id = %s", victim)
        settle()
        assert first() == ""
        sql("UPDATE contacts_consent SET channel = 'push' WHERE id = %s", victim)
        assert first().endswith(f"contacts_consent {victim}: the row was changed after the seal.")

    def test_a_row_that_was_not_sealed_yet_may_be_erased_as_well(self) -> None:
        person, *_ = people(3)
        with ledger.unlocked():
            erase(person)
        settle()
        assert first() == ""

    def test_erased_twice_is_erased_once(self, sealed) -> None:
        victim = ids("contacts_consent")[0]
        assert chain.erased("contacts_consent", [victim], now=LATER) == 1
        assert chain.erased("contacts_consent", [victim], now=LATER) == 1
        settle()
        assert ErasedRow.objects.count() == 1
        assert first() == ""

    def test_an_erasure_that_nobody_told_of_is_a_finding(self, sealed) -> None:
        victim = ids("contacts_consent")[0]
        chain.erased("contacts_consent", [victim], now=LATER)
        sql("DELETE FROM compliance_auditnote WHERE kind = 'rows.erased'")
        settle()
        assert first() == f"contacts_consent {victim}: it is kept as erased, but no entry tells of the erasure."

    def test_what_is_left_behind_cannot_be_changed_unseen(self, sealed) -> None:
        victim = ids("contacts_consent")[0]
        chain.erased("contacts_consent", [victim], now=LATER)
        settle()
        sql("UPDATE compliance_erasedrow SET hash = %s", "ab" * 32)
        assert "what erased rows left behind was changed" in " ".join(map(str, chain.verify(LATER).findings))

    def test_an_unknown_table_is_refused(self) -> None:
        with pytest.raises(KeyError):
            chain.erased("contacts_contact", [1], now=LATER)

    def test_a_seal_over_fewer_columns_is_checked_by_its_own(self, sealed, monkeypatch: pytest.MonkeyPatch) -> None:
        """A later release seals one column more: what is sealed already stays as it was, also through an erasure."""
        table = "contacts_consent"
        more = LEDGERS[table].over((*LEDGERS[table].plain, "id"), LEDGERS[table].personal)
        monkeypatch.setitem(LEDGERS, table, more)
        consent(contact("late", phone="+447700909999"), "sms")
        settle()
        assert seal_of(table).payload["plain"][-1] == "id"
        chain.erased(table, ids(table), now=LATER)
        sql("DELETE FROM contacts_consentstate")
        sql("DELETE FROM contacts_consent")
        settle()
        assert first() == ""


class TestLiftings:
    def test_a_lifting_is_noted_with_who_did_it(self, sealed) -> None:
        victim = ids("contacts_suppression")[1]
        assert suppressions.lift([victim], "asked for it", LATER) == 1
        settle()
        assert first() == ""
        entry = AuditEntry.objects.get(kind="suppression.lifted")
        assert entry.payload == {"ids": str(victim)}

    def test_one_that_was_lifted_behind_the_products_back_is_named(self, sealed) -> None:
        victim = ids("contacts_suppression")[1]
        sql("UPDATE contacts_suppression SET lifted_at = %s WHERE id = %s", LATER, victim)
        assert first() == f"contacts_suppression {victim}: it was lifted, but no entry tells of it."

    def test_one_that_was_put_back_is_named(self, sealed) -> None:
        victim = ids("contacts_suppression")[1]
        suppressions.lift([victim], "asked for it", LATER)
        settle()
        sql("UPDATE contacts_suppression SET lifted_at = NULL WHERE id = %s", victim)
        assert first() == f"contacts_suppression {victim}: an entry tells that it was lifted, but it stands."

    def test_one_that_was_lifted_before_it_was_sealed_is_fine(self) -> None:
        people(2)
        suppressions.lift(ids("contacts_suppression")[:1], "asked for it", NOW)
        settle()
        assert first() == ""


def erase(person: Contact) -> None:
    """As an erasure does it: keep the hashes, then let everything of the person go."""
    consents = list(person.consents.values_list("pk", flat=True))
    decisions = [pk for one in person.messages.all() for pk in one.decisions.values_list("pk", flat=True)]
    chain.erased("contacts_consent", consents, now=LATER)
    chain.erased("compliance_decision", decisions, now=LATER)
    person.consent_states.all().delete()
    person.delete()
