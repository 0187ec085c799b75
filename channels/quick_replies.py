"""Answers that a person can tap on, one a line: `Label`, or `Label = value` where the app or a journey wants another word."""

import re
from collections.abc import Callable, Mapping

from django.core.exceptions import ValidationError

MOST = 10
LONGEST_LABEL = 24
LONGEST_VALUE = 200
_LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}")
_PARTS = re.compile(r"((?:\{\{.*?\}\}|\{%.*?%\}|[^=])*?)\s*(?:=\s*(.*))?")
Reply = dict[str, str]
"""`label` and `value`; without a value of its own the label is the value."""


def sources(text: str) -> list[tuple[str, str]]:
    """Label and value of each line, as Liquid; the value is empty where there is none."""
    lines = (_PARTS.fullmatch(line.strip()) for line in text.splitlines() if line.strip())
    return [(found[1].strip(), (found[2] or "").strip()) for found in lines if found]


def validate(text: str) -> None:
    """For form fields; raises ValidationError that names the line."""
    seen: set[str] = set()
    number_of_replies = 0
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        number_of_replies += 1
        [(label, value)] = sources(line) or [("", "")]
        if not label:
            raise ValidationError(f"Line {number}: write a label, and perhaps a value: Yes, please = yes.")
        if not _LIQUID.search(label) and len(label) > LONGEST_LABEL:
            raise ValidationError(
                f"Line {number}: {label[:40]!r} has {len(label)} characters; a quick reply has {LONGEST_LABEL} at most."
            )
        if not _LIQUID.search(value) and len(value) > LONGEST_VALUE:
            raise ValidationError(f"Line {number}: the value has more than {LONGEST_VALUE} characters.")
        if label.casefold() in seen:
            raise ValidationError(f"Line {number}: {label!r} is there already; nobody could tell which one was meant.")
        seen.add(label.casefold())
    if number_of_replies > MOST:
        raise ValidationError(f"These are {number_of_replies} quick replies; a message has {MOST} at most.")


def rendered(text: str, fill: Callable[[str], str]) -> list[Reply]:
    """The replies as one person gets them. Each is rendered for itself, so that nobody's name can become another reply.

    One that is empty for this person is left out, and so is one that another one says already; a label that became too
    long is cut.
    """
    found: dict[str, Reply] = {}
    for label_source, value_source in sources(text):
        label = _cut(" ".join(fill(label_source).split()))
        value = " ".join(fill(value_source).split())[:LONGEST_VALUE] if value_source else ""
        if label:
            found.setdefault(label.casefold(), {"label": label, "value": value or label})
    return list(found.values())[:MOST]


def chosen(replies: object, choice: str) -> Reply | None:
    """The reply with this value, or else this label; None if there is none."""
    known = [one for one in replies if isinstance(one, Mapping)] if isinstance(replies, list) else []
    found = (one for name in ("value", "label") for one in known if one.get(name) == choice)
    return next((dict(one) for one in found), None)


def _cut(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 1].rstrip()}…"
