"""Variables that a version declares: what they are, what stands in for a value that is missing, and a sample."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from channels.findings import Fault
from channels.liquid.filters import instant

TYPES = ("text", "number", "money", "date", "boolean", "url", "list")
PARTS = ("name", "type", "fallback", "sample")
LONGEST = 2_000
"""Characters of a fall-back or a sample."""
_NAME = re.compile(r"(contact|event)(\.[A-Za-z_][\w-]*)+")
_YES, _NO = frozenset({"true", "yes", "1"}), frozenset({"false", "no", "0"})


@dataclass(frozen=True, slots=True)
class Variable:
    """`name` is what the words write, e.g. `contact.first_name`; without `fallback` a missing value stops the message."""

    name: str
    type: str = "text"
    fallback: Any = ""
    sample: Any = ""


def read(declared: Any) -> tuple[Variable, ...]:
    """The declarations in a version's JSON; what is none is passed over (`mistakes` tells of it)."""
    rows = [one for one in declared if isinstance(one, dict)] if isinstance(declared, list) else []
    return tuple(
        Variable(str(one["name"]), str(one.get("type") or "text"), one.get("fallback", ""), one.get("sample", ""))
        for one in rows
        if one.get("name")
    )


def mistakes(declared: Any) -> list[str]:
    """What is wrong with the declarations; sentences that name the variable."""
    if not isinstance(declared, list) or not all(isinstance(one, dict) for one in declared):
        return ['Variables are a list: [{"name": "contact.first_name", "type": "text", "fallback": "", "sample": ""}].']
    return [fault.sentence for fault in faults(declared)]


def faults(declared: Sequence[Mapping[str, Any]]) -> list[Fault]:
    """The same of a list of rows, each with its place."""
    found, seen = [], set()
    for row, one in enumerate(declared):
        name = one.get("name")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            sentence = f"Variable {row + 1}: its name is contact.… or event.…, not {name!r}."
            found.append(Fault(row, "name", sentence))
            continue
        if name in seen:
            found.append(Fault(row, "name", f"{name} is declared twice."))
        seen.add(name)
        found += [Fault(row, part, f"{name}: {said}") for part, said in _unfit(one)]
    return found


def _unfit(one: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is wrong with the parts of a declaration beside its name."""
    kind = one.get("type") or "text"
    if kind not in TYPES:
        yield "type", f"there is no type {kind!r}; there are {', '.join(TYPES)}."
        return
    for part in ("fallback", "sample"):
        if not _empty(one.get(part)) and fitted(kind, one[part]) is None:
            yield part, f"its {part} {str(one[part])[:80]!r} is no {kind}."
        if len(str(one.get(part) or "")) > LONGEST:
            yield part, f"its {part} is longer than {LONGEST:,} characters."
    if unknown := sorted(one.keys() - set(PARTS)):
        yield "name", f"{', '.join(unknown)} is not known; there are name, type, fallback and sample."


def declarable(name: str) -> bool:
    """Whether a variable may be declared by this name."""
    return _NAME.fullmatch(name) is not None


def filled(context: Mapping[str, Any], declared: Sequence[Variable], *, samples: bool = False) -> Mapping[str, Any]:
    """The context with the fall-backs (or, for a made-up reader, the samples) of values that are missing or do not fit.

    A value that does not fit stays as it is where there is no fall-back: the words may still be right. The context itself
    is not changed.
    """
    for one in declared:
        path = one.name.split(".")
        value = _at(context, path)
        known = None if _empty(value) else fitted(one.type, value)
        if known is None:
            instead = one.sample if samples and not _empty(one.sample) else one.fallback
            known = value if _empty(instead) else fitted(one.type, instead)
        if known is not None and known is not value:
            context = _with(context, path, known)
    return context


def fitted(kind: str, value: Any) -> Any:
    """The value as this type; None if it cannot be one."""
    if kind in ("number", "money"):
        return _number(value)
    if kind == "boolean":
        return value if isinstance(value, bool) else _yes_or_no(str(value).strip().lower())
    if kind == "list":
        return value if isinstance(value, list | tuple) else None
    if kind == "date":
        return value if isinstance(value, datetime) or instant(value) else None
    if kind == "url":
        return value if isinstance(value, str) and value.startswith(("https://", "http://")) else None
    return value if isinstance(value, str | int | float | Decimal) and not isinstance(value, bool) else None


def samples(declared: Iterable[Variable]) -> dict[str, tuple[str, str]]:
    """What each variable is expected to be, by name: its sample and its fall-back."""
    return {one.name: (str(one.sample or ""), str(one.fallback or "")) for one in declared}


def _number(value: Any) -> Any:
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return value
    try:
        found = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _yes_or_no(text: str) -> bool | None:
    return True if text in _YES else False if text in _NO else None


def _empty(value: Any) -> bool:
    return value is None or value in ("", [], {})


def _at(context: Any, path: Sequence[str]) -> Any:
    for part in path:
        if not isinstance(context, Mapping):
            return None
        context = context.get(part)
    return context


def _with(context: Mapping[str, Any], path: Sequence[str], value: Any) -> dict[str, Any]:
    inner = context.get(path[0])
    within = inner if isinstance(inner, Mapping) else {}
    return {**context, path[0]: _with(within, path[1:], value) if path[1:] else value}
