"""A journey as a file: what `manage.py journeys export` writes and `import` reads. Reading back gives the same journey."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import transaction

from channels.models import Message
from compliance import reviews
from config.history import because
from config.permissions import require
from contacts.models import Brand
from journeys import blueprints, publishing, reading
from journeys.base import steps, triggers
from journeys.blueprints import Blueprint, StepPlan
from journeys.inspection import Problem, flaws
from journeys.models import Journey, Version
from journeys.reading import BadFile, Lines, Mistake, Path

__all__ = ["BadFile", "Plan", "dump", "load", "plan_of", "save"]

WIDTH = 112
IMPORTED = "Read from a file."
PRIORITIES = {str(priority.label): priority.value for priority in Message.Priority}
NORMAL = str(Message.Priority.NORMAL.label)
TOP = {
    "journey": str,
    "name": str,
    "brand": str,
    "description": str,
    "priority": str,
    "trigger": dict,
    "reentry": dict,
    "instance": str,
    "exit_when": list,
    "goal": dict,
    "steps": list,
}
NEEDED = ("journey", "name", "brand", "trigger", "steps")
STEP = {"key": str, "kind": str, "title": str, "exits": dict}
NOUNS: dict[type, str] = {str: "a text", dict: "a mapping such as {kind: event}", list: "a list"}


@dataclass(frozen=True)
class Plan:
    """A whole journey, as a file says it."""

    key: str
    name: str
    brand: str
    design: Blueprint
    description: str = ""
    priority: str = NORMAL
    lines: Lines = field(default_factory=Lines, compare=False, repr=False)


def load(text: str) -> Plan:
    """Read a journey. Raises BadFile with every mistake, its line and field."""
    value, lines = reading.read(text)
    if not isinstance(value, dict):
        raise BadFile([Mistake(1, "", "A journey is a mapping that starts with journey: its-key.")])
    mistakes = _shape(value, TOP, (), lines)
    mistakes += [Mistake(1, name, "This is missing.") for name in NEEDED if name not in value]
    for index, step in enumerate(_list(value, "steps")):
        mistakes += _step_shape(step, index, lines)
    if mistakes:
        raise BadFile(mistakes)
    plan = Plan(
        key=value["journey"],
        name=value["name"],
        brand=value["brand"],
        description=value.get("description") or "",
        priority=value.get("priority", NORMAL),
        design=_design(value),
        lines=lines,
    )
    found = [*_head_mistakes(plan), *(_mistake(problem, plan) for problem in flaws(plan.design))]
    if found:
        raise BadFile(found)
    return replace(plan, design=_tidy(plan.design))


def dump(plan: Plan) -> str:
    """The file of a journey; `load` reads the same plan from it."""
    design = plan.design
    reentry = {"when": design.reentry, "after": design.reentry_after}
    top = {
        "journey": plan.key,
        "name": plan.name,
        "brand": plan.brand,
        "description": plan.description,
        "priority": plan.priority if plan.priority != NORMAL else "",
        "trigger": {"kind": design.trigger, **design.trigger_config},
        "reentry": {name: text for name, text in reentry.items() if text},
        "instance": design.instance_key,
        "exit_when": list(design.exit_when),
        "goal": dict(design.goal),
    }
    found = [_entry(name, value) for name, value in top.items() if value]
    found += ["steps:", *(_item(_step_dict(step)) for step in design.steps)]
    return "\n".join(found) + "\n"


def plan_of(version: Version) -> Plan:
    """What the file of this version says."""
    journey = version.journey
    priority = Message.Priority(journey.priority).label
    return Plan(journey.key, journey.name, journey.brand.key, blueprints.of(version), journey.description, priority)


@transaction.atomic
def save(plan: Plan, by: Any = None, reason: str = "") -> Version:
    """Make the journey if it is new (`by` owns it then), and its draft say what the plan says; `by` None is the system.

    Raises BadFile for an unknown brand, PermissionDenied where this user may not make or change it.
    """
    brand = Brand.objects.filter(key=plan.brand).first()
    if not brand:
        known = ", ".join(Brand.objects.values_list("key", flat=True)) or "none"
        sentence = f"There is no brand {plan.brand!r}; there are: {known}."
        raise BadFile([Mistake(plan.lines.of(("brand",)), "brand", sentence)])
    journey = Journey.objects.filter(key=plan.key).first() or Journey(key=plan.key, brand=brand, owner=by)
    if journey.brand_id != brand.pk:
        sentence = (
            f"The journey {plan.key!r} belongs to another brand, {journey.brand.key!r}; give this one another key."
        )
        raise BadFile([Mistake(plan.lines.of(("brand",)), "brand", sentence)])
    if by:
        require(
            by,
            "journeys.change_journey" if journey.pk else "journeys.add_journey",
            journey,
            "make or change this journey",
        )
        require(by, "journeys.change_version", journey, "change its draft")
    journey.name, journey.description, journey.priority = plan.name, plan.description, PRIORITIES[plan.priority]
    because(journey, reason or IMPORTED, by).save()
    draft = publishing.new_draft(journey, by)
    if review := reviews.live(draft):
        sentence = f"{draft} is {review.get_state_display()}; take it back from its review to change it."
        raise BadFile([Mistake(1, "journey", sentence)])
    draft.editors = sorted({*(draft.editors or ()), *([by.pk] if by else [])})
    blueprints.write(plan.design, because(draft, reason or IMPORTED, by))
    return draft


def located(problem: Problem, plan: Plan) -> Mistake:
    """A problem of the draft that was made of this plan, as a mistake in its file."""
    return _mistake(problem, plan)


def _list(value: Mapping[str, Any], name: str) -> list[Any]:
    found = value.get(name)
    return found if isinstance(found, list) else []


def _shape(value: Mapping[str, Any], known: Mapping[str, type], path: Path, lines: Lines) -> list[Mistake]:
    """Unknown keys, and values of another shape than they must have."""
    found = []
    for name, item in value.items():
        where = (*path, name)
        if name not in known:
            found.append(
                Mistake(lines.of(where), _name(where), f"There is no such key; there are: {', '.join(known)}.")
            )
        elif not isinstance(item, known[name]):
            found.append(Mistake(lines.of(where), _name(where), f"This must be {NOUNS[known[name]]}."))
    return found


def _step_shape(step: Any, index: int, lines: Lines) -> list[Mistake]:
    path: Path = ("steps", index)
    if not isinstance(step, dict):
        return [Mistake(lines.of(path), _name(path), "A step is a mapping such as {key: pause, kind: wait, for: 3d}.")]
    missing = [name for name in ("key", "kind") if name not in step]
    found = [Mistake(lines.of(path), _name((*path, name)), "This is missing.") for name in missing]
    found += _shape({name: step[name] for name in STEP if name in step}, STEP, path, lines)
    exits = step.get("exits")
    for name, key in exits.items() if isinstance(exits, dict) else ():
        if not isinstance(key, str):
            where = (*path, "exits", name)
            found.append(Mistake(lines.of(where), _name(where), "Name the key of a step, or end."))
    return found


def _name(path: Path) -> str:
    """`("steps", 2, "template")` → `steps[3].template`: people count from one."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _design(value: Mapping[str, Any]) -> Blueprint:
    trigger = dict(value["trigger"])
    reentry = value.get("reentry") or {}
    return Blueprint(
        trigger=str(trigger.pop("kind", "")),
        trigger_config=trigger,
        reentry=str(reentry.get("when", "always")),
        reentry_after=str(reentry.get("after", "")),
        instance_key=value.get("instance") or "",
        exit_when=value.get("exit_when") or [],
        goal=value.get("goal") or {},
        steps=tuple(_step(step) for step in value["steps"]),
    )


def _step(step: Mapping[str, Any]) -> StepPlan:
    config = {name: item for name, item in step.items() if name not in STEP}
    return StepPlan(step["key"], step["kind"], step.get("title", ""), config, step.get("exits") or {})


def _head_mistakes(plan: Plan) -> list[Mistake]:
    found = []
    if not plan.key.replace("-", "").replace("_", "").isalnum() or len(plan.key) > 50:
        sentence = "Use letters, digits, - and _ (at most 50), e.g. win-back."
        found.append(Mistake(plan.lines.of(("journey",)), "journey", sentence))
    if not plan.name or len(plan.name) > 120:
        found.append(Mistake(plan.lines.of(("name",)), "name", "A name has 1 to 120 characters."))
    if plan.priority not in PRIORITIES:
        found.append(Mistake(plan.lines.of(("priority",)), "priority", f"Write one of: {', '.join(PRIORITIES)}."))
    return found


def _mistake(problem: Problem, plan: Plan) -> Mistake:
    parts: list[str | int] = [int(part) if part.isdigit() else part for part in problem.field.split(".") if part]
    path: Path = tuple(parts)
    if problem.step:
        found = [index for index, step in enumerate(plan.design.steps) if step.key == problem.step]
        # Of two steps with one key the later one is the mistake.
        index = found[-1 if problem.field == "key" else 0] if found else 0
        path = ("steps", index, *path)
    return Mistake(plan.lines.of(path), _name(path), problem.sentence)


def _tidy(design: Blueprint) -> Blueprint:
    """Settings as their forms understand them, so that one journey has one checksum however it was written."""
    plans = tuple(
        replace(plan, config=blueprints.cleaned(steps[plan.kind], plan.config)[0], exits=dict(plan.exits))
        for plan in design.steps
    )
    config, _ = blueprints.cleaned(triggers[design.trigger], design.trigger_config)
    return replace(design, trigger_config=config, steps=plans)


def _step_dict(step: StepPlan) -> dict[str, Any]:
    title = {"title": step.title} if step.title else {}
    exits = {"exits": dict(step.exits)} if step.exits else {}
    return {"key": step.key, "kind": step.kind, **title, **step.config, **exits}


def _entry(name: str, value: Any) -> str:
    line = f"{name}: {reading.write(value, flow=True)}"
    return line if len(line) <= WIDTH or isinstance(value, str) else reading.write({name: value}, flow=False)


def _item(step: dict[str, Any]) -> str:
    line = f"  - {reading.write(step, flow=True)}"
    if len(line) <= WIDTH:
        return line
    return "\n".join(f"  {line}" for line in reading.write([step], flow=False).splitlines())
