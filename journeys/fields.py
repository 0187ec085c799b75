"""Form fields for what editors write into steps and triggers, with errors that say what to write instead."""

import functools
import re
from collections.abc import Mapping
from datetime import time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from config import durations
from contacts import comparisons, logic

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
EVENT = re.compile(r"[^\s*]{1,198}(\.\*)?")
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


@functools.lru_cache(maxsize=4096)
def duration(text: str) -> timedelta:
    """`durations.parse`, remembered: steps ask it once per person."""
    return durations.parse(text)


@functools.lru_cache(maxsize=4096)
def clock_time(text: str) -> time:
    """`"09:30"` → a wall-clock time. Raises ValueError with a sentence."""
    found = _CLOCK.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is not a time of day; write for example 09:00 or 18:30.")
    return time(int(found[1]), int(found[2]))


class ClockField(forms.CharField):
    """A local time of day, kept as the text `HH:MM`."""

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        if text:
            try:
                return f"{clock_time(text):%H:%M}"
            except ValueError as error:
                raise ValidationError(str(error)) from error
        return text


class EventNameField(forms.CharField):
    """The name of an event on the timeline; `message.*` means all of a family."""

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        if text and not EVENT.fullmatch(text):
            raise ValidationError(
                f"{text!r} is not an event's name; write for example order.completed, without spaces."
            )
        return text


class TemplateKeyField(forms.SlugField):
    """The key of a message template; the admin lists those of the journey's brand."""


class SegmentKeyField(forms.SlugField):
    """The key of a segment; the admin lists those of the journey's brand."""


class ConditionField(forms.JSONField):
    """A tree of conditions about the person (see contacts.logic)."""

    def clean(self, value: Any) -> Any:
        tree = super().clean(value)
        if tree:
            check_condition(tree)
        return tree or {}


class ComparisonsField(forms.JSONField):
    """Comparisons on the properties of an event (see contacts.comparisons), all of which must hold."""

    def clean(self, value: Any) -> Any:
        found = super().clean(value) or []
        if isinstance(found, Mapping):
            found = [found]
        if found:
            _raise(comparisons.check(found))
        return found


def check_condition(tree: Any) -> None:
    """Raises ValidationError with one sentence per mistake."""
    _raise(logic.check(tree))


def _raise(sentences: list[str]) -> None:
    if sentences:
        raise ValidationError(sentences)
