"""What the stories of the audit chain need: rows in every ledger, sealed; and a hand that changes them by SQL."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from compliance import chain, gate
from compliance.chain import canonical
from compliance.chain.rows import LEDGERS
from compliance.models import AuditEntry
from config import ledger
from contacts import suppressions
from contacts.models import Contact
from tests.builders import NOW, account, consent, contact, message, template

LATER = NOW + timedelta(hours=2)


def people(count: int = 6) -> list[Contact]:
    """So many, who allow SMS; each got a message."""
    account("sms")
    offer = template("offer", channel="sms", content={"body": "Hello"})
    found = [contact(f"u{n}", phone=f"+44770090{n:04}") for n in range(count)]
    for person in found:
        consent(person, "sms", now=NOW - timedelta(days=1), source="checkout", proof={"ip": "192.0.2.7"})
        message(person, offer)
    while gate.release(NOW):
        pass
    wanted = [suppressions.Suppress(f"digest-{n}", "email", "manual", source="by hand") for n in range(count)]
    suppressions.add(wanted, NOW)
    return found


def settle(now: datetime = LATER) -> None:
    """Do what the chain has to do at `now`, until nothing is left."""
    for table in LEDGERS:
        while chain.seal(table, now):
            pass
    while chain.link(now):
        pass


def sql(statement: str, *values: Any) -> int:
    """Change the database behind the product's back; how many rows."""
    with ledger.unlocked(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)


def ids(table: str) -> list[int]:
    """The ids of a ledger's rows."""
    return list(LEDGERS[table].model._default_manager.order_by("pk").values_list("pk", flat=True))


def seal_of(table: str) -> AuditEntry:
    """The newest seal over a ledger."""
    return AuditEntry.objects.filter(kind="rows.sealed", subject_id=table).order_by("-number")[0]


def first(now: datetime = LATER, start: int = 1) -> str:
    """The first broken link as a sentence; empty if all is sound."""
    report = chain.verify(now, start)
    return str(report.findings[0]) if report.findings else ""


def covered(seal: AuditEntry) -> list[int]:
    """The ids that a seal covers."""
    return canonical.ids(seal.payload["ids"])
