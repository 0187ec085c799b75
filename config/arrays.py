"""PostgreSQL arrays as text. psycopg writes them item by item through its adapters, which costs more than the insert."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

_PLAIN = (int, float, Decimal, date, time, UUID)
"""Types whose text needs no quotes."""


def literal(values: Iterable[Any]) -> str:
    """`{1,NULL,"a \\"b\\""}`: for a parameter that is cast, e.g. `%s::text[]`. For texts, numbers, instants, durations,
    UUIDs, bytes and None; raises TypeError for what else there may be."""
    return "{" + ",".join(map(_item, values)) + "}"


def _item(value: Any) -> str:
    if type(value) is int:  # first, since most are ids
        return str(value)
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, _PLAIN):
        return value.isoformat() if isinstance(value, datetime) else str(value)
    if isinstance(value, bytes):
        return f'"\\\\x{value.hex()}"'
    if isinstance(value, timedelta):
        return f'"{value.days} days {value.seconds} seconds {value.microseconds} microseconds"'
    raise TypeError(f"{value!r:.80} cannot be an item of an array.")
