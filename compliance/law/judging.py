"""When may this leave, by the law of every place where the person may be, and by the account's own hours?

Every jurisdiction's hours are read by the clock of every candidate zone, and all must be open. Account policies can only
tighten. Pure: places, rules and windows in, an answer out.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone, tzinfo
from typing import Any, Literal

from compliance import windows
from compliance.law import hours
from compliance.law.hours import Common, Guarded, LegalHours
from compliance.law.rules import KINDS_OF, STRICT, BanRow, Rules
from compliance.places import Place
from compliance.windows import Clock, Span, Windows
from config.checks import timezones_are_current
from contacts import zones

Outcome = Literal["allow", "wait", "deny"]
Unknown = Literal["block", "strictest"]
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
    guard: timedelta = timedelta(0),
    unknown: Unknown = "block",
    emergencies: frozenset[str] = frozenset(),
) -> Answer:
    """Whether something may leave at `now`; if not, when, at most 14 days ahead.

    `policies` are the account's windows for this channel and class (open hours). `unknown` says what holds where a law may
    apply and nobody knows which: refuse, or the hours of all jurisdictions. `guard` closes every window so much earlier.
    `emergencies` are jurisdictions in which a declared emergency bars marketing, beyond the rule set's own. Raises KeyError for an unknown profile, and
    StaleZones in a strict profile with old zone rules.
    """
    if KINDS_OF[profile] >= STRICT:
        require_current_zones()
    case = _case(place, channel, message_class, rules, profile, lifts, tuple(policies), guard, unknown)
    barred = emergencies.intersection(case.place.jurisdictions) if message_class == "marketing" else ()
    return _emergency(sorted(barred)[0], case) if barred else _answer(case, now)


def require_current_zones() -> None:
    """Raises StaleZones unless the zone rules are as new as the system check demands."""
    if problems := timezones_are_current():
        raise StaleZones(f"{problems[0].msg} The strict profiles judge by nothing older.")


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
    guard: timedelta,
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
    clocks = _clocks(place, law, policies, guard, profile)
    refusal = None
    if not place.known and unknown == "block" and _is_regulated(rules, channel, message_class, profile):
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
    place: Place, law: tuple[LegalHours, ...], policies: tuple[Windows, ...], guard: timedelta, profile: str
) -> tuple[Clock, ...]:
    parts: tuple[Windows, ...] = (*law, *policies)
    if not parts:
        return ()
    found: list[Clock] = [(zones.zone(name), _guarded(Common(parts), guard)) for name in place.zones]
    if KINDS_OF[profile] >= STRICT:
        fixed = ((FIXED_CLOCKS[one.jurisdiction], one) for one in law if one.jurisdiction in FIXED_CLOCKS)
        found += [(zone, _guarded(one, guard)) for zone, one in fixed]
    return tuple(found)


def _guarded(wanted: Windows, guard: timedelta) -> Windows:
    return _one(Guarded(wanted, int(guard.total_seconds())) if guard else wanted)


@functools.lru_cache(maxsize=16_384)
def _one(wanted: Windows) -> "Known":
    return Known(wanted)


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """Windows whose days are kept, compared by identity: many zones ask for the same days."""

    windows: Windows
    days: dict[date, tuple[Span, ...]] = field(default_factory=dict, repr=False)

    def on(self, day: date) -> tuple[Span, ...]:
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


def _emergency(jurisdiction: str, case: Case) -> Answer:
    why = f"A state of emergency is declared in {jurisdiction}; nothing promotional is sent there until it is over."
    return Answer("deny", "state_emergency", why, details=case.details)


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
    return "guard", f"{_local(case, now)} The hours end in a few minutes; it might arrive too late."


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
