"""Amounts of money as they are written in a language: decimals, signs and their places are those of Unicode CLDR, by Babel.

Babel writes 10,000 amounts a second and core, too few for mass mail. So how it writes a currency in a language is learnt
once, from what it makes of a sample, and remembered; where that does not tell all (India's groups of two), it is asked.
"""

import functools
import unicodedata
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from babel import Locale
from babel.numbers import format_currency, get_currency_precision, get_decimal_symbol, get_group_symbol, list_currencies

from channels.liquid.languages import spoken

LARGEST = Decimal(10) ** 15
NBSP = "\u00a0"
SAMPLE = Decimal(1234567)
CURRENCIES = frozenset(list_currencies()) - {"XXX", "XTS"}
"""Codes of ISO 4217, also of currencies that are history; without those for none and for tests."""


class Style(NamedTuple):
    """How a language writes amounts of a currency: what stands around the digits of a positive and of a negative one. `plain`
    is whether they stand in groups of three."""

    decimals: int
    thousands: str
    point: str
    plus: tuple[str, str]
    minus: tuple[str, str]
    plain: bool


def written(amount: Decimal, currency: str, locale: str) -> str:
    """The amount in this currency (of CURRENCIES), below LARGEST, as the language writes it, e.g. `1.234,50 €`."""
    style = _style(currency, locale)
    rounded = round_to(amount, style.decimals)
    if not style.plain:
        return _asked(rounded, currency, spoken(locale))
    before, after = style.minus if rounded < 0 else style.plus
    return before + _grouped(rounded, style.thousands, style.point) + after


def round_to(amount: Decimal, decimals: int) -> Decimal:
    """Rounded half away from zero, as prices are."""
    return amount.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def _grouped(amount: Decimal, thousands: str, point: str) -> str:
    return f"{abs(amount):,}".replace(",", "\0").replace(".", point).replace("\0", thousands)


@functools.lru_cache(maxsize=4096)
def _style(currency: str, locale: str) -> Style:
    language = spoken(locale)
    decimals = get_currency_precision(currency)
    thousands, point = get_group_symbol(language), get_decimal_symbol(language)
    sample = round_to(SAMPLE, decimals)
    digits = _grouped(sample, thousands, point)
    plus, found, after = _asked(sample, currency, language).partition(digits)
    minus, found_too, after_minus = _asked(-sample, currency, language).partition(digits)
    return Style(decimals, thousands, point, (plus, after), (minus, after_minus), bool(found and found_too))


def _asked(amount: Decimal, currency: str, language: Locale) -> str:
    """What Babel writes, with the space of CLDR's `currencySpacing` between a sign of letters and a digit (it leaves it out)."""
    text = format_currency(amount, currency, locale=language)
    first = next(place for place, sign in enumerate(text) if sign.isdigit())
    before = text[:first]
    if before and unicodedata.category(before[-1])[0] not in "SZPC":
        return f"{before}{NBSP}{text[first:]}"
    return text
