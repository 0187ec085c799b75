"""How the language reads a JSON value: as a number, as an instant. PostgreSQL's side of it is in migration 0003."""

import functools
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

NUMBER = r"^-?[0-9]{1,30}(\.[0-9]{1,30})?$"
INSTANT = (
    r"^[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,9})?)?(Z|[+-](0[0-9]|1[0-4]):?[0-5][0-9])?)?$"
)
_NUMBER = re.compile(NUMBER.strip("^$"))
_INSTANT = re.compile(INSTANT.strip("^$"))
_BEYOND_MICROSECONDS = re.compile(r"(\.[0-9]{6})[0-9]+")


def is_number(value: Any) -> bool:
    """Whether it is a JSON number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def number(value: Any) -> Decimal | int | None:
    """The number in a value, exactly as its decimal digits say; also in a text that reads like one. None: there is none."""
    if isinstance(value, float):
        return Decimal(repr(value))
    if is_number(value):
        return int(value)
    return _read_number(value) if isinstance(value, str) else None


@functools.lru_cache(maxsize=4096)
def _read_number(value: str) -> Decimal | None:
    return Decimal(value) if _NUMBER.fullmatch(value) else None


def instant(value: Any) -> datetime | None:
    """The instant in a text as ISO 8601 writes it (years 1000 to 2999); without a zone it is UTC. None: there is none."""
    return _read_instant(value) if isinstance(value, str) else None


@functools.lru_cache(maxsize=4096)
def _read_instant(value: str) -> datetime | None:
    if not _INSTANT.fullmatch(value):
        return None
    try:
        found = datetime.fromisoformat(_BEYOND_MICROSECONDS.sub(r"\1", value))
    except ValueError:  # the 31st of a shorter month
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found
