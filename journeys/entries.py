"""Who may come in: triggers, the re-entry rule, one live enrolment per instance."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Max

from contacts import facts
from contacts.base import NOTHING, ContactFacts, Needs
from contacts.models import Contact
from journeys.designs import Design
from journeys.matching import Occurrence
from journeys.models import Enrolment, Version
from journeys.runs import Run, State

Candidate = tuple[Design, Occurrence]
Instance = tuple[int, int, str]
"""Journey, contact, instance key."""
Reentry = Version.Reentry


@dataclass
class Knowledge:
    """What entering must know about the candidates: their facts, and when each last entered what."""

    facts: Mapping[int, ContactFacts] = field(default_factory=dict)
    entered: dict[Instance, datetime] = field(default_factory=dict)


def lock(candidates: Sequence[Candidate]) -> None:
    """Lock the people who may come in, in the order of ids: two batches of one person must not both let him in."""
    ids = {event.contact_id for _, event in candidates}
    people = Contact.objects.filter(id__in=ids).order_by("id").select_for_update(no_key=True)
    list(people.values_list("id"))


def know(candidates: Sequence[Candidate], now: datetime) -> Knowledge:
    """Load what the candidates' triggers and re-entry rules ask for: at most a constant number of queries."""
    curious = [(design, event) for design, event in candidates if design.trigger_needs is not None]
    known = Knowledge()
    if curious:
        needs: Needs = NOTHING
        for design in {design for design, _ in curious}:
            needs |= design.trigger_needs or NOTHING
        known.facts = facts.load(list({event.contact_id for _, event in curious}), needs, now)
    strict = [(design, event) for design, event in candidates if design.reentry != Reentry.ALWAYS]
    if strict:
        known.entered = _last_entries(strict)
    return known


def _last_entries(candidates: Iterable[Candidate]) -> dict[Instance, datetime]:
    pairs = list(candidates)
    rows = (
        Enrolment.objects.filter(
            contact_id__in={event.contact_id for _, event in pairs},
            journey_id__in={design.journey_id for design, _ in pairs},
        )
        .order_by()
        .values_list("journey_id", "contact_id", "instance_key")
        .annotate(last=Max("entered_at"))
    )
    return {(journey, contact, instance): last for journey, contact, instance, last in rows}


def instance_of(design: Design, event: Occurrence) -> str:
    """The instance that the event belongs to: one property of it, as text; long values by their hash."""
    if not design.instance_key:
        return ""
    found: Any = event.properties
    for part in design.instance_key.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    text = "" if found is None else str(found)
    return text if len(text) <= 200 else hashlib.sha256(text.encode()).hexdigest()


def admitted(design: Design, event: Occurrence, runs: Sequence[Run], known: Knowledge, now: datetime) -> Run | None:
    """The new run of this person, or None when trigger or rules say no. `runs` are those they have now."""
    instance = instance_of(design, event)
    if any(run.live and run.journey_id == design.journey_id and run.instance_key == instance for run in runs):
        return None
    key = (design.journey_id, event.contact_id, instance)
    last = known.entered.get(key)
    if last and (design.reentry == Reentry.ONCE or now < last + design.reentry_after):
        return None
    contact = known.facts.get(event.contact_id) or ContactFacts(event.contact_id)
    if not design.trigger.lets_in(design.trigger_config, event, contact, now):
        return None
    if design.reentry != Reentry.ALWAYS:
        known.entered[key] = now
    return Run(
        id=0,
        journey_id=design.journey_id,
        version_id=design.version_id,
        contact_id=event.contact_id,
        instance_key=instance,
        state=str(State.ACTIVE),
        step_id=None,
        visit=None,
        due_at=now,
        awaits=[],
        woken_by=None,
        context=event.properties,
        since=min(event.occurred_at, now),
        entered_by=event.id,
        entered_at=now,
        converted_at=None,
    )
