"""What the law leaves of an account's own hours: told when they are saved, so that nobody is surprised at night."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from compliance.law import hours
from compliance.law.hours import Common
from compliance.law.rules import Rules
from compliance.windows import HORIZON, Windows


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Where the law leaves less than a policy allows: what the policy says and what is left, on a plain weekday."""

    jurisdiction: str
    weekday: int
    wanted: str
    left: str


def has_common_window(
    policies: Sequence[Windows],
    rules: Rules,
    channel: str,
    message_class: str,
    day: date,
    *,
    profile: str = "standard",
    jurisdictions: Sequence[str] = (),
) -> bool:
    """Whether the policies leave at least one hour within 14 days of `day`, in each of these jurisdictions (else all)."""
    return not conflicts(policies, rules, channel, message_class, day, profile=profile, jurisdictions=jurisdictions)


def conflicts(
    policies: Sequence[Windows],
    rules: Rules,
    channel: str,
    message_class: str,
    day: date,
    *,
    profile: str = "standard",
    jurisdictions: Sequence[str] = (),
) -> list[str]:
    """The jurisdictions in which law and policies have no hour in common; the policies alone count as `""`."""
    days = [day + timedelta(days=more) for more in range(HORIZON.days)]
    found = [] if any(Common(tuple(policies)).on(each) for each in days) else [""]
    for name in jurisdictions or hours.jurisdictions(rules, channel, message_class, profile):
        law = _chain(rules, name, channel, message_class, profile)
        if law and not any(Common((*law, *policies)).on(each) for each in days):
            found.append(name)
    return found


def narrowings(
    policies: Sequence[Windows],
    rules: Rules,
    channel: str,
    message_class: str,
    day: date,
    *,
    profile: str = "standard",
) -> list[Narrowing]:
    """Where and on which weekdays of the week from `day` the law is tighter than the policies: to be shown at save."""
    found = []
    for name in hours.jurisdictions(rules, channel, message_class, profile):
        law = _chain(rules, name, channel, message_class, profile)
        for each in (day + timedelta(days=more) for more in range(7)):
            wanted, left = Common(tuple(policies)).on(each), Common((*law, *policies)).on(each)
            if wanted != left:
                found.append(Narrowing(name, each.weekday(), hours.text(wanted), hours.text(left)))
    return found


def _chain(rules: Rules, name: str, channel: str, message_class: str, profile: str) -> tuple[Windows, ...]:
    """The hours of a region and of its country."""
    names = dict.fromkeys([name.partition("-")[0], name])
    found = (hours.legal_hours(rules, each, channel, message_class, profile=profile) for each in names)
    return tuple(one for one in found if one)
