"""A published version as the engine runs it: compiled once per process, immutable, no database behind."""

import functools
import itertools
import operator
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from django.db.models import Min

from config import durations
from config.kinds import form_errors
from contacts.base import NOTHING, Needs
from journeys.base import Awaited, Step, Trigger, steps, triggers
from journeys.models import Step as StepRow
from journeys.models import Version

END = "end"
"""As the target of an exit: the journey is over (unless a step has this key)."""


class BrokenDesign(ValueError):
    """A version that cannot be run: a kind is gone, or a setting no longer passes its form."""


@dataclass(frozen=True, slots=True)
class Station:
    """A step, ready to run. `next` leads from each exit to a step's key; None is the end."""

    id: int
    key: str
    kind: Step
    config: Mapping[str, Any]
    next: Mapping[str, str | None]
    template_id: int | None
    needs: Needs | None


@dataclass(frozen=True, slots=True)
class Goal:
    """The event that counts as success when it comes `within` this time of the entry; `value` is the property with its worth."""

    awaited: Awaited
    within: timedelta
    value: str


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """A version, ready to run."""

    version_id: int
    journey_id: int
    journey_key: str
    priority: int
    brand_id: int
    trigger: Trigger
    trigger_config: Mapping[str, Any]
    trigger_needs: Needs | None
    reentry: str
    reentry_after: timedelta
    instance_key: str
    exit_when: tuple[Awaited, ...]
    goal: Goal | None
    first: Station
    stations: Mapping[str, Station]
    by_id: Mapping[int, Station] = field(repr=False)
    needs: Needs
    """What all its steps together must know about a person."""


Stamp = tuple[int, datetime | None, str, int, int | None]
_cache: dict[Stamp, Design | BrokenDesign] = {}


def many(version_ids: Collection[int]) -> tuple[dict[int, Design], dict[int, BrokenDesign]]:
    """The designs of these versions, and of those that cannot run, why; in a constant number of queries.

    Compiled designs are kept under a stamp of the row (id, date, checksum, the journey's priority, first step), so that
    nothing but the same published design is ever found again: an id alone can come back after a rollback on SQLite.
    """
    rows = Version.objects.filter(id__in=version_ids).annotate(first=Min("steps__id"))
    stamps: dict[int, Stamp] = {
        row[0]: row
        for row in rows.order_by().values_list("id", "published_at", "checksum", "journey__priority", "first")
    }
    missing = [version_id for version_id, stamp in stamps.items() if stamp not in _cache or stamp[1] is None]
    if missing:
        for version in Version.objects.filter(id__in=missing).select_related("journey").prefetch_related("steps"):
            _cache[stamps[version.pk]] = _tried(version)
    found = {version_id: _cache[stamp] for version_id, stamp in stamps.items()}
    designs = {version_id: design for version_id, design in found.items() if isinstance(design, Design)}
    broken = {version_id: error for version_id, error in found.items() if isinstance(error, BrokenDesign)}
    return designs, broken


def _tried(version: Version) -> Design | BrokenDesign:
    try:
        return compiled(version)
    except BrokenDesign as error:
        return error


def compiled(version: Version) -> Design:
    """The design of one version with its steps. Raises BrokenDesign naming the step and the field."""
    rows = sorted(version.steps.all(), key=lambda row: (row.position, row.pk))
    if not rows:
        raise BrokenDesign(f"{version} has no steps.")
    below = {row.key: following.key for row, following in itertools.pairwise(rows)}
    keys = {row.key for row in rows}
    stations = {row.key: _station(row, below.get(row.key), keys) for row in rows}
    trigger, trigger_config = _trigger(version)
    return Design(
        version_id=version.pk,
        journey_id=version.journey_id,
        journey_key=version.journey.key,
        priority=version.journey.priority,
        brand_id=version.journey.brand_id,
        trigger=trigger,
        trigger_config=trigger_config,
        trigger_needs=trigger.needs(trigger_config),
        reentry=version.reentry,
        reentry_after=durations.parse(version.reentry_after or "0"),
        instance_key=version.instance_key,
        exit_when=tuple(awaited(item) for item in version.exit_when),
        goal=_goal(version.goal),
        first=stations[rows[0].key],
        stations=MappingProxyType(stations),
        by_id=MappingProxyType({station.id: station for station in stations.values()}),
        needs=functools.reduce(operator.or_, (station.needs or NOTHING for station in stations.values()), NOTHING),
    )


def awaited(item: Mapping[str, Any]) -> Awaited:
    """`{event, where}` as it stands in `exit_when` and `goal`."""
    return Awaited((str(item["event"]),), tuple(item.get("where") or ()))


def target(exit_name: str, exits: Mapping[str, str], below: str | None, keys: set[str]) -> str | None:
    """Where an exit leads: where it says, otherwise to the step below; None is the end of the journey."""
    named = exits.get(exit_name)
    if named is None:
        return below
    return None if named == END and END not in keys else named


def _station(row: StepRow, below: str | None, keys: set[str]) -> Station:
    if row.kind not in steps:
        raise BrokenDesign(f"Step {row.key!r}: there is no step kind {row.kind!r}.")
    kind = steps[row.kind]
    config = _cleaned(kind, row.config, f"Step {row.key!r}")
    leads = {name: target(name, row.exits, below, keys) for name in kind.exits(config)}
    lost = [f"{name} → {key}" for name, key in leads.items() if key is not None and key not in keys]
    if lost:
        raise BrokenDesign(f"Step {row.key!r}: an exit leads to a step that does not exist ({', '.join(lost)}).")
    return Station(row.pk, row.key, kind, config, MappingProxyType(leads), row.template_id, kind.needs(config))


def _trigger(version: Version) -> tuple[Trigger, Mapping[str, Any]]:
    if version.trigger not in triggers:
        raise BrokenDesign(f"{version}: there is no trigger kind {version.trigger!r}.")
    trigger = triggers[version.trigger]
    return trigger, _cleaned(trigger, version.trigger_config, f"{version}: trigger")


def _cleaned(kind: Step | Trigger, config: Mapping[str, Any], what: str) -> Mapping[str, Any]:
    form = kind.Config(dict(config))
    if not form.is_valid():
        raise BrokenDesign(f"{what}: {'; '.join(form_errors(form))}")
    return MappingProxyType(form.cleaned_data)


def _goal(goal: Mapping[str, Any]) -> Goal | None:
    if not goal:
        return None
    return Goal(awaited(goal), durations.parse(goal.get("within") or "30d"), str(goal.get("value") or ""))
