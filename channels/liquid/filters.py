"""What Liquid's filters may do here: none grows a text beyond measure, none reads the clock, and those that marketers expect."""

import functools
import re
from datetime import UTC, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any

from liquid import Environment
from liquid.exceptions import LiquidError
from liquid.filter import liquid_filter, with_context
from liquid.undefined import is_undefined

from channels.liquid import languages, money

LONGEST_TEXT = 1_000_000
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_GROW = (
    "append", "prepend", "replace", "replace_first", "replace_last", "join", "newline_to_br", "escape",
    "url_encode", "base64_encode", "upcase", "capitalize",
)  # fmt: skip


def install(environment: Environment) -> None:
    """Give this environment our filters."""
    for name in _GROW:
        environment.filters[name] = _growing(name, environment.filters[name])
    environment.filters.update(date=_date, money=_money, pluralize=_pluralize)


def _growing(name: str, grow: Any) -> Any:
    """A string filter that refuses to grow a text beyond all measure."""

    @functools.wraps(grow)
    def bounded(value: Any, *arguments: Any, **options: Any) -> Any:
        if name.startswith("replace") and arguments:
            _check_replacement(str(value), *(str(argument) for argument in arguments[:2]))
        found = grow(value, *arguments, **options)
        if isinstance(found, str) and len(found) > LONGEST_TEXT:
            raise LiquidError(f"{name} makes a text of more than {LONGEST_TEXT:,} characters", token=None)
        return found

    return bounded


def _check_replacement(text: str, old: str, new: str = "") -> None:
    times = text.count(old) if old else len(text) + 1
    if len(text) + times * len(new) > LONGEST_TEXT:
        raise LiquidError(f"replace makes a text of more than {LONGEST_TEXT:,} characters", token=None)


@with_context
@liquid_filter
def _date(value: Any, pattern: str = "%d %B %Y", *, context: Any) -> str:
    """An instant on the person's own clock, with the names of months and days in the language of the words; `"now"` is the
    instant at which the message is made. The pattern is one of strftime, or `short`, `medium`, `long`, `full`.

    A day without a time (a birthday) is that day on every clock."""
    if is_undefined(value):
        return str(value)  # raises, as everywhere
    moment = context.resolve("now") if value in ("now", "today") else instant(value)
    if not isinstance(moment, datetime):
        return str(value)
    zone = UTC if _DAY.fullmatch(str(value).strip()) else context.resolve("zone", default=UTC)
    try:
        local = moment.astimezone(zone if isinstance(zone, tzinfo) else UTC)
        return languages.date(local, str(pattern), _language(context))
    except (ValueError, OverflowError) as error:
        raise LiquidError(f"date: {error}", token=None) from error


def instant(value: Any) -> datetime | None:
    """The instant that this value names (ISO 8601, or seconds since 1970); None if it names none. Without a zone it is UTC."""
    if isinstance(value, datetime):
        return value
    try:
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC)
        found = datetime.fromisoformat(str(value).strip())
    except (ValueError, OverflowError, OSError):
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


@with_context
@liquid_filter
def _money(value: Any, currency: str = "", *, context: Any) -> str:
    """An amount as readers of the words' language write it: `{{ event.total | money: "EUR" }}`."""
    if is_undefined(value):
        return str(value)  # raises, as everywhere
    try:
        amount = Decimal(str(value).strip())
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or abs(amount) >= money.LARGEST:
        raise LiquidError(f"money: {str(value)[:40]!r} is not an amount", token=None)
    if is_undefined(currency) or str(currency) not in money.CURRENCIES:
        raise LiquidError(
            f'money: {str(currency)[:40]!r} is not a currency; write for example money: "EUR"', token=None
        )
    return money.written(amount, str(currency), _language(context))


def _language(context: Any) -> str:
    """The language of the words."""
    return str(context.resolve("locale", default="") or "")


@liquid_filter
def _pluralize(value: Any, one: str, other: str) -> str:
    """The word for so many: `{{ n }} {{ n | pluralize: "item", "items" }}`; one form for exactly 1, as in Shopify."""
    if is_undefined(value):
        return str(value)  # raises, as everywhere
    try:
        return str(one if Decimal(str(value).strip()) == 1 else other)
    except InvalidOperation:
        raise LiquidError(f"pluralize: {str(value)[:40]!r} is not a number", token=None) from None
