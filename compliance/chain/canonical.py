"""One way to write a value down, so that the same content always has the same hash."""

import hashlib
import json
from datetime import UTC, date, datetime, time
from typing import Any

from compliance.models import AuditEntry


def _text(value: Any) -> str:
    """An instant in UTC to the microsecond; dates and times as in ISO 8601."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date | time):
        return value.isoformat()
    raise TypeError(f"{value!r:.80} cannot be written down for the audit chain.")


_encoder = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_text)
encode = _encoder.encode
"""Compact JSON with sorted keys. Raises TypeError for what is no plain value, instant, date or time."""


def of_entry(entry: AuditEntry) -> str:
    """SHA-256 over a link: everything in its row but the hash itself."""
    content = {
        "number": entry.number,
        "at": entry.at,
        "kind": entry.kind,
        "actor": entry.actor,
        "subject": [entry.subject_type, entry.subject_id],
        "payload": entry.payload,
        "previous": entry.previous,
    }
    return hashlib.sha256(encode(content).encode()).hexdigest()


def plain(value: Any) -> Any:
    """A payload as every database gives it back unchanged. Raises TypeError for floats, instants and other objects."""
    if value is None or isinstance(value, str | int):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: plain(item) for key, item in value.items()}
    raise TypeError(
        f"{value!r:.80} cannot stand in an audit entry: write it as text, a whole number, a list or a dict."
    )


def runs(ids: list[int]) -> str:
    """Ascending ids in short: `1-500,503`."""
    found: list[list[int]] = []
    for pk in ids:
        if found and found[-1][1] == pk - 1:
            found[-1][1] = pk
        else:
            found.append([pk, pk])
    return ",".join(f"{first}-{last}" if first < last else str(first) for first, last in found)


def ids(text: str) -> list[int]:
    """The ids that `runs` has written. Raises ValueError."""
    found: list[int] = []
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        found.extend(range(int(first), int(last or first) + 1))
    return found
