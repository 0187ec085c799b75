"""The ledgers that are sealed, and the hash of a row of theirs.

Personal columns go into a row's hash by a keyed digest. So what is left of an erased row, its hash, tells nobody
anything: not even by trying out all values.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from django.db.models import Model

from compliance.chain.canonical import encode
from compliance.models import Approval, Decision, ErasedRow
from config import crypto
from contacts.models import Consent, Suppression


@dataclass(frozen=True)
class Ledger:
    """A table whose rows never change. `at` is the column that says when a row was written.

    `personal` columns may be erased; `mutable` ones change lawfully, and are no part of the hash. A seal names the
    columns that it was made over, so a column that is added later is in the seals from then on.
    """

    model: type[Model]
    at: str
    plain: tuple[str, ...]
    personal: tuple[str, ...]
    mutable: tuple[str, ...] = field(default=())

    @property
    def table(self) -> str:
        """Its name in the database."""
        return self.model._meta.db_table

    def over(self, plain: Sequence[str], personal: Sequence[str]) -> "Ledger":
        """The same ledger as a seal over these columns saw it."""
        return replace(self, plain=tuple(plain), personal=tuple(personal))


LEDGERS: Mapping[str, Ledger] = {
    ledger.table: ledger
    for ledger in (
        Ledger(
            Consent,
            at="recorded_at",
            plain=("contact_id", "topic_id", "channel", "state", "basis", "occurred_at", "recorded_at", "expires_at", "wording"),
            personal=("source", "proof"),
        ),
        Ledger(
            Suppression,
            at="created_at",
            plain=("digest", "address_kind", "channel", "brand_id", "reason", "created_at"),
            personal=("source",),
            mutable=("lifted_at", "lifted_because"),
        ),
        Ledger(
            Decision,
            at="decided_at",
            plain=("message_id", "decided_at", "outcome", "reason", "until"),
            personal=("verdicts", "evidence"),
        ),
        Ledger(
            Approval,
            at="decided_at",
            plain=("version_id", "fingerprint", "author_id", "approver_id", "approved", "decided_at", "review_id", "step", "verdict"),
            personal=("reason",),
        ),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Leaf:
    """The hash of a row, and the keyed digest of its personal columns that is part of it."""

    hash: bytes
    personal: str


def present(ledger: Ledger, rows: Any) -> dict[int, Leaf]:
    """The leaves of these rows (a queryset of the ledger's model), by id in ascending order.

    A row of which only the personal columns were erased keeps the digest that they had.
    """
    columns = ("pk", *ledger.plain, *ledger.personal)
    found = list(rows.order_by("pk").values_list(*columns))
    redacted = gone(ledger, [row[0] for row in found])
    cut = 1 + len(ledger.plain)
    digest = partial(crypto.digest, "audit")
    leaves = {}
    for row in found:
        erased = redacted.get(row[0])
        personal = erased.personal if erased else digest(encode(row[cut:]))
        whole = encode([ledger.table, *row[:cut], personal])
        leaves[row[0]] = Leaf(hashlib.sha256(whole.encode()).digest(), personal)
    return leaves


def gone(ledger: Ledger, ids: Iterable[int]) -> dict[int, Leaf]:
    """What erased rows have left behind, for those of these ids that were erased."""
    wanted = sorted(ids)
    if not wanted:
        return {}
    asked = set(wanted)
    between = ErasedRow.objects.filter(table=ledger.table, row_id__range=(wanted[0], wanted[-1]))
    rows = between.values_list("row_id", "hash", "personal")
    return {pk: Leaf(bytes.fromhex(digest), personal) for pk, digest, personal in rows if pk in asked}


def root(leaves: Iterable[bytes]) -> str:
    """SHA-256 over the hashes of rows, in the order of their ids."""
    return hashlib.sha256(b"".join(leaves)).hexdigest()
