"""Addresses that an author writes into a field of their own: where a tap leads, and what is shown. For form fields."""

import re

from django.core.exceptions import ValidationError

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_LIQUID = ("{{", "{%")
UNSAFE = frozenset({"javascript", "data", "vbscript"})


def in_apps(value: str) -> None:
    """Raises ValidationError unless it begins as an address does, or with Liquid."""
    found = _SCHEME.match(value)
    if value.startswith(_LIQUID) or (found and found[1].lower() not in UNSAFE):
        return
    raise ValidationError(f"{value!r} is no address; write https://… or an address in your app, e.g. acorn://shoes/1.")


def safe(value: str) -> None:
    """Raises ValidationError for what a browser would run instead of opening it."""
    found = _SCHEME.match(value)
    if found and found[1].lower() in UNSAFE:
        raise ValidationError(f"{value[:80]!r} runs a script; write https://… or an address in your app.")


def picture(value: str) -> None:
    """Raises ValidationError unless it is a web address, or begins with Liquid."""
    if not value.startswith((*_LIQUID, "https://", "http://")):
        raise ValidationError(f"{value[:80]!r} is no address of a picture; write https://…")
