"""How far each of the chain's works has come. A mark's row is also its lock: one sealer a ledger, one linker."""

from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

from compliance.chain.rows import LEDGERS
from compliance.models import AuditMark

ENTRIES, HEADS = "entries", "heads"


def lock(name: str) -> AuditMark | None:
    """The mark, held until the end of the transaction; None while another holds it: nobody waits."""
    return AuditMark.objects.select_for_update(skip_locked=True).filter(pk=name).first()


def after_migrate(using: str = DEFAULT_DB_ALIAS, **_: Any) -> None:
    """Receiver of `post_migrate`: every mark exists, unless the table does not (yet). Idempotent."""
    if using == DEFAULT_DB_ALIAS and AuditMark._meta.db_table in connections[using].introspection.table_names():
        wanted = [AuditMark(name=name) for name in (*LEDGERS, ENTRIES, HEADS)]
        AuditMark.objects.bulk_create(wanted, ignore_conflicts=True)
