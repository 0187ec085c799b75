"""What of the suppression matrix has happened to these people: a row a person, whatever the length of their timelines.

The newest fact of each rule is all that matters: it ends last. The database finds it, with its comparisons of properties;
whether it still stops something is for the rule to judge.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max, Q

from compliance.base import MatrixFact
from compliance.models import MatrixRule
from contacts import comparisons
from contacts.models import Event

Happened = Mapping[tuple[int, int], tuple[MatrixFact, ...]]
"""By brand and person."""


def happened(contact_ids: Sequence[int], brand_ids: Iterable[int], now: datetime) -> Happened:
    """The rules of these brands whose fact is on these people's timelines by `now`; one query, a second if there are rules."""
    rules = list(MatrixRule.objects.filter(brand_id__in=list(brand_ids), enabled=True).order_by("id"))
    if not rules:
        return {}
    found: dict[tuple[int, int], tuple[MatrixFact, ...]] = {}
    for contact_id, *instants in _newest(rules, contact_ids, now):
        for rule, at, lifted_at in zip(rules, instants[::2], instants[1::2], strict=True):
            if at:
                key = (rule.brand_id, contact_id)
                found[key] = (*found.get(key, ()), replace(as_fact(rule, at), lifted_at=lifted_at))
    return found


def as_fact(rule: MatrixRule, happened_at: datetime) -> MatrixFact:
    """The rule as a value, of somebody to whom its fact has happened."""
    return MatrixFact(
        name=rule.name,
        event=rule.event,
        happened_at=happened_at,
        lifted_by=rule.lifted_by,
        lasts=timedelta(days=rule.days) if rule.days else None,
        journeys=frozenset(rule.journeys),
        topics=frozenset(rule.topics),
        classes=frozenset(rule.classes),
        channels=frozenset(rule.channels),
    )


def _newest(rules: Sequence[MatrixRule], contact_ids: Sequence[int], now: datetime) -> Iterable[tuple[Any, ...]]:
    """Of each person: id, then for each rule when its fact, and what lifts it, last happened."""
    names = {rule.event for rule in rules} | {rule.lifted_by for rule in rules if rule.lifted_by}
    events = Event.objects.filter(contact_id__among=contact_ids, name__in=sorted(names), occurred_at__lte=now)
    if all(rule.days for rule in rules):
        events = events.filter(occurred_at__gt=now - timedelta(days=max(rule.days for rule in rules)))
    columns = {}
    for number, rule in enumerate(rules):
        fact = Q(name=rule.event) & comparisons.as_q(rule.where, "properties")
        columns[f"fact_{number}"] = Max("occurred_at", filter=fact)
        columns[f"lift_{number}"] = Max("occurred_at", filter=Q(name=rule.lifted_by))
    return events.order_by().values_list("contact_id").annotate(**columns)
