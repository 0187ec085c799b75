"""One seal against the rows of its ledger: which were changed, which are gone, which were put in."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass

from compliance.chain import rows
from compliance.chain.canonical import ids
from compliance.chain.rows import Ledger
from compliance.chain.sealing import SHORT
from compliance.models import AuditEntry


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was: in an entry of the chain, in a row of a ledger, or both."""

    what: str
    entry: int | None = None
    table: str = ""
    row: int | None = None

    def __str__(self) -> str:
        where = [f"entry {self.entry}"] if self.entry is not None else []
        if self.table:
            where.append(f"{self.table} {self.row}" if self.row is not None else self.table)
        return f"{', '.join(where)}: {self.what}." if where else f"{self.what[:1].upper()}{self.what[1:]}."


def of_seal(entry: AuditEntry, ledger: Ledger) -> Iterator[Finding]:
    """Every row that is not what was sealed. Raises KeyError and ValueError for a payload that makes no sense."""
    payload, table = entry.payload, ledger.table
    form = ledger.over(payload["plain"], payload["personal"])
    sealed = ids(payload["ids"])
    short = _marks(payload["marks"], sealed)
    between = ledger.model._default_manager.filter(pk__gt=payload["after"], pk__lte=payload["upto"])
    there = rows.present(form, between)
    left = rows.gone(form, set(sealed) - there.keys())
    wrong = [pk for pk in there if pk not in short]
    yield from (Finding("the row was put in after the seal", entry.number, table, pk) for pk in wrong)
    known = {pk: there.get(pk) or left.get(pk) for pk in sealed}
    broken = False
    for pk, leaf in known.items():
        if leaf is None or leaf.hash[:SHORT] != short[pk]:
            broken = True
            what = (
                "the row is gone, and was not erased lawfully" if leaf is None else "the row was changed after the seal"
            )
            yield Finding(what, entry.number, table, pk)
    if not broken and rows.root(leaf.hash for leaf in known.values() if leaf) != payload["root"]:
        yield Finding("a row under this seal was changed; which one cannot be told", entry.number, table)


def of_erasure(entry: AuditEntry, ledger: Ledger) -> Iterator[Finding]:
    """The hashes that an erasure left behind must be those that it told of."""
    wanted = ids(entry.payload["ids"])
    left = rows.gone(ledger, wanted)
    for pk in wanted:
        if pk not in left:
            yield Finding("what the erased row left behind is gone", entry.number, ledger.table, pk)
    if len(left) == len(wanted) and rows.root(left[pk].hash for pk in wanted) != entry.payload["root"]:
        yield Finding("what erased rows left behind was changed", entry.number, ledger.table)


def _marks(text: str, sealed: list[int]) -> dict[int, bytes]:
    raw = base64.b64decode(text, validate=True)
    if len(raw) != SHORT * len(sealed):
        raise ValueError("the seal has another number of marks than rows")
    return {pk: raw[SHORT * place : SHORT * (place + 1)] for place, pk in enumerate(sealed)}
