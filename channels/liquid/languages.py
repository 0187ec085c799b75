"""Languages as Unicode CLDR knows them, by Babel; and dates with the names that they give to months and days."""

import functools
import re
from datetime import datetime

from babel import Locale, UnknownLocaleError
from babel.dates import format_date

LENGTHS = ("short", "medium", "long", "full")
"""A date as the language writes it; instead of a pattern."""
_NAMED = re.compile(r"%([%AaBbh])")


@functools.lru_cache(maxsize=1024)
def spoken(tag: str) -> Locale:
    """The language of this tag (BCP 47, e.g. `fr-CA`), or what is known of it; English for none."""
    for name in (tag, tag.replace("_", "-").partition("-")[0]):
        try:
            return Locale.parse(name.replace("_", "-"), sep="-")
        except (UnknownLocaleError, ValueError, TypeError):
            continue
    return Locale("en")


def date(moment: datetime, pattern: str, tag: str) -> str:
    """The date by a pattern of `strftime` or a word of LENGTHS, in the language of the words. Raises ValueError."""
    language = spoken(tag)
    if pattern in LENGTHS:
        return str(format_date(moment, pattern, locale=language))
    if language.language != "en":
        pattern = _NAMED.sub(lambda found: _name(found[1], moment, language), pattern)
    return moment.strftime(pattern)


def _name(directive: str, moment: datetime, language: Locale) -> str:
    if directive == "%":
        return "%%"
    width = "wide" if directive in "AB" else "abbreviated"
    if directive in "Aa":
        name = language.days["format"][width][moment.weekday()]
    else:
        name = language.months["format"][width][moment.month]
    return str(name).replace("%", "%%")
