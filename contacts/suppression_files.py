"""The suppression list as a CSV file: to carry it to another installation, or to take over the list of another product.

A file that we write holds keyed hashes, never addresses: only an installation with the same FIELD_KEY knows them again. A
file that we read may hold either.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import IO, Any

from contacts import addresses, reach, signals, suppressions
from contacts.models import Address, Brand, Suppression
from contacts.storable import text
from contacts.suppressions import Suppress

COLUMNS = ("address_kind", "digest", "channel", "brand", "reason", "source", "created_at")
READ = ("address", *COLUMNS)
BATCH = 1000
BROKEN = "!"
DIGEST_LENGTH = 43
REASONS = frozenset(Suppression.Reason.values)
_UNREADABLE = re.compile("[\ud800-\udfff]")
"""What stands for bytes that are no UTF-8, in a file that was opened with `errors=surrogateescape`."""
_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
Row = dict[str, str]


class BadFile(ValueError):
    """A file of which nothing can be taken; the sentence names the line."""


@dataclass(slots=True)
class Report:
    """What came of a file: rows that are suppressed now, how many of them were not before, and `(line, why not)` of the others."""

    taken: int = 0
    new: int = 0
    rejected: list[tuple[int, str]] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.taken} taken, {self.new} of them new; {len(self.rejected)} rejected."


def write(out: IO[str], now: datetime) -> int:
    """All suppressions that stand, by their hashes, the oldest first; how many."""
    table = csv.writer(out)
    table.writerow(COLUMNS)
    standing = Suppression.objects.filter(lifted_at=None).order_by("pk").select_related("brand")
    count = 0
    for one in standing.iterator(BATCH):
        brand = one.brand.key if one.brand else ""
        when = one.created_at.isoformat()
        table.writerow([one.address_kind, one.digest, one.channel, brand, one.reason, one.source, when])
        count += 1
    signals.suppressions_exported.send(sender=Suppression, rows=count, now=now)
    return count


def read(file: Iterable[str], source: str, now: datetime) -> Report:
    """Suppress what the file names, from now on; a row that cannot be taken is reported and stops nothing else.

    A row has an `address` or a `digest`; `address_kind` may be left out beside an address, an empty `channel` or `brand`
    means every one, `reason` is "manual" and `source` the given one unless the row says otherwise. Raises BadFile.
    """
    report = Report()
    rows = _rows(file)
    brands = dict(Brand.objects.values_list("key", "pk"))
    while batch := list(islice(rows, BATCH)):
        good = list(_good(batch, brands, source, report))
        report.new += suppressions.add(good, now)
        report.taken += len(good)
    return report


def _good(batch: Iterable[tuple[int, Row]], brands: dict[str, int], source: str, report: Report) -> Iterator[Suppress]:
    for line, row in batch:
        try:
            yield _wanted(row, brands, source)
        except ValueError as error:
            report.rejected.append((line, str(error)))


def _rows(file: Iterable[str]) -> Iterator[tuple[int, Row]]:
    """Each row with its line. Raises BadFile for a file that is no table, or has no column that names addresses."""
    reader = csv.DictReader(file, strict=True)
    try:
        names = [name.strip().lower() for name in reader.fieldnames or ()]
    except csv.Error as error:
        raise BadFile(f"Line 1: {error}.") from error
    _check(names)
    reader.fieldnames = names
    try:
        for row in reader:
            yield reader.line_num, _plain(row)
    except csv.Error as error:
        yield reader.reader.line_num, {BROKEN: f"{error}; the file was not read beyond it."}


def _check(names: list[str]) -> None:
    unknown = sorted(set(names) - set(READ))
    if unknown:
        raise BadFile(f"Line 1: the column {unknown[0]!r:.60} is not known; there are: {', '.join(READ)}.")
    if not {"address", "digest"} & set(names):
        raise BadFile("Line 1: there is no column address or digest, which says whom to suppress.")


def _plain(row: dict[Any, Any]) -> Row:
    """Every column as text; a row that cannot be read says why, as its column BROKEN."""
    if None in row:
        return {BROKEN: "there are more values than columns; put a value with a comma in quotes."}
    plain = {name: str(value or "").strip() for name, value in row.items()}
    if any(_UNREADABLE.search(value) for value in plain.values()):
        return {BROKEN: "it is not written in UTF-8."}
    return plain


def _wanted(row: Row, brands: dict[str, int], source: str) -> Suppress:
    """What a row asks for. Raises ValueError with a sentence."""
    if BROKEN in row:
        raise ValueError(row[BROKEN])
    kind, digest = _whom(row)
    channel, brand, reason = row.get("channel", ""), row.get("brand", ""), row.get("reason") or "manual"
    if channel and channel not in reach.titles:
        raise ValueError(f"the channel {channel!r:.60} is not known; there are: {', '.join(sorted(reach.titles))}.")
    if brand and brand not in brands:
        raise ValueError(f"there is no brand {brand!r:.60}; write its key, or nothing for every brand.")
    if reason not in REASONS:
        raise ValueError(f"the reason {reason!r:.60} is not known; there are: {', '.join(sorted(REASONS))}.")
    return Suppress(digest, kind, reason, channel, brands.get(brand), text(row.get("source") or source))


def _whom(row: Row) -> tuple[str, str]:
    """Kind and digest of the address that a row names. Raises ValueError with a sentence."""
    address, digest, kind = row.get("address", ""), row.get("digest", ""), row.get("address_kind", "")
    if bool(address) == bool(digest):
        raise ValueError("it needs an address or a digest, and not both.")
    if kind not in ("", *Address.Kind.values):
        raise ValueError(f"the address_kind {kind!r:.60} is not known; write {' or '.join(Address.Kind.values)}.")
    if address:
        kind = kind or ("email" if "@" in address else "phone")
        return kind, addresses.digest(kind, addresses.normalise(kind, address))
    if len(digest) != DIGEST_LENGTH or not _LETTERS.issuperset(digest):
        raise ValueError(f"{digest!r:.60} is no digest: it has {DIGEST_LENGTH} letters, digits, - and _.")
    if not kind:
        raise ValueError("beside a digest, address_kind says whether it is of an email or a phone.")
    return kind, digest
