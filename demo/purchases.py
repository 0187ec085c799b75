"""Purchases as CDNOW's files hold them, and their shift into the present."""

import gzip
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Purchase:
    """`number` counts a customer's purchases from 1; `items` is the number of CDs, `amount` in dollars."""

    customer: int
    number: int
    day: date
    items: int
    amount: Decimal


class BadFile(ValueError):
    """The file is not what `read` understands; the sentence names the line."""


def read(path: Path) -> list[Purchase]:
    """The purchases of a sample (5 columns) or master file (4 columns), gzipped or not, by day. Raises BadFile."""
    raw = path.read_bytes()
    lines = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("ascii", "replace").splitlines()
    found: list[Purchase] = []
    counts: dict[int, int] = {}
    for number, line in enumerate(lines, start=1):
        columns = line.split()
        if not columns or (number == 1 and not columns[0].isdigit()):  # the master file has a header
            continue
        purchase = _purchase(columns, number)
        counts[purchase.customer] = counts.get(purchase.customer, 0) + 1
        found.append(replace(purchase, number=counts[purchase.customer]))
    if not found:
        raise BadFile(f"{path} holds no purchases.")
    return sorted(found, key=lambda purchase: (purchase.day, purchase.customer, purchase.number))


def _purchase(columns: list[str], line: int) -> Purchase:
    try:
        customer, *_, day, items, amount = columns
        if len(columns) not in (4, 5):
            raise ValueError
        return Purchase(int(customer), 0, date.fromisoformat(day), int(items), Decimal(amount))
    except (ValueError, InvalidOperation):
        raise BadFile(
            f"Line {line} is not a purchase: {' '.join(columns)[:60]!r}. Expected: id [id in the sample] YYYYMMDD items dollars."
        ) from None


def within(purchases: Iterable[Purchase], first: date | None, last: date | None) -> list[Purchase]:
    """Those from `first` to `last`, both included; None leaves an end open."""
    return [p for p in purchases if (not first or p.day >= first) and (not last or p.day <= last)]


def shifted(purchases: Iterable[Purchase], by: timedelta) -> list[Purchase]:
    """The same purchases, all `by` later."""
    return [replace(purchase, day=purchase.day + by) for purchase in purchases]
