"""Append-only tables: the database itself refuses, on both databases, and there is one way round."""

import pytest
from django.db import DatabaseError, connection, transaction

from config import ledger
from contacts.models import Consent, Event
from tests.builders import consent, contact, event

pytestmark = pytest.mark.django_db


@pytest.fixture
def line():
    return consent(contact())


def test_a_line_cannot_be_changed_or_taken_away(line):
    happened = event(line.contact)
    for change in (
        lambda: Consent.objects.filter(pk=line.pk).update(state="withdrawn"),
        lambda: Consent.objects.bulk_update([Consent(pk=line.pk, source="x")], ["source"]),
        lambda: Event.objects.filter(pk=happened.pk).update(name="other"),
        lambda: Event.objects.filter(pk=happened.pk).delete(),
    ):
        with pytest.raises(DatabaseError, match=ledger.MESSAGE), transaction.atomic():
            change()
    line.refresh_from_db()
    assert line.state == "granted"
    assert Event.objects.filter(pk=happened.pk, name="signup").exists()


def test_not_even_by_plain_sql(line):
    for statement in ("UPDATE contacts_consent SET source = 'x'", "DELETE FROM contacts_consent"):
        with pytest.raises(DatabaseError, match=ledger.MESSAGE), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_new_lines_are_welcome(line):
    consent(line.contact)
    assert Consent.objects.count() == 2


def test_unlocked_is_the_one_way_round(line):
    with ledger.unlocked():
        Consent.objects.filter(pk=line.pk).update(source="erased")
    line.refresh_from_db()
    assert line.source == "erased"
    with pytest.raises(DatabaseError, match=ledger.MESSAGE), transaction.atomic():
        Consent.objects.filter(pk=line.pk).update(source="x")


def test_an_error_inside_takes_everything_back_and_locks_again(line):
    def fail():
        with ledger.unlocked():
            Consent.objects.filter(pk=line.pk).update(source="half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    line.refresh_from_db()
    assert line.source == "test"
    with pytest.raises(DatabaseError, match=ledger.MESSAGE), transaction.atomic():
        Consent.objects.filter(pk=line.pk).update(source="x")


def test_the_migration_can_be_taken_back_and_made_again(line):
    operation = ledger.AppendOnly("contacts_consent")
    with connection.cursor() as cursor:
        for verb in ("update", "delete"):
            cursor.execute(
                f"DROP TRIGGER contacts_consent_no_{verb}"
                + (" ON contacts_consent" if connection.vendor == "postgresql" else "")
            )
        Consent.objects.filter(pk=line.pk).update(source="open")
        for statement in operation._create(connection.vendor, ()):
            cursor.execute(statement)
    with pytest.raises(DatabaseError, match=ledger.MESSAGE), transaction.atomic():
        Consent.objects.filter(pk=line.pk).update(source="x")
    assert operation.describe() == "Make contacts_consent append-only"
