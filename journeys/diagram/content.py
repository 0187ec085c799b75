"""What the picture says: the steps of a design, and which way leads where."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from config import durations
from journeys import blueprints
from journeys.base import Step, Trigger, steps, triggers
from journeys.blueprints import Blueprint, StepPlan
from journeys.designs import target

START = "start:"
FINISH = "end:"
"""Keys of the two nodes that are no steps; a step's key has no colon."""


@dataclass(frozen=True)
class Node:
    """A step, the entry, or the end."""

    key: str
    title: str
    kind: str
    family: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Edge:
    """A way. `label` names the exits that take it; it is empty when there is no other."""

    source: str
    target: str
    label: str


@dataclass(frozen=True)
class Graph:
    """Nodes in the order of the list, and the ways between them."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def graph(design: Blueprint) -> Graph:
    """The design as a graph. Ways to steps that do not exist lead nowhere and are left out; the page lists them as problems."""
    edges = list(_edges(design))
    nodes = [_entry(design), *(_step(plan) for plan in design.steps)]
    if any(edge.target == FINISH for edge in edges):
        nodes.append(Node(FINISH, "End", "", "end"))
    return Graph(tuple(nodes), tuple(edges))


def described(drawn: Graph) -> str:
    """The same in words, for those who cannot see it."""
    titles = {node.key: node.title for node in drawn.nodes}
    sentences = []
    for node in drawn.nodes:
        ways = [
            f"{edge.label + ': ' if edge.label else ''}to {titles[edge.target]}"
            for edge in drawn.edges
            if edge.source == node.key
        ]
        kind = f" ({', '.join(filter(None, (node.kind, *node.notes)))})" if node.kind else ""
        sentences.append(f"{node.title}{kind}{' – ' + '; '.join(ways) if ways else ''}.")
    return " ".join(sentences)


def _entry(design: Blueprint) -> Node:
    kind = triggers.get(design.trigger)
    notes = [_summary(kind, design.trigger_config)] if kind else []
    notes += _rules(design)
    title = kind.title if kind else f"Unknown trigger {design.trigger!r}" if design.trigger else "No trigger yet"
    return Node(START, "Entry", title, "start", tuple(filter(None, notes)))


def _rules(design: Blueprint) -> Iterator[str]:
    """What holds on the whole way: said once, at the entry."""
    if design.reentry == "once":
        yield "Only once"
    if design.reentry == "after":
        yield f"Again after {_length(design.reentry_after)}"
    if design.instance_key:
        yield f"Once per {design.instance_key}"
    if leaving := ", ".join(_event(item) for item in design.exit_when):
        yield f"Leaves at once on {leaving}"
    if design.goal:
        within = f" within {_length(design.goal['within'])}" if design.goal.get("within") else ""
        yield f"Goal: {_event(design.goal)}{within}"


def _length(text: Any) -> str:
    try:
        return durations.words(durations.parse(text))
    except ValueError:
        return str(text)


def _event(item: Any) -> str:
    return str(item.get("event", "?")) if isinstance(item, Mapping) else str(item)


def _step(plan: StepPlan) -> Node:
    if plan.kind not in steps:
        return Node(plan.key, plan.title or plan.key, f"Unknown step kind {plan.kind!r}", "unknown")
    kind = steps[plan.kind]
    title = plan.title or plan.key
    note = _summary(kind, plan.config)
    return Node(plan.key, title, kind.title, kind.family, (note,) if note else ())


def _summary(kind: Step | Trigger, config: Mapping[str, Any]) -> str:
    """Drafts may hold settings that their kind cannot read yet."""
    cleaned, errors = blueprints.cleaned(kind, config)
    return "Not finished" if errors else kind.summary(cleaned)


def _edges(design: Blueprint) -> Iterator[Edge]:
    keys = [plan.key for plan in design.steps]
    yield Edge(START, keys[0] if keys else FINISH, "")
    below: dict[str, str | None] = {**dict(itertools.pairwise(keys)), **({keys[-1]: None} if keys else {})}
    for plan in design.steps:
        exits = _exits(plan)
        ways: dict[str, list[str]] = {}
        for name in exits:
            to = target(name, plan.exits, below[plan.key], set(keys))
            ways.setdefault(FINISH if to is None else to, []).append(name)
        for to, names in ways.items():
            if to == FINISH or to in below:
                yield Edge(plan.key, to, "" if len(ways) == 1 else _label(names, exits))


def _label(names: list[str], exits: tuple[str, ...]) -> str:
    """All but one of many are said shorter: `otherwise`."""
    return "otherwise" if len(exits) > 3 and len(names) == len(exits) - 1 else " / ".join(names)


def _exits(plan: StepPlan) -> tuple[str, ...]:
    if plan.kind not in steps:
        return tuple(plan.exits) or ("next",)
    cleaned, errors = blueprints.cleaned(steps[plan.kind], plan.config)
    return tuple(plan.exits) or ("next",) if errors else steps[plan.kind].exits(cleaned)
