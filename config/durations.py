"""Durations as people write them: `90s`, `60m`, `2h`, `3d`, `1w`, or several together, `1d12h`."""

import re
from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

UNITS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
WORDS = {"w": "week", "d": "day", "h": "hour", "m": "minute", "s": "second"}
_PART = re.compile(r"(\d+)\s*([wdhms])")
_WHOLE = re.compile(r"\s*(?:\d+\s*[wdhms]\s*)+")
LONGEST = timedelta(days=3660)


def parse(text: str) -> timedelta:
    """`"1d12h"` → 36 hours; `"0"` → zero. Raises ValueError with a sentence for anything else, or beyond ten years."""
    text = str(text).strip().lower()
    if text == "0":
        return timedelta(0)
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"{text!r} is not a duration; write for example 90s, 60m, 2h, 3d, 1w or 1d12h.")
    seconds = sum(int(number) * UNITS[unit] for number, unit in _PART.findall(text))
    if seconds > LONGEST.total_seconds():
        raise ValueError(f"{text!r} is longer than ten years.")
    return timedelta(seconds=seconds)


def write(duration: timedelta) -> str:
    """The shortest text that `parse` reads back as this duration (whole seconds)."""
    rest, parts = int(duration.total_seconds()), []
    for unit, size in UNITS.items():
        number, rest = divmod(rest, size)
        if number:
            parts.append(f"{number}{unit}")
    return "".join(parts) or "0"


def words(duration: timedelta) -> str:
    """For reading: `11 days`, `2 weeks`, `1 day 12 hours`, `no time`. Weeks only where nothing else is left over."""
    seconds = int(duration.total_seconds())
    units = dict(UNITS) if seconds % UNITS["w"] == 0 else {unit: size for unit, size in UNITS.items() if unit != "w"}
    parts = []
    for unit, size in units.items():
        number, seconds = divmod(seconds, size)
        if number:
            parts.append(f"{number} {WORDS[unit]}{'' if number == 1 else 's'}")
    return " ".join(parts) or "no time"


class DurationField(forms.CharField):
    """A form field that keeps the text (`3d`) and refuses what `parse` refuses."""

    def clean(self, value: Any) -> str:
        text = str(super().clean(value) or "")
        if text in self.empty_values:
            return text
        try:
            parse(text)
        except ValueError as error:
            raise ValidationError(str(error)) from error
        return text
