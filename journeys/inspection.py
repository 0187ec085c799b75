"""What is wrong with a design, in sentences that say what to write instead."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError

from channels.models import MessageTemplate, TemplateVersion
from config import durations
from contacts.models import Segment
from journeys import blueprints
from journeys.base import Step, steps, triggers
from journeys.blueprints import Blueprint, StepPlan
from journeys.designs import END, target
from journeys.fields import NAME, ComparisonsField, EventNameField
from journeys.models import Version


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that keeps a version from being published. `step` is empty for the journey as a whole."""

    step: str
    field: str
    sentence: str

    def __str__(self) -> str:
        where = ", ".join(filter(None, (f"step {self.step!r}" if self.step else "", self.field)))
        return f"{where}: {self.sentence}" if where else self.sentence


@dataclass(frozen=True)
class Known:
    """A step whose kind exists and whose settings are valid."""

    plan: StepPlan
    kind: Step
    config: Mapping[str, Any]


def problems(version: Version) -> list[Problem]:
    """Everything that keeps this version from being published, in the order of the page; empty when it may be."""
    blueprint = blueprints.of(version)
    return [*flaws(blueprint), *_missing(version, blueprint)]


def flaws(blueprint: Blueprint) -> list[Problem]:
    """What is wrong with the design in itself, without asking the database."""
    found = [*_trigger_flaws(blueprint), *_rule_flaws(blueprint)]
    if not blueprint.steps:
        return [*found, Problem("", "steps", "There are no steps; add at least one.")]
    known = []
    for plan in blueprint.steps:
        step, wrong = _step_flaws(plan)
        found += wrong
        known += [step] if step else []
    found += _key_flaws(blueprint.steps)
    if len(known) == len({plan.key for plan in blueprint.steps}) == len(blueprint.steps):
        found += _graph_flaws(known)
    return found


def _trigger_flaws(blueprint: Blueprint) -> Iterator[Problem]:
    if blueprint.trigger not in triggers:
        yield Problem("", "trigger", _no_such("trigger", blueprint.trigger, triggers.keys()))
        return
    _, errors = blueprints.cleaned(triggers[blueprint.trigger], blueprint.trigger_config)
    yield from _problems("", "trigger", errors)


def _problems(step: str, prefix: str, errors: Mapping[str, Sequence[str]]) -> Iterator[Problem]:
    for name, sentences in errors.items():
        field = ".".join(filter(None, (prefix, name)))
        yield from (Problem(step, field, sentence) for sentence in sentences)


def _rule_flaws(blueprint: Blueprint) -> Iterator[Problem]:
    if blueprint.reentry not in Version.Reentry.values:
        yield Problem("", "reentry", _no_such("re-entry rule", blueprint.reentry, Version.Reentry.values))
    elif blueprint.reentry == Version.Reentry.AFTER:
        yield from _duration_flaws("reentry.after", blueprint.reentry_after)
    elif blueprint.reentry_after:
        yield Problem("", "reentry.after", "Only the rule 'after' has a pause; leave it out or write when: after.")
    if not isinstance(blueprint.exit_when, Sequence) or isinstance(blueprint.exit_when, str):
        yield Problem("", "exit_when", "Write a list of events, e.g. [{event: order.completed}].")
        return
    for number, criterion in enumerate(blueprint.exit_when):
        yield from _event_flaws(f"exit_when.{number}", criterion, ("event", "where"))
    if blueprint.goal:
        yield from _event_flaws("goal", blueprint.goal, ("event", "where", "within", "value"))
        if isinstance(blueprint.goal, Mapping) and "within" in blueprint.goal:
            yield from _duration_flaws("goal.within", blueprint.goal["within"])


def _duration_flaws(field: str, text: Any) -> Iterator[Problem]:
    try:
        if not durations.parse(text):
            yield Problem("", field, "It must be longer than 0, e.g. 90d.")
    except ValueError as error:
        yield Problem("", field, str(error))


def _event_flaws(field: str, item: Any, allowed: tuple[str, ...]) -> Iterator[Problem]:
    if not isinstance(item, Mapping) or "event" not in item:
        yield Problem("", field, "Name the event, e.g. {event: order.completed}.")
        return
    for name in sorted(set(item) - set(allowed)):
        yield Problem("", f"{field}.{name}", f"There is no {name!r} here; there are: {', '.join(allowed)}.")
    for name, form_field in (("event", EventNameField()), ("where", ComparisonsField(required=False))):
        try:
            form_field.clean(item.get(name))
        except ValidationError as error:
            yield from (Problem("", f"{field}.{name}", sentence) for sentence in error.messages)
    if not isinstance(item.get("value", ""), str):
        yield Problem("", f"{field}.value", "Name the property that holds the worth, e.g. revenue.")


def _step_flaws(plan: StepPlan) -> tuple[Known | None, list[Problem]]:
    if plan.kind not in steps:
        return None, [Problem(plan.key, "kind", _no_such("step kind", plan.kind, steps.keys()))]
    kind = steps[plan.kind]
    config, errors = blueprints.cleaned(kind, plan.config)
    if errors:
        return None, list(_problems(plan.key, "", errors))
    exits = kind.exits(config)
    wrong = [
        Problem(plan.key, f"exits.{name}", f"{plan.kind} has no exit {name!r}; it has: {', '.join(exits) or 'none'}.")
        for name in plan.exits
        if name not in exits
    ]
    return Known(plan, kind, config), wrong


def _key_flaws(plans: Sequence[StepPlan]) -> Iterator[Problem]:
    seen: set[str] = set()
    for plan in plans:
        if not NAME.fullmatch(plan.key):
            yield Problem(
                plan.key, "key", f"{plan.key!r} is not a key; use small letters, digits, - and _ (at most 40)."
            )
        if plan.key in seen:
            yield Problem(plan.key, "key", "Two steps have this key; each needs its own.")
        seen.add(plan.key)
    for plan in plans:
        for name, key in plan.exits.items():
            if key not in seen and key != END:
                yield Problem(plan.key, f"exits.{name}", _no_such("step", key, [*seen, END]))


def _no_such(noun: str, key: Any, known: Iterable[str]) -> str:
    return f"There is no {noun} {key!r}; there are: {', '.join(sorted(known)) or 'none'}."


Graph = dict[str, set[str]]


def _graph_flaws(known: Sequence[Known]) -> Iterator[Problem]:
    keys = [step.plan.key for step in known]
    below: dict[str, str | None] = {**dict(itertools.pairwise(keys)), keys[-1]: None}
    graph: Graph = {}
    for step in known:
        leads = (
            target(name, step.plan.exits, below[step.plan.key], set(keys)) for name in step.kind.exits(step.config)
        )
        graph[step.plan.key] = {key for key in leads if key in below}
    reached = _reachable(graph, {keys[0]})
    for key in keys:
        if key not in reached:
            yield Problem(key, "", "Nothing leads here; name it in an exit of another step, or remove it.")
    restless = {step.plan.key for step in known if not step.kind.takes_time(step.config)}
    hasty = {key: graph[key] & restless for key in graph if key in restless}
    loop = [key for key in keys if key in hasty and key in _reachable(hasty, hasty[key])]
    if loop:
        yield Problem(loop[0], "exits", f"A loop without a wait: {' → '.join([*loop, loop[0]])}. Put a wait into it.")


def _reachable(graph: Graph, start: set[str]) -> set[str]:
    found: set[str] = set()
    pending = list(start)
    while pending:
        key = pending.pop()
        if key not in found:
            found.add(key)
            pending += graph[key]
    return found


def _missing(version: Version, blueprint: Blueprint) -> Iterator[Problem]:
    """What the design names but the database does not have, or has for another brand."""
    brand = version.journey.brand
    if blueprint.trigger in triggers and (key := triggers[blueprint.trigger].segment_key(blueprint.trigger_config)):
        segment = Segment.objects.filter(key=key).first()
        if not segment:
            yield Problem("", "trigger.segment", f"There is no segment {key!r}.")
        elif segment.brand_id != brand.pk:
            yield Problem("", "trigger.segment", f"The segment {key!r} belongs to another brand than {brand}.")
    wanted = {plan.key: template_of(plan) for plan in blueprint.steps}
    found = {t.key: t for t in MessageTemplate.objects.filter(key__in=filter(None, wanted.values()))}
    approved = set(
        TemplateVersion.objects.filter(template__in=found.values(), state=TemplateVersion.State.APPROVED).values_list(
            "template__key", flat=True
        )
    )
    for step, key in wanted.items():
        if not key:
            continue
        if key not in found:
            yield Problem(step, "template", f"There is no template {key!r}.")
        elif found[key].brand_id != brand.pk:
            yield Problem(step, "template", f"The template {key!r} belongs to another brand than {brand}.")
        elif key not in approved:
            yield Problem(step, "template", f"The template {key!r} has no approved version; have one approved first.")


def template_of(plan: StepPlan) -> str:
    """The key of the template that the step sends; empty when it sends none."""
    return steps[plan.kind].template_key(plan.config) if plan.kind in steps else ""
