"""Erasure by law and retention: the rows go, their hashes stay, and the seals over them can still be checked."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from compliance.chain import rows
from compliance.chain.canonical import runs
from compliance.chain.kinds import ERASED, SEALED
from compliance.chain.notes import append
from compliance.chain.rows import LEDGERS, Ledger
from compliance.models import AuditEntry, ErasedRow
from config import bulk

BATCH = 5000


def erased(table: str, ids: Iterable[int], *, now: datetime, actor: int | None = None) -> int:
    """Keep the hashes of these rows, which the caller is about to delete or to strip of their personal columns.

    Call it before that, in the same transaction. Returns how many rows there were. Raises KeyError for a table that is
    not sealed. A row that is gone without this is a broken link.
    """
    wanted = sorted(set(ids))
    return sum(_erased(LEDGERS[table], part, now, actor) for part in bulk.chunks(wanted, BATCH))


def _erased(ledger: Ledger, ids: Sequence[int], now: datetime, actor: int | None) -> int:
    leaves: dict[int, rows.Leaf] = {}
    for form, part in _by_form(ledger, ids):
        leaves |= rows.present(form, ledger.model._default_manager.filter(pk__among=part))
    known = rows.gone(ledger, leaves)
    fresh = {pk: leaf for pk, leaf in leaves.items() if pk not in known}
    if not fresh:
        return len(leaves)
    kept = [
        {"table": ledger.table, "row_id": pk, "hash": leaf.hash.hex(), "personal": leaf.personal, "at": now}
        for pk, leaf in fresh.items()
    ]
    bulk.insert(ErasedRow, kept)
    payload = {"ids": runs(list(fresh)), "root": rows.root(leaf.hash for leaf in fresh.values())}
    append(ERASED, now=now, actor=actor, subject=("ledger", ledger.table), payload=payload)
    return len(leaves)


def _by_form(ledger: Ledger, ids: Sequence[int]) -> Iterator[tuple[Ledger, list[int]]]:
    """The ids with the columns of the seal over them; those that no seal covers yet with today's columns."""
    seals = AuditEntry.objects.filter(kind=SEALED, subject_id=ledger.table, payload__upto__gte=ids[0]).order_by(
        "number"
    )
    left = list(ids)
    for upto, *columns in seals.values_list("payload__upto", "payload__plain", "payload__personal").iterator():
        covered = [pk for pk in left if pk <= upto]
        left = left[len(covered) :]
        if covered:
            yield ledger.over(*columns), covered
        if not left:
            return
    yield ledger, left
