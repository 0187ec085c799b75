"""Which reviews something needs: every policy that matches adds its steps, and none of them can take one away."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.apps import AppConfig
from django.db.models import Q

from compliance.findings import folded
from compliance.models import PolicyStep, ReviewPolicy
from compliance.reviews.base import About

LARGE = 10_000
"""From so many people on, the audience itself is a risk that reviewers are told of."""

WEIGHTY = (
    "brand",
    "kinds",
    "channels",
    "classes",
    "markets",
    "audience_from",
    "words",
    "valid_days",
    "enabled",
    "steps",
)
"""What of a policy is not changed without a reason: all but its name."""


@dataclass(frozen=True, slots=True)
class Station:
    """A step to be taken: `approvers` different people, of the group if there is one, within `due_hours`."""

    name: str
    group_id: int | None = None
    approvers: int = 1
    due_hours: int = 24
    position: int = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """All steps in order, whose policies they are, how long the approval holds (days; 0: until a change), and the risks."""

    stations: tuple[Station, ...]
    policies: tuple[str, ...]
    valid_days: int
    risks: tuple[str, ...]


CAREFUL = (Station("Brand", position=1), Station("Legal", approvers=2, position=2))
"""What is asked for where no policy matches: more review, not none. All three are different people."""


def plan(kind: str, about: About) -> Plan:
    """What policies ask for. One query for them, one for their steps."""
    policies = ReviewPolicy.objects.filter(Q(brand=None) | Q(brand=about.brand_id), enabled=True)
    found = [policy for policy in policies.prefetch_related("steps") if matches(policy, kind, about)]
    steps = [step for policy in found for step in policy.steps.all()]
    stations = _together(steps) if steps else CAREFUL
    valid = [policy.valid_days for policy in found if policy.valid_days]
    risks = tuple(dict.fromkeys(_risks(found, about)))
    return Plan(stations, tuple(dict.fromkeys(policy.name for policy in found)), min(valid, default=0), risks)


def matches(policy: ReviewPolicy, kind: str, about: About) -> bool:
    """Whether the policy holds for this."""
    if policy.audience_from and (about.audience or 0) < policy.audience_from:
        return False
    markets = {market.upper() for market in policy.markets}
    return (
        (not policy.kinds or kind in policy.kinds)
        and (not policy.channels or not about.channels.isdisjoint(policy.channels))
        and (not policy.classes or not about.message_classes.isdisjoint(policy.classes))
        and (not markets or not about.markets or not about.markets.isdisjoint(markets))
        and (not policy.words or bool(said(policy.words, about.words)))
    )


def said(words: Iterable[str], text: str) -> list[str]:
    """Those of these words that the text says, whatever their case and accents."""
    folded_text = folded(text)
    return [word for word in words if re.search(rf"(?<!\w){re.escape(folded(word))}(?!\w)", folded_text)]


def _together(steps: Sequence[PolicyStep]) -> tuple[Station, ...]:
    """Steps of the same name and group are one: with the most approvers and the least time that any of them asks for."""
    found: dict[tuple[str, int | None], Station] = {}
    for step in steps:
        one = Station(step.name, step.group_id, step.approvers, step.due_hours, step.position)
        key = (step.name.casefold(), step.group_id)
        if before := found.get(key):
            one = replace(
                before,
                approvers=max(before.approvers, one.approvers),
                due_hours=min(before.due_hours, one.due_hours),
                position=max(before.position, one.position),
            )
        found[key] = one
    return _told_apart(sorted(found.values(), key=lambda one: (one.position, one.name)))


def _told_apart(stations: Sequence[Station]) -> tuple[Station, ...]:
    """Steps of one name that ask different groups are called apart: a yes counts for the step that it was said in, and no other."""
    seen: Counter[str] = Counter()
    apart = []
    for one in stations:
        seen[one.name.casefold()] += 1
        number = seen[one.name.casefold()]
        apart.append(replace(one, name=f"{one.name[:50]} ({number})") if number > 1 else one)
    return tuple(apart)


def _risks(policies: Sequence[ReviewPolicy], about: About) -> Iterable[str]:
    for policy in policies:
        if found := said(policy.words, about.words):
            yield f"It says {', '.join(f'“{word}”' for word in found)} ({policy.name})."
    if about.audience is not None and about.audience >= LARGE:
        yield f"About {about.audience:,} people may get it."


def after_migrate(app_config: AppConfig, **_: Any) -> None:
    """Receiver of `post_migrate`: the policy that a house starts with, one approver for everything, until somebody changes it."""
    if ReviewPolicy.objects.exists() or ReviewPolicy.history.exists():
        return
    # Not `create`: nobody did this, so it is no act for history or audit log. Whoever deletes it leaves history behind.
    [policy] = ReviewPolicy.objects.bulk_create([ReviewPolicy(name="Everything needs a second person")])
    PolicyStep.objects.bulk_create([PolicyStep(policy=policy, name="Review", approvers=1, due_hours=24)])
