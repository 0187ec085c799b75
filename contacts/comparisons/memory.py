"""The answer in memory; SQLite asks it too."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from contacts.comparisons.values import instant, number


def holds(comparisons: Iterable[Mapping[str, Any]], mapping: Mapping[str, Any]) -> bool:
    """Whether all (checked) comparisons are true of this object."""
    return all(compare(one, mapping) for one in comparisons)


def compare(comparison: Mapping[str, Any], mapping: Mapping[str, Any]) -> bool:
    """Whether one (checked) comparison is true of this object."""
    return _ANSWERS[comparison["op"]](_at(mapping, comparison["path"]), comparison.get("value"))


def _at(mapping: Mapping[str, Any], path: str) -> Any:
    """What stands at the path; None where there is nothing. Lists are not entered."""
    found: Any = mapping
    for part in path.split("."):
        if not isinstance(found, dict) and not isinstance(found, Mapping):
            return None
        found = found.get(part)
    return found


def _is(found: Any, value: Any) -> bool:
    if isinstance(value, bool):
        return found is value
    if isinstance(value, str):
        return isinstance(found, str) and found == value
    return _ordered(found, value, lambda one, other: one == other)


def _ordered(found: Any, value: Any, order: Callable[[Any, Any], bool]) -> bool:
    said = number(found)
    return said is not None and order(said, number(value))


def _contains(found: Any, value: Any) -> bool:
    if isinstance(found, list | tuple):
        return any(_is(item, value) for item in found)
    return isinstance(found, str) and isinstance(value, str) and value in found


def _in(found: Any, values: Iterable[Any]) -> bool:
    return any(_is(found, value) for value in values)


def _timed(found: Any, value: Any, order: Callable[[Any, Any], bool]) -> bool:
    said = instant(found)
    return said is not None and order(said, instant(value))


_ANSWERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "is": _is,
    "is_not": lambda found, value: not _is(found, value),
    "gt": lambda found, value: _ordered(found, value, lambda one, other: one > other),
    "gte": lambda found, value: _ordered(found, value, lambda one, other: one >= other),
    "lt": lambda found, value: _ordered(found, value, lambda one, other: one < other),
    "lte": lambda found, value: _ordered(found, value, lambda one, other: one <= other),
    "contains": _contains,
    "starts_with": lambda found, value: isinstance(found, str) and found.startswith(value),
    "in": _in,
    "exists": lambda found, value: found is not None,
    "not_exists": lambda found, value: found is None,
    "before": lambda found, value: _timed(found, value, lambda one, other: one < other),
    "after": lambda found, value: _timed(found, value, lambda one, other: one > other),
}
