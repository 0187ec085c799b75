"""Languages of people and words: BCP 47 tags, most often `fr` or `fr-CA`."""

import re
from collections.abc import Mapping
from typing import TypeVar

from django.core.exceptions import ValidationError

_TAG = re.compile(r"[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*")
T = TypeVar("T")


def validate(value: str) -> None:
    """For model fields; raises ValidationError for what is no language tag."""
    if not _TAG.fullmatch(value):
        raise ValidationError(f"{value!r} is not a language; write for example fr or fr-CA.")


def chain(locale: str, default: str = "") -> list[str]:
    """Which languages to look for, best first: `fr-CA`, `fr`, those of the default, and "" (for everyone)."""
    found = [*_narrower(locale), *_narrower(default), ""]
    return list(dict.fromkeys(found))


def choice(by_locale: Mapping[str, T], locale: str, default: str = "") -> T | None:
    """What there is for a person of this language; None if nothing is for them."""
    if not by_locale:
        return None
    return next((by_locale[one] for one in chain(locale, default) if one in by_locale), None)


def _narrower(locale: str) -> list[str]:
    """`zh-Hant-TW`, `zh-Hant`, `zh`. Some systems write `fr_CA`; it is looked up as it is written, too."""
    parts = locale.replace("_", "-").split("-") if locale else []
    tags = ["-".join(parts[:size]) for size in range(len(parts), 0, -1)]
    return [locale, *tags] if locale else []
