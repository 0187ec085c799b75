"""What a comparison may look like, and the sentences for those that do not."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from contacts.comparisons.values import instant, is_number

Comparison = Mapping[str, Any]
# Quotes and backslashes would need escapes that the databases do not agree on; a dot separates.
_PART = re.compile(r"[^.\"\\\x00-\x1f]{1,100}")
LONGEST_PATH = 300
LONGEST_TEXT = 1000
LONGEST_LIST = 1000


def check(comparison: Any) -> list[str]:
    """What is wrong with a comparison, or with each of a list of them, as sentences; nothing for good ones."""
    if isinstance(comparison, list | tuple):
        return [
            f"Comparison {number}: {sentence}"
            for number, one in enumerate(comparison, start=1)
            for sentence in check(one)
        ]
    if not isinstance(comparison, Mapping):
        return [
            f'{comparison!r:.80} is not a comparison; write for example {{"path": "total", "op": "gt", "value": 100}}.'
        ]
    return [*_path(comparison), *_operator(comparison), *_strangers(comparison)]


def _strangers(comparison: Comparison) -> list[str]:
    strange = sorted(str(name) for name in comparison.keys() - {"path", "op", "value"})
    return [f"{', '.join(strange)}: not known here; a comparison has path, op and value."] if strange else []


def _path(comparison: Comparison) -> list[str]:
    path = comparison.get("path")
    parts = path.split(".") if isinstance(path, str) and len(path) <= LONGEST_PATH else []
    if parts and all(_PART.fullmatch(part) and _is_storable(part) for part in parts):
        return []
    return [f"path: {path!r:.80} names no property; write for example total, or address.city for one inside another."]


def _operator(comparison: Comparison) -> list[str]:
    operator = comparison.get("op")
    if not isinstance(operator, str) or operator not in OPERATORS:
        return [f"op: {operator!r:.80} is not known; write one of: {', '.join(OPERATORS)}."]
    wants = OPERATORS[operator]
    if wants is None:
        return [f"value: {operator} takes none; leave it out."] if comparison.get("value") is not None else []
    fits, sentence = wants
    return [] if fits(comparison.get("value")) else [f"value: {operator} needs {sentence}."]


def _is_scalar(value: Any) -> bool:
    return isinstance(value, bool) or _is_text(value) or _is_finite(value)


def _is_finite(value: Any) -> bool:
    return is_number(value) and math.isfinite(value) and abs(value) < 1e30


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_TEXT and _is_storable(value)


def _is_storable(value: str) -> bool:
    return "\x00" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)


def _is_list(value: Any) -> bool:
    return (
        isinstance(value, Sequence)
        and not isinstance(value, str)
        and 0 < len(value) <= LONGEST_LIST
        and all(map(_is_scalar, value))
    )


def _is_findable(value: Any) -> bool:
    return _is_scalar(value) and value != ""


def _is_date(value: Any) -> bool:
    return instant(value) is not None


_SCALAR = (_is_scalar, "a text, a number, true or false")
_NUMBER = (_is_finite, "a number; dates are compared with before and after")
_DATE = (_is_date, "a date, for example 2026-11-24 or 2026-11-24T09:30:00Z")
OPERATORS: Mapping[str, tuple[Callable[[Any], bool], str] | None] = {
    "is": _SCALAR,
    "is_not": _SCALAR,
    "gt": _NUMBER,
    "gte": _NUMBER,
    "lt": _NUMBER,
    "lte": _NUMBER,
    "contains": (_is_findable, "a text that is not empty, a number, true or false"),
    "starts_with": (lambda value: _is_text(value) and value != "", "a text that is not empty"),
    "in": (_is_list, f"a list of 1 to {LONGEST_LIST} texts, numbers, true or false"),
    "exists": None,
    "not_exists": None,
    "before": _DATE,
    "after": _DATE,
}
