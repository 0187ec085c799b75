"""What the law leaves of a brand's own hours: refused where nothing is left, shown where it is less."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta

from compliance.law import hours, policies, rule_sets
from compliance.law.cells import weekday_text
from compliance.law.rules import NO_RULES, Rules
from compliance.models import HousePolicy, QuietHours, RuleSet
from compliance.windows import Windows, daily

NAMED = 12
"""Jurisdictions that a sentence names; of more, it says how many."""
WEEKS = 5
"""So many are looked at: what holds in most of them is the rule, and a holiday the exception."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Where the open hours and the law never meet. `everywhere`: in all jurisdictions that have hours for it."""

    names: tuple[str, ...]
    everywhere: bool

    def sentence(self, channel: str) -> str:
        """Which, in words."""
        more = len(self.names) - NAMED
        named = ", ".join(self.names[:NAMED]) + (f" and {more} more" if more > 0 else "")
        return f"These hours leave no time at which the law allows {channel}: {named}."


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What is left in a jurisdiction on some weekdays."""

    jurisdiction: str
    weekdays: str
    left: str


def law() -> Rules:
    """The active rules; none when no set is active. Raises Tampered."""
    try:
        return rule_sets.active()
    except RuleSet.DoesNotExist:
        return NO_RULES


def profile_of(brand_id: int) -> str:
    """Which rules of the law hold for this brand."""
    found = HousePolicy.objects.filter(brand_id=brand_id).values_list("profile", flat=True).first()
    return found or HousePolicy.Profile.STANDARD.value


def conflict(start: time, end: time, channel: str, classes: Iterable[str], profile: str, day: date) -> Conflict | None:
    """Where what is open outside of `start` to `end` (quiet) never meets the law, in the 14 days from `day`."""
    rules = law()
    names: dict[str, None] = {}
    regulated: set[str] = set()
    for message_class in classes:
        found = policies.conflicts(_open(start, end), rules, channel, message_class, day, profile=profile)
        names |= dict.fromkeys(name for name in found if name)
        regulated |= set(hours.jurisdictions(rules, channel, message_class, profile))
    return Conflict(tuple(names), set(names) >= regulated) if names else None


def narrowed(quiet: QuietHours, day: date) -> list[tuple[str, list[Narrowed]]]:
    """By message class: where and on which weekdays the law leaves less than what is open outside of the quiet hours."""
    rules, profile = law(), profile_of(quiet.brand_id)
    found = []
    for message_class in quiet.classes:
        seen = Counter(
            line
            for week in range(WEEKS)
            for line in policies.narrowings(
                _open(quiet.start, quiet.end),
                rules,
                quiet.channel,
                message_class,
                day + timedelta(weeks=week),
                profile=profile,
            )
        )
        if lines := [line for line, times in seen.items() if times > WEEKS // 2]:
            found.append((message_class, _merged(lines)))
    return found


def _open(start: time, end: time) -> Sequence[Windows]:
    return [daily(end, start)]


def _merged(lines: Iterable[policies.Narrowing]) -> list[Narrowed]:
    days: dict[tuple[str, str], list[int]] = {}
    for line in lines:
        days.setdefault((line.jurisdiction, line.left), []).append(line.weekday)
    merged = ((name, sorted(weekdays), left) for (name, left), weekdays in days.items())
    return [Narrowed(name, weekday_text(weekdays), left) for name, weekdays, left in sorted(merged)]
