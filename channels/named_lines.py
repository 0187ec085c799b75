"""Fields that hold several Liquid sources, one a line: `name=source`."""

import re

from django.core.exceptions import ValidationError

_LINE = re.compile(r"\s*([A-Za-z0-9_]{1,40})\s*=\s*(.*?)\s*")


def sources(text: str) -> dict[str, str]:
    """The sources by name; a line that is none is left out (`validate` refuses it)."""
    found = (_LINE.fullmatch(line) for line in text.splitlines())
    return {line[1]: line[2] for line in found if line}


def validate(text: str) -> None:
    """For form fields; raises ValidationError that names the line."""
    seen: set[str] = set()
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        found = _LINE.fullmatch(line)
        if not found or not found[2]:
            raise ValidationError(f"Line {number}: write a name and its value, e.g. name={{{{ contact.first_name }}}}.")
        if found[1] in seen:
            raise ValidationError(f"Line {number}: {found[1]} has a value already.")
        seen.add(found[1])
