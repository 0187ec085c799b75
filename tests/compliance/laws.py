"""What the tests of the law share: the shipped rules, places by their clues, and instants."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from compliance import windows
from compliance.law import judging, rule_sets
from compliance.law.judging import Answer
from compliance.law.rules import BanRow, HoursRow, Rules, Tables
from compliance.places import Clues, Place, locate

AS_OF = date(2026, 11, 20)
SHIPPED = rule_sets.shipped()
RULES = Rules(1, AS_OF, SHIPPED.checksum(), SHIPPED)
DAYTIME = windows.daily(time(8), time(21))

PLACES = {
    "New York": Clues(country="US", region="NY", timezone="America/New_York"),
    "Florida": Clues(country="US", region="FL", timezone="America/New_York"),
    "Connecticut": Clues(country="US", region="CT"),
    "Texas": Clues(country="US", region="TX", postal_code="78701"),
    "Utah": Clues(country="US", region="UT"),
    "Rhode Island": Clues(country="US", region="RI"),
    "Pennsylvania": Clues(country="US", region="PA"),
    "Oregon": Clues(country="US", region="OR"),
    "Louisiana": Clues(country="US", region="LA"),
    "Alabama": Clues(country="US", region="AL"),
    "Puerto Rico": Clues(phone="+17875550100"),
    "France": Clues(country="FR"),
    "Moselle": Clues(country="FR", region="57"),
    "Reunion": Clues(phone="+262692123456"),
    "Taiwan": Clues(country="TW"),
    "Vietnam": Clues(country="VN"),
    "Korea": Clues(country="KR"),
    "Colombia": Clues(country="CO"),
    "South Africa": Clues(country="ZA"),
    "Toronto": Clues(country="CA", region="ON", timezone="America/Toronto"),
    "Kolkata": Clues(country="IN"),
    "St. John's": Clues(phone="+17095550100"),
    "Adelaide": Clues(country="AU", region="SA"),
    "Vancouver": Clues(country="CA", region="BC", timezone="America/Vancouver"),
    "Edmonton": Clues(country="CA", region="AB"),
    "+1 850": Clues(phone="+18505550100"),
    "+1 423": Clues(phone="+14235550100"),
    "+1 448": Clues(phone="+14485550100"),
    "+1 800": Clues(phone="+18005550100"),
    "US": Clues(country="US"),
    "212 in 94105": Clues(phone="+12125550100", postal_code="94105"),
    "+61 4": Clues(phone="+61412345678"),
    "nowhere": Clues(),
}


def at(text: str) -> datetime:
    """An instant, e.g. `2026-11-23T13:00Z`."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


def place(name: str) -> Place:
    """Where somebody is, by one of the names above."""
    return locate(PLACES[name])


def when(
    name: str | Place, now: str | datetime, channel: str = "sms", message_class: str = "marketing", **policy: Any
) -> Answer:
    """The engine's answer, by the shipped rules."""
    where = place(name) if isinstance(name, str) else name
    instant = at(now) if isinstance(now, str) else now
    return judging.when(where, channel, message_class, instant, policy.pop("rules", RULES), **policy)


def result(answer: Answer) -> str:
    """The answer as the cases write it: `ALLOW`, `DEFER 2026-11-23T13:00Z`, `BLOCK no_legal_window`."""
    if answer.outcome == "wait":
        assert answer.until is not None
        return f"DEFER {answer.until:%Y-%m-%dT%H:%M}Z" + (f":{answer.until:%S}" if answer.until.second else "")
    return "ALLOW" if answer.outcome == "allow" else f"BLOCK {answer.code}"


def row(
    jurisdiction: str, start: str | None, end: str | None, weekdays: tuple[int, ...] = tuple(range(7)), **other: Any
) -> HoursRow:
    """A row of hours for marketing SMS."""
    values: dict[str, Any] = {
        "channels": ("sms",), "category": "marketing", "source": "A statute", "holidays_excluded": False,
        "confidence": "high", "kind": "statute", "lifted_by_consent": "no",
    }  # fmt: skip
    opens, closes = (time.fromisoformat(text) if text else None for text in (start, end))
    return HoursRow(jurisdiction=jurisdiction, weekdays=weekdays, start=opens, end=closes, **(values | other))


def rules_of(*hours: HoursRow, bans: tuple[BanRow, ...] = ()) -> Rules:
    """A rule set of these rows."""
    content = Tables(hours, bans)
    return Rules(7, AS_OF, content.checksum(), content)


def minutes(count: int) -> timedelta:
    """So many minutes."""
    return timedelta(minutes=count)
