"""What differs between two designs, as reviewers read it: the entry, each step, and the segments that decide who is in it."""

from bisect import bisect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from django import forms

from channels.findings import label, labels_of
from journeys import reading
from journeys.base import Step, Trigger, steps, triggers
from journeys.blueprints import EMPTY, FIELDS, Blueprint, StepPlan
from journeys.models import Version

NAMES = {
    "trigger": "Trigger",
    "reentry": "Re-entry",
    "reentry_after": "Pause before re-entry",
    "instance_key": "Instance key",
    "exit_when": "Leave at once on",
    "goal": "Goal",
}
BELOW = "the step below"


@dataclass(frozen=True, slots=True)
class Field:
    """A setting that was written differently; empty: not at all."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Part:
    """A step (or the entry) that is `added`, `removed`, `moved` or `changed`, with what it says differently.

    `key` is the step's; empty for the entry, None for what is in no picture.
    """

    kind: str
    title: str
    fields: tuple[Field, ...] = ()
    key: str | None = field(default=None, compare=False)


def parts(before: Blueprint | None, after: Blueprint) -> list[Part]:
    """What differs, in the order of the newer design; without an older one, everything is added."""
    old = before or Blueprint(reentry="")
    entry = tuple(_entry(old, after))
    found = [Part("changed" if before else "added", "Entry and rules", entry, "")] if entry else []
    return [*found, *_steps(old, after)]


def trigger(design: Blueprint) -> list[Field]:
    """What lets people in: its name, and each of its settings."""
    settings = _settings({}, design.trigger_config, triggers.get(design.trigger))
    return [Field(NAMES["trigger"], "", _rule("trigger", design.trigger) or "none yet"), *settings]


def conditions(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Part]:
    """The same of segments, each by its key with its condition."""
    found = []
    for key in sorted(before.keys() | after.keys()):
        kind = "added" if key not in before else "removed" if key not in after else "changed"
        fields = (Field("Condition", *(_said(one.get(key)) for one in (before, after))),)
        if kind != "changed" or before[key] != after[key]:
            found.append(Part(kind, f"Segment {key}", fields))
    return found


def _entry(old: Blueprint, new: Blueprint) -> Iterable[Field]:
    for name in FIELDS:
        if name == "trigger_config":
            yield from _settings(old.trigger_config, new.trigger_config, triggers.get(new.trigger or old.trigger))
        elif getattr(old, name) != getattr(new, name):
            yield Field(NAMES[name], _rule(name, getattr(old, name)), _rule(name, getattr(new, name)))


def _rule(name: str, value: Any) -> str:
    if name == "trigger":
        return triggers[value].title if value in triggers else str(value)
    if name == "reentry":
        return str(dict(Version.Reentry.choices).get(value, value))
    return _said(list(value) if isinstance(value, tuple) else value)


def _steps(old: Blueprint, new: Blueprint) -> Iterable[Part]:
    before, after = ({step.key: step for step in one.steps} for one in (old, new))
    moved = _moved([key for key in before if key in after], [key for key in after if key in before])
    for place, (key, step) in enumerate(after.items(), start=1):
        was = before.get(key)
        fields = tuple(_step(was, step))
        if key in moved:
            at = [*before].index(key) + 1
            fields = (Field("Place", str(at), str(place)), *fields)
        if was is None or fields:
            kind = "added" if was is None else "moved" if len(fields) == 1 and key in moved else "changed"
            yield Part(kind, _title(step), fields, key)
    for key, step in before.items():
        if key not in after:
            yield Part("removed", _title(step), tuple(_step(step, None)), key)


def _step(old: StepPlan | None, new: StepPlan | None) -> Iterable[Field]:
    was, now = old or StepPlan("", ""), new or StepPlan("", "")
    if was.kind != now.kind:
        yield Field("Kind", _kind(was.kind), _kind(now.kind))
    if was.title != now.title:
        yield Field("Title", was.title, now.title)
    yield from _settings(was.config, now.config, steps.get(now.kind or was.kind))
    for name in dict.fromkeys([*was.exits, *now.exits]):
        if was.exits.get(name) != now.exits.get(name):
            yield Field(f"Exit {name}", _leads(old, name), _leads(new, name))


def _settings(old: Mapping[str, Any], new: Mapping[str, Any], kind: Step | Trigger | None) -> Iterable[Field]:
    form = kind.Config.base_fields if kind else {}
    labels = labels_of(kind.Config) if kind else {}
    order = [*(name for name in form if name in old or name in new), *new, *old]
    for name in dict.fromkeys(order):
        was, now = (_said(one.get(name), form.get(name)) for one in (old, new))
        if was != now:
            yield Field(label(labels, name), was, now)


def _said(value: Any, field: forms.Field | None = None) -> str:
    """A setting as the file of a journey has it; choices by their names."""
    if value in EMPTY:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(field, forms.ChoiceField) and isinstance(value, str):
        return str(dict(_choices(field)).get(value, value))
    return value if isinstance(value, str) else reading.write(value, flow=False)


def _choices(field: forms.ChoiceField) -> Iterable[tuple[str, Any]]:
    for value, said in cast("Iterable[tuple[Any, Any]]", field.choices):
        yield from ((str(one[0]), one[1]) for one in said) if isinstance(said, list | tuple) else [(str(value), said)]


def _leads(step: StepPlan | None, name: str) -> str:
    if step is None:
        return ""
    named = step.exits.get(name)
    return BELOW if named is None else named


def _kind(key: str) -> str:
    return steps[key].title if key in steps else key


def _title(step: StepPlan) -> str:
    """What the list of a journey's steps calls it, with its kind and its key."""
    named = f"{step.title} ({step.key})" if step.title and step.title != step.key else step.key
    return f"{_kind(step.kind)}: {named}"


def _moved(before: list[str], after: list[str]) -> set[str]:
    """The fewest steps that have to move to turn one order into the other."""
    place = {key: at for at, key in enumerate(before)}
    ends: list[int] = []
    chains: list[tuple[str, ...]] = []
    for key in after:
        at = bisect(ends, place[key])
        ends[at : at + 1] = [place[key]]
        chains[at : at + 1] = [(*(chains[at - 1] if at else ()), key)]
    return set(after) - set(chains[-1] if chains else ())
