"""Amounts of money as they are written in a language.

Decimals by currency: ISO 4217 (list one, minor units). Signs, separators and their places: Unicode CLDR 45, for the
languages and currencies that shops write most; any other language writes the code before the amount, as English does.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

LARGEST = Decimal(10) ** 15
NBSP, NARROW = "\u00a0", "\u202f"


class Style(NamedTuple):
    """How a language writes an amount; `places` is where sign and number stand, `near` the same for a sign of letters."""

    thousands: str
    point: str
    places: str
    near: str = ""


_SIGN_FIRST = Style(",", ".", "{sign}{number}", f"{{sign}}{NBSP}{{number}}")
_SIGN_LAST = Style(".", ",", f"{{number}}{NBSP}{{sign}}")
_SPACED = Style(NBSP, ",", f"{{number}}{NBSP}{{sign}}")
_STYLES: dict[str, Style] = {
    "en": _SIGN_FIRST,
    "ja": _SIGN_FIRST,
    "ko": _SIGN_FIRST,
    "zh": _SIGN_FIRST,
    "he": Style(",", ".", f"{{number}}{NBSP}{{sign}}"),
    "de": _SIGN_LAST,
    "de-AT": Style(NBSP, ",", f"{{sign}}{NBSP}{{number}}"),
    "de-CH": Style("’", ".", f"{{sign}}{NBSP}{{number}}"),
    "es": _SIGN_LAST,
    "es-MX": _SIGN_FIRST,
    "it": _SIGN_LAST,
    "da": _SIGN_LAST,
    "el": _SIGN_LAST,
    "ro": _SIGN_LAST,
    "tr": Style(".", ",", "{sign}{number}"),
    "nl": Style(".", ",", f"{{sign}}{NBSP}{{number}}"),
    "pt": Style(".", ",", f"{{sign}}{NBSP}{{number}}"),
    "pt-PT": _SPACED,
    "fr": Style(NARROW, ",", f"{{number}}{NBSP}{{sign}}"),
    "fr-CA": _SPACED,
    "cs": _SPACED,
    "fi": _SPACED,
    "nb": _SPACED,
    "no": _SPACED,
    "pl": _SPACED,
    "sv": _SPACED,
    "uk": _SPACED,
}
_SIGNS = {
    "AUD": "A$", "BRL": "R$", "CAD": "CA$", "CNY": "CN¥", "EUR": "€", "GBP": "£", "HKD": "HK$", "ILS": "₪", "INR": "₹",
    "JPY": "¥", "KRW": "₩", "MXN": "MX$", "NZD": "NZ$", "PHP": "₱", "TWD": "NT$", "USD": "$", "VND": "₫",
}  # fmt: skip
_AT_HOME = {
    "en-AU": {"AUD": "$", "USD": "USD"}, "en-CA": {"CAD": "$", "USD": "US$"}, "en-NZ": {"NZD": "$", "USD": "US$"},
    "fr-CA": {"CAD": "$", "USD": "$ US"}, "es-MX": {"MXN": "$", "USD": "USD"}, "cs": {"CZK": "Kč"}, "pl": {"PLN": "zł"},
    "da": {"DKK": "kr."}, "nb": {"NOK": "kr"}, "no": {"NOK": "kr"}, "sv": {"SEK": "kr"}, "tr": {"TRY": "₺"},
    "uk": {"UAH": "₴"}, "zh": {"CNY": "¥"}, "ja": {"JPY": "￥", "CNY": "元"},
}  # fmt: skip
_NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
_TWO = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP "
    "CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR "
    "JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN "
    "NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP "
    "SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD YER ZAR ZMW"
)
DECIMALS = {
    **dict.fromkeys(_TWO.split(), 2), **dict.fromkeys(_NONE.split(), 0), **dict.fromkeys(_THREE.split(), 3),
}  # fmt: skip
"""Digits after the point, by the currency's code."""


def written(amount: Decimal, currency: str, locale: str) -> str:
    """The amount in this currency (a key of DECIMALS), below LARGEST, as the language writes it, e.g. `1.234,50 €`."""
    language = locale.partition("-")[0]
    style = _STYLES.get(locale) or _STYLES.get(language) or _SIGN_FIRST
    at_home = _AT_HOME.get(locale) or _AT_HOME.get(language) or {}
    sign = at_home.get(currency) or _SIGNS.get(currency, currency)
    rounded = round_to(amount, DECIMALS[currency])
    digits = f"{abs(rounded):,}".replace(",", "\0").replace(".", style.point).replace("\0", style.thousands)
    places = style.near if style.near and sign.isalpha() else style.places
    return f"{'-' if rounded < 0 else ''}{places.format(sign=sign, number=digits)}"


def round_to(amount: Decimal, decimals: int) -> Decimal:
    """Rounded half away from zero, as prices are."""
    return amount.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
