"""What may stand in a cell of a table of law; each reader raises ValueError with a sentence that says what to write."""

from collections.abc import Sequence
from datetime import date, time

from compliance.geography import regions_table
from compliance.law import public_holidays
from compliance.law.rules import ALL_CHANNELS
from contacts import places

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CHANNELS = ("sms", "mms", "rcs", "voice", "fax", "email", "push", "whatsapp", "in_app", "chat", "webhook", ALL_CHANNELS)


def weekdays(said: str) -> tuple[int, ...]:
    """`mon-fri`, `sat`, `sat-mon`, `mon wed` as numbers, Monday is 0. Raises ValueError."""
    found: set[int] = set()
    for part in said.lower().split():
        first, _, last = part.partition("-")
        if first not in WEEKDAYS or (last or first) not in WEEKDAYS or part.endswith("-"):
            raise ValueError(f"{said!r} are no weekdays; write for example mon-fri, sat or mon-sun.")
        start, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
        found |= {day % 7 for day in range(start, end + 1 if end >= start else end + 8)}
    if not found:
        raise ValueError("The weekdays are missing; write for example mon-fri, sat or mon-sun.")
    return tuple(sorted(found))


def weekday_text(days: Sequence[int]) -> str:
    """The shortest way to write these weekdays: `mon-sat`, `sun`, `mon wed`."""
    if len(days) > 1 and list(days) == list(range(days[0], days[-1] + 1)):
        return f"{WEEKDAYS[days[0]]}-{WEEKDAYS[days[-1]]}"
    return " ".join(WEEKDAYS[day] for day in days)


def clock_time(said: str) -> time | None:
    """`08:00`; `24:00` is midnight at the end of the day; None where nothing is written. Raises ValueError."""
    if not said:
        return None
    if said == "24:00":
        return time()
    try:
        found = time.fromisoformat(said)
    except ValueError:
        found = None
    if found is None or found.tzinfo or len(said) < 5:
        raise ValueError(f"{said!r} is not a time of day; write hours and minutes, for example 08:00.")
    return found


def calendar_date(said: str) -> date | None:
    """`2026-10-18`; None where nothing is written. Raises ValueError."""
    try:
        return date.fromisoformat(said) if said else None
    except ValueError:
        raise ValueError(f"{said!r} is not a date; write for example 2026-10-18.") from None


def count(said: str) -> int:
    """A whole number from 1 on. Raises ValueError."""
    if not (said.isascii() and said.isdigit() and len(said) <= 5) or not 1 <= int(said) <= 10_000:
        raise ValueError(f"{said!r} is not a limit; write a whole number from 1 on.")
    return int(said)


def word(said: str, words: Sequence[str]) -> str:
    """One of these words. Raises ValueError."""
    if said not in words:
        raise ValueError(f"{said!r} is not known here; write one of {', '.join(words)}.")
    return said


def jurisdiction(said: str) -> str:
    """A country, or a region of one. Raises ValueError."""
    country, dash, region = said.partition("-")
    known_country = country and places.country(country) == country
    known_region = said in regions_table() or (region and region in public_holidays.codes(country))
    if not known_country or (dash and not known_region):
        raise ValueError(f"{said!r} is not known; write a country or a region of it as in ISO 3166: FR, US-FL.")
    return said


def channels(said: str) -> tuple[str, ...]:
    """`sms voice` as channels. Raises ValueError."""
    found = tuple(dict.fromkeys(said.split()))
    if not found:
        raise ValueError("The channels are missing; write for example sms voice.")
    return tuple(word(channel, CHANNELS) for channel in found)


def source(said: str) -> str:
    """Who says so; never empty. Raises ValueError."""
    if not said:
        raise ValueError("The source is missing; write the statute, or the page that says so.")
    if len(said) > 400:
        raise ValueError(f"The source has {len(said)} characters; write at most 400, and the rest into the note.")
    return said
