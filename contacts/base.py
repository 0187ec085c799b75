"""Contract of conditions, and the facts about a person that they may use."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.db.models import Q

from config.kinds import Kinds


@dataclass(frozen=True, slots=True)
class PastEvent:
    """An event as facts carry it."""

    id: int
    name: str
    occurred_at: datetime
    received_at: datetime
    properties: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Needs:
    """What a kind must be told. Engines add up the needs of a batch and load them in a constant number of queries.

    `events`: name → how far back (None: for ever). `segments`: keys. Attributes are always there.
    """

    events: Mapping[str, timedelta | None] = field(default_factory=dict)
    segments: frozenset[str] = frozenset()

    def __or__(self, other: "Needs") -> "Needs":
        events = dict(self.events)
        for name, within in other.events.items():
            known = events.get(name, timedelta(0))
            events[name] = None if known is None or within is None else max(known, within)
        return Needs(events, self.segments | other.segments)


NOTHING = Needs()


@dataclass(frozen=True, slots=True)
class ContactFacts:
    """A person as kinds see them: values only, no database behind. `events` lists the newest first."""

    id: int
    external_id: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    locale: str = ""
    country: str = ""
    region: str = ""
    timezone: str = ""
    timezone_source: str = ""
    events: Mapping[str, tuple[PastEvent, ...]] = field(default_factory=dict)
    segments: frozenset[str] = frozenset()


class Condition:
    """A question about a person with the answer yes or no; one file in `contacts/conditions/`.

    `holds` answers it in memory, `as_q` in the database (on Contact). The two must agree for every person and instant;
    `tests/kinds/` tries to prove otherwise.
    """

    key: str
    title: str

    class Config(forms.Form):
        """The fields of this condition: schema, validation and admin form at once."""

    def needs(self, config: Mapping[str, Any]) -> Needs:
        """What `holds` must be told."""
        return NOTHING

    def attributes(self, config: Mapping[str, Any]) -> frozenset[str]:
        """The attributes and columns of the contact that it looks at: segments are told when one of them changes."""
        return frozenset()

    def holds(self, config: Mapping[str, Any], facts: ContactFacts, now: datetime) -> bool:
        """Whether it is true of this person at `now`."""
        raise NotImplementedError

    def as_q(self, config: Mapping[str, Any], now: datetime) -> Q:
        """The same question as a filter on Contact."""
        raise NotImplementedError


conditions: Kinds[Condition] = Kinds("condition", "contacts.conditions")
