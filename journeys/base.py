"""Contract of steps and triggers: facts in, an outcome with its effects out; no clock, no database, no chance."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, Literal

from django import forms

from config.kinds import Kinds
from contacts.base import NOTHING, ContactFacts, Needs, PastEvent

THIS_VISIT = "visit:this"
"""As a value in `Awaited.where` it stands for the key of the open visit, e.g. `visit:42`: what its message is called."""


@dataclass(frozen=True, slots=True)
class Awaited:
    """Events that wake a visit: one of `names` (a trailing `.*` matches all of a family), whose properties satisfy
    every comparison of `where` (see contacts.comparisons)."""

    names: tuple[str, ...]
    where: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class AskForMessage:
    """Effect: ask for a message. Its key is the visit, so a visit never makes two."""

    template_id: int
    context: Mapping[str, Any] = field(default_factory=dict)
    expires_at: datetime | None = None


Effect = AskForMessage


@dataclass(frozen=True, slots=True)
class Go:
    """Leave the step by this exit, now."""

    exit: str
    effects: Sequence[Effect] = ()


@dataclass(frozen=True, slots=True)
class Wait:
    """Stay until an instant, an event, or whichever comes first."""

    until: datetime | None = None
    awaits: tuple[Awaited, ...] = ()
    effects: Sequence[Effect] = ()


@dataclass(frozen=True, slots=True)
class End:
    """The journey is over for this person; `early` when not because its steps say so."""

    reason: str
    effects: Sequence[Effect] = ()
    early: bool = False


Outcome = Go | Wait | End


@dataclass(frozen=True, slots=True)
class Here:
    """A visit as its step sees it. `config` is cleaned; `zone` is the contact's (or the brand's) time zone.

    On a wake by timer `event` is None; `since` is when the event happened that let the person into the journey.
    """

    config: Mapping[str, Any]
    contact: ContactFacts
    context: Mapping[str, Any]
    now: datetime
    since: datetime
    zone: tzinfo
    template_id: int | None = None
    event: PastEvent | None = None


def plain(kind: type) -> str:
    """A docstring for reading: paragraphs without line breaks and code marks."""
    paragraphs = (inspect.getdoc(kind) or "").replace("`", "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


class Step:
    """A station of a journey; one file in `journeys/steps/`.

    `icon` is the name of a Material symbol, `family` the colour of its card in diagrams. The fields of Config must not be
    called key, kind, title or exits: in the file of a journey they stand beside those.
    """

    key: str
    title: str
    icon: str = "circle"
    family: Literal["message", "time", "decision", "end", "other"] = "other"

    class Config(forms.Form):
        """The step's settings: schema, validation, admin form and API validation at once."""

    @property
    def words(self) -> str:
        """What editors read about it: its docstring."""
        return plain(type(self))

    def exits(self, config: Mapping[str, Any]) -> tuple[str, ...]:
        """The names of its ways out; none for a step that ends the journey."""
        return ("next",)

    def needs(self, config: Mapping[str, Any]) -> Needs | None:
        """What the engine must load about the person; None: it looks at nothing but the event that let them in."""
        return NOTHING

    def template_key(self, config: Mapping[str, Any]) -> str:
        """The template it sends, if it sends one; `here.template_id` is its id."""
        return ""

    def takes_time(self, config: Mapping[str, Any]) -> bool:
        """Whether nobody passes it at once; a loop must contain such a step."""
        return False

    def summary(self, config: Mapping[str, Any]) -> str:
        """One line for the diagram."""
        return ""

    def enter(self, here: Here) -> Outcome:
        """What happens on arrival."""
        raise NotImplementedError

    def wake(self, here: Here) -> Outcome:
        """What happens when the timer ran out (`here.event` is None) or an awaited event came."""
        raise NotImplementedError


class Trigger:
    """What lets people in; one file in `journeys/triggers/`. All triggers read the timeline."""

    key: str
    title: str
    icon: str = "bolt"

    class Config(forms.Form):
        """The trigger's settings."""

    @property
    def words(self) -> str:
        """What editors read about it: its docstring."""
        return plain(type(self))

    def event_names(self, config: Mapping[str, Any]) -> tuple[str, ...]:
        """The events it looks at."""
        raise NotImplementedError

    def needs(self, config: Mapping[str, Any]) -> Needs | None:
        """What it must know about the person; None: it looks at the event alone."""
        return NOTHING

    def segment_key(self, config: Mapping[str, Any]) -> str:
        """The segment it watches, if it watches one."""
        return ""

    def summary(self, config: Mapping[str, Any]) -> str:
        """One line for the diagram."""
        return ""

    def concerns(self, config: Mapping[str, Any], event: PastEvent, now: datetime) -> bool:
        """Whether this event may start the journey, whoever it happened to."""
        raise NotImplementedError

    def lets_in(self, config: Mapping[str, Any], event: PastEvent, contact: ContactFacts, now: datetime) -> bool:
        """Whether it starts the journey for this person; asked only about events that concern it."""
        return True


steps: Kinds[Step] = Kinds("step", "journeys.steps")
triggers: Kinds[Trigger] = Kinds("trigger", "journeys.triggers")
