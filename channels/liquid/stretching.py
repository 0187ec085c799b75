"""What a filter may make of the longest text, without knowing the value: the candidates for the longest."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from channels.liquid import languages, money

AMOUNT = Decimal("9999.99")
"""What stands for a sum of money of which nothing is known."""
NUMBER = "9999"
DAYS = [datetime(2028, month, day, 23, 58, 58, tzinfo=UTC) for month in range(1, 13) for day in range(22, 29)]
"""Every month with every day of the week."""
Stretch = Callable[[str, Sequence[str], str], list[str]]


def after(name: str, text: str, arguments: Sequence[str], locale: str) -> list[str]:
    """The candidates for the longest that the filter `name` makes of `text`; of a filter that makes nothing longer, the text."""
    stretch = _STRETCHES.get(name)
    return stretch(text, arguments, locale) if stretch else [text]


def _date(text: str, arguments: Sequence[str], locale: str) -> list[str]:
    pattern = arguments[0] if arguments else "%d %B %Y"
    try:
        return [languages.date(day, pattern, locale) for day in DAYS]
    except ValueError:
        return [text]


def _money(text: str, arguments: Sequence[str], locale: str) -> list[str]:
    currency = next((one for one in arguments if one in money.CURRENCIES), "EUR")
    return [money.written(AMOUNT, currency, locale)]


def _cut(text: str, arguments: Sequence[str], locale: str) -> list[str]:
    length = int(arguments[0]) if arguments and arguments[0].isdecimal() and len(arguments[0]) < 9 else 50
    end = arguments[1] if len(arguments) > 1 else "..."
    return [text if len(text) <= length else text[: max(0, length - len(end))] + end]


_STRETCHES: dict[str, Stretch] = {
    "default": lambda text, arguments, locale: [text, *arguments],
    "append": lambda text, arguments, locale: [text + "".join(arguments)],
    "prepend": lambda text, arguments, locale: ["".join(arguments) + text],
    "pluralize": lambda text, arguments, locale: [*arguments],
    "join": lambda text, arguments, locale: [text + "".join(arguments)],
    "replace": lambda text, arguments, locale: [text, text + "".join(arguments[1:])],
    "upcase": lambda text, arguments, locale: [text.upper()],
    "downcase": lambda text, arguments, locale: [text.lower()],
    "capitalize": lambda text, arguments, locale: [text.capitalize()],
    "size": lambda text, arguments, locale: [NUMBER],
    "truncate": _cut,
    "date": _date,
    "money": _money,
}
