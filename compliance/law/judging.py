"""When may this leave, by the law of every place where the person may be, and by the account's own hours?

Every jurisdiction's hours are read by the clock of every candidate zone, and all must be open. Account policies can only
tighten. Pure: places, rules and windows in, an answer out.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Any, Literal

import tzdata

from compliance import windows
from compliance.law import hours
from compliance.law.hours import Common, Guarded, LegalHours
from compliance.law.rules import STRICT, BanRow, KINDS_OF, Rules
from compliance.places import Place
from compliance.windows import Clock, Windows
from config.checks import OLDEST_TZDATA
from contacts import zones

Outcome = Literal["allow", "wait", "deny"]
Unknown = Literal["deny", "strictest"]
FIXED_CLOCKS: dict[str, tzinfo] = {"US-MS": timezone(timedelta(hours=-6))}
"""Miss. Code 77-3-723 says Central Standard Time, in summer too: the strict profiles read it both ways."""


class StaleZones(RuntimeError):
    """The zone rules are too old to be relied on where the strict reading is wanted."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the law says. `until` is the nearest instant that all allow; `details` are what it was decided on."""

    outcome: Outcome
    code: str = ""
    why: str = ""
    until: datetime | None = None
    details: dict[str, Any] = field(default_factory=dict)


def when(
    place: Place,
    channel: str,
    message_class: str,
    now: datetime,
    rules: Rules,
    *,
    profile: str = "standard",
    lifts: frozenset[str] = frozenset(),
    policies: Sequence[Windows] = (),
    guard_minutes: int = 0,
    unknown: Unknown = "deny",
) -> Answer:
    """Whether something may leave at `now`; if not, when, at most 14 days ahead.

    `policies` are the account's windows for this channel and class (open hours). `unknown` says what holds where a law may
    apply and nobody knows which: refuse, or the hours of all jurisdictions. Raises KeyError for an unknown profile, and
    StaleZones in a strict profile with old zone rules.
    """
    if KINDS_OF[profile] >= STRICT:
        require_current_zones()
    case = _case(place, channel, message_class, rules, profile, lifts, tuple(policies), guard_minutes, unknown)
    return _answer(case, now)


def require_current_zones() -> None:
    """Raises StaleZones unless the zone rules are as new as the system check demands."""
    if tuple(int(part) for part in tzdata.__version__.split(".")[:2]) < OLDEST_TZDATA:
        raise StaleZones(f"The zone rules are of {tzdata.__version__}; the strict profiles need newer ones.")


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """All that does not depend on the instant; compared by identity, since it is a key of caches."""

    place: Place
    law: tuple[LegalHours, ...]
    clocks: tuple[Clock, ...]
    """What must be open: the law and the account's hours, by every zone."""
    bans: tuple[BanRow, ...]
    policies: tuple[Windows, ...]
    refusal: Answer | None
    details: dict[str, Any]


@functools.lru_cache(maxsize=16_384)
def _case(
    place: Place,
    channel: str,
    message_class: str,
    rules: Rules,
    profile: str,
    lifts: frozenset[str],
    policies: tuple[Windows, ...],
    guard_minutes: int,
    unknown: Unknown,
) -> Case:
    wanted = _jurisdictions(place, channel, message_class, rules, profile, unknown)
    of_each = (
        hours.legal_hours(
            rules,
            name,
            channel,
            message_class,
            profile=profile,
            lifts=lifts,
            regions=(*place.regions, *place.countries),
        )
        for name in wanted
    )
    law = tuple(found for found in of_each if found)
    bans = tuple(
        row for row in rules.tables.bans if row.jurisdiction in wanted and row.concerns(channel, message_class)
    )
    details: dict[str, Any] = {
        "rule_set": rules.number,
        "as_of": rules.as_of.isoformat() if rules.as_of else None,
        "profile": profile,
        "zones": list(place.zones),
        "zone_source": place.source,
        "jurisdictions": list(wanted),
    }
    clocks = _clocks(place, law, policies, guard_minutes, profile)
    refusal = None
    if not place.known and unknown == "deny" and _is_regulated(rules, channel, message_class, profile):
        why = "It is not known in which country this person is, and some countries' laws set hours for this channel."
        refusal = Answer("deny", "unknown_jurisdiction", why, details=details)
    return Case(place, law, clocks, bans, policies, refusal, details)


def _jurisdictions(
    place: Place, channel: str, message_class: str, rules: Rules, profile: str, unknown: Unknown
) -> tuple[str, ...]:
    """Those of the place; and where the profile or the policy asks for it, all that may be meant."""
    if not place.known:
        return _regulated(rules, channel, message_class, profile) if unknown == "strictest" else ()
    if profile != "strictest":
        return place.jurisdictions
    vague = [f"{name}-" for name in place.countries if not any(r.startswith(f"{name}-") for r in place.regions)]
    regulated = _regulated(rules, channel, message_class, profile)
    more = (name for name in regulated if any(name.startswith(prefix) for prefix in vague))
    return tuple(dict.fromkeys([*place.jurisdictions, *more]))


def _regulated(rules: Rules, channel: str, message_class: str, profile: str) -> tuple[str, ...]:
    banned = (row.jurisdiction for row in rules.tables.bans if row.concerns(channel, message_class))
    return tuple(dict.fromkeys([*hours.jurisdictions(rules, channel, message_class, profile), *banned]))


def _is_regulated(rules: Rules, channel: str, message_class: str, profile: str) -> bool:
    return bool(_regulated(rules, channel, message_class, profile))


def _clocks(
    place: Place, law: tuple[LegalHours, ...], policies: tuple[Windows, ...], guard_minutes: int, profile: str
) -> tuple[Clock, ...]:
    parts: tuple[Windows, ...] = (*law, *policies)
    if not parts:
        return ()
    found = [(zones.zone(name), _guarded(Common(parts), guard_minutes)) for name in place.zones]
    if KINDS_OF[profile] >= STRICT:
        fixed = ((FIXED_CLOCKS[one.jurisdiction], one) for one in law if one.jurisdiction in FIXED_CLOCKS)
        found += [(zone, _guarded(one, guard_minutes)) for zone, one in fixed]
    return tuple(found)


def _guarded(wanted: Windows, minutes: int) -> Windows:
    return _one(Guarded(wanted, minutes * 60) if minutes else wanted)


@functools.lru_cache(maxsize=16_384)
def _one(wanted: Windows) -> "Known":
    return Known(wanted)


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """Windows whose days are kept, compared by identity: many zones ask for the same days."""

    windows: Windows
    days: dict[date, tuple[windows.Span, ...]] = field(default_factory=dict, repr=False)

    def on(self, day: date) -> tuple[windows.Span, ...]:
        """As the windows say."""
        found = self.days.get(day)
        if found is None:
            if len(self.days) > 64:
                self.days.clear()
            found = self.days[day] = self.windows.on(day)
        return found


@functools.lru_cache(maxsize=16_384)
def _answer(case: Case, now: datetime) -> Answer:
    if case.refusal:
        return case.refusal
    if ban := _ban_in_force(case, now):
        return _banned(ban, case)
    details = {**case.details, "rows": _deciding(case, now)}
    if windows.is_open(case.clocks, now):
        return Answer("allow", why=_local(case, now), details=details)
    until = windows.next_open(case.clocks, now)
    if until is None:
        code, why = _no_opening(case, now)
        return Answer("deny", code, why, details=details)
    code, why = _closed(case, now)
    return Answer("wait", code, why, until, details)


def _ban_in_force(case: Case, now: datetime) -> BanRow | None:
    if not case.bans:
        return None
    days = {now.astimezone(zones.zone(name)).date() for name in case.place.zones}
    return next((row for row in case.bans if any(row.valid(day) for day in days)), None)


def _banned(row: BanRow, case: Case) -> Answer:
    rows = [{"jurisdiction": row.jurisdiction, "source": row.source}]
    why = f"{row.jurisdiction} bars this channel: {row.note or row.source}"
    return Answer("deny", row.code, why, details={**case.details, "rows": rows})


def _deciding(case: Case, now: datetime) -> list[dict[str, str]]:
    """The rows in force today by the first zone's calendar, with what they allow and who says so."""
    if not case.law:
        return []
    day = now.astimezone(zones.zone(case.place.zones[0])).date()
    return [
        {
            "jurisdiction": row.jurisdiction,
            "hours": hours.text(one.on(day)),
            "source": row.source,
            "confidence": row.confidence,
        }
        for one in case.law
        for row in one.valid(day)
    ]


def _local(case: Case, now: datetime) -> str:
    name = case.place.zones[0]
    return f"{now.astimezone(zones.zone(name)):%H:%M} in {name}."


def _closed(case: Case, now: datetime) -> tuple[str, str]:
    """Who keeps it closed: the first law that does, else the account's own hours."""
    for name in case.place.zones:
        zone = zones.zone(name)
        local = now.astimezone(zone)
        for one in case.law:
            if not windows.is_open([(zone, one)], now):
                return "legal_hours", _law_says(one, local, name)
    for one in case.law:
        fixed = FIXED_CLOCKS.get(one.jurisdiction)
        if fixed and not windows.is_open([(fixed, one)], now):
            return "legal_hours", _law_says(one, now.astimezone(fixed), "Central Standard Time")
    for name in case.place.zones:
        zone = zones.zone(name)
        local = now.astimezone(zone)
        for policy in case.policies:
            if not windows.is_open([(zone, policy)], now):
                allowed = hours.text(policy.on(local.date()))
                return "quiet_hours", f"It is {local:%H:%M} in {name}; the account's own hours today are {allowed}."
    return "guard_minutes", f"{_local(case, now)} The hours end in a few minutes; it might arrive too late."


def _law_says(one: LegalHours, local: datetime, name: str) -> str:
    day = local.date()
    rows = one.valid(day)
    source = f" ({rows[0].source})" if rows else ""
    rest = f" on {holiday}" if (holiday := one.holiday(day)) else " today"
    return f"It is {local:%a %H:%M} in {name}; {one.jurisdiction} allows {hours.text(one.on(day))}{rest}{source}."


def _no_opening(case: Case, now: datetime) -> tuple[str, str]:
    """Law and policy that never meet, in whatever zone; or zones that are never open at once."""
    never = [clock for clock in case.clocks if windows.next_open([clock], now) is None]
    if never and case.law:
        return "no_legal_window", "There is no hour that both the law and the account's own hours allow."
    names = ", ".join(case.place.zones)
    return "no_common_window", f"There is no hour within 14 days that is open in all of {names}; set the person's zone."


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
    days = [day + timedelta(days=more) for more in range(windows.HORIZON.days)]
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
