"""Rows that come in masses are sealed in batches: one entry with a root over many rows, and nothing in their hot path."""

import base64
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max

from compliance.chain import marks, rows, writers
from compliance.chain.canonical import runs
from compliance.chain.kinds import SEALED
from compliance.chain.notes import append
from compliance.chain.rows import LEDGERS, Ledger
from compliance.models import AuditMark

BATCH = 5000
LOOK_AGAIN = timedelta(seconds=1)
SHORT = 3
"""Bytes of each row's hash that a seal keeps: the root proves that something changed, these tell which row it was."""


def seal(table: str, now: datetime, limit: int = BATCH) -> int:
    """Seal the next rows of a ledger, at most `limit`; how many.

    0 while another sealer has this ledger, and while a transaction is open that may still add rows below the bound: it
    is looked at again a second later.
    """
    ledger = LEDGERS[table]
    with transaction.atomic():
        mark = marks.lock(table)
        if not mark:
            return 0
        if mark.bound <= mark.upto:
            _aim(mark, ledger)
        elif mark.writers:
            mark.writers = sorted(set(mark.writers) & set(writers.of(table)))
        sealed = 0 if mark.writers else _seal(mark, ledger, now, limit)
        mark.due_at = now + LOOK_AGAIN if mark.writers else None
        mark.save()
    return sealed


def _aim(mark: AuditMark, ledger: Ledger) -> None:
    """Set the bound, and only then see who is writing: whoever comes later gets higher ids."""
    mark.bound = ledger.model._default_manager.aggregate(last=Max("pk"))["last"] or 0
    mark.writers = writers.of(ledger.table)


def _seal(mark: AuditMark, ledger: Ledger, now: datetime, limit: int) -> int:
    waiting = ledger.model._default_manager.filter(pk__gt=mark.upto, pk__lte=mark.bound).order_by("pk")
    found = list(waiting.values_list("pk", flat=True)[:limit])
    if not found:
        mark.bound = mark.upto
        return 0
    upto = mark.bound if len(found) < limit else found[-1]
    leaves = rows.present(ledger, ledger.model._default_manager.filter(pk__gt=mark.upto, pk__lte=upto))
    append(SEALED, now=now, subject=("ledger", ledger.table), payload=_payload(ledger, mark.upto, upto, leaves))
    mark.upto = upto
    return len(leaves)


def _payload(ledger: Ledger, after: int, upto: int, leaves: dict[int, rows.Leaf]) -> dict[str, Any]:
    """What a seal says: all rows with after < id <= upto, these ids and no others."""
    hashes = [leaf.hash for leaf in leaves.values()]
    return {
        "after": after,
        "upto": upto,
        "ids": runs(list(leaves)),
        "count": len(leaves),
        "plain": list(ledger.plain),
        "personal": list(ledger.personal),
        "root": rows.root(hashes),
        "marks": base64.b64encode(b"".join(one[:SHORT] for one in hashes)).decode(),
    } | _lifted(ledger, leaves)


def _lifted(ledger: Ledger, leaves: dict[int, rows.Leaf]) -> dict[str, str]:
    """Suppressions that were lifted before they were sealed."""
    if "lifted_at" not in ledger.mutable:
        return {}
    lifted = ledger.model._default_manager.filter(pk__range=(min(leaves), max(leaves)), lifted_at__isnull=False)
    return {"lifted": runs(sorted(set(lifted.values_list("pk", flat=True)) & leaves.keys()))}
