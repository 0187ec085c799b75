"""Which journeys look at which events: triggers of live versions, goals of all that were ever published."""

import functools
from dataclasses import dataclass
from datetime import timedelta
from logging import getLogger

from django.db.models import Q

from journeys import designs
from journeys.designs import Design
from journeys.matching import ByName
from journeys.models import Journey, Version

log = getLogger(__name__)


@dataclass(frozen=True)
class Watch:
    """Designs by the name of an event. `longest` is the longest time that any goal counts after the entry."""

    triggers: ByName[Design]
    goals: ByName[Design]
    longest: timedelta


def current() -> Watch:
    """What is watched now. A design that cannot run watches nothing; it is logged, and the others go on."""
    published = Version.objects.exclude(state=Version.State.DRAFT)
    entrance = Q(state=Version.State.LIVE, journey__state=Journey.State.LIVE)
    open_ = dict(published.filter(entrance).order_by().values_list("id", "state"))
    goals = published.exclude(goal={}).exclude(journey__state=Journey.State.ARCHIVED).order_by()
    found, broken = designs.many({*open_, *goals.values_list("id", flat=True)})
    for version_id, error in broken.items():
        log.error("Version %s cannot run: %s", version_id, error)
    return _watch(tuple((design, version_id in open_) for version_id, design in sorted(found.items())))


@functools.lru_cache(maxsize=2)
def _watch(found: tuple[tuple[Design, bool], ...]) -> Watch:
    goals = [(design.goal, design) for design, _ in found if design.goal]
    return Watch(
        triggers=ByName(
            (name, design)
            for design, entrance in found
            if entrance
            for name in design.trigger.event_names(design.trigger_config)
        ),
        goals=ByName((name, design) for goal, design in goals for name in goal.awaited.names),
        longest=max((goal.within for goal, _ in goals), default=timedelta(0)),
    )
