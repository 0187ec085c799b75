"""The language of conditions: one tree for segments, triggers, branches and exits.

`{"all": [tree, …]}`, `{"any": [tree, …]}`, `{"not": tree}`, or a leaf: `{"kind": "event", "name": "order.completed"}` with the
settings of its kind (contacts/conditions/). Trees are checked when they are written; the other verbs expect good ones.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q

from config.kinds import form_errors
from contacts.base import NOTHING, Condition, ContactFacts, Needs, conditions

Tree = Mapping[str, Any]
DEEPEST = 10
MOST = 200
EXAMPLE = '{"kind": "attribute", "path": "plan", "op": "is", "value": "pro"}'


def check(tree: Any) -> list[str]:
    """What is wrong with a tree, as sentences that begin with the place; nothing for a good one."""
    problems = list(_check(tree, "", 1))
    if not problems and (size := sum(1 for _ in _leaves(tree))) > MOST:
        return [f"The condition has {size} parts; at most {MOST} are allowed. Build it of segments."]
    return problems


def needs(tree: Tree) -> Needs:
    """What `holds` must be told about a person."""
    return reduce(or_, (_kind(leaf).needs(leaf) for leaf in _leaves(tree)), NOTHING)


def attributes(tree: Tree) -> frozenset[str]:
    """The attributes and columns of a contact that the tree looks at."""
    return frozenset().union(*(_kind(leaf).attributes(leaf) for leaf in _leaves(tree)))


def holds(tree: Tree, facts: ContactFacts, now: datetime) -> bool:
    """Whether the tree is true of this person at `now`."""
    if "kind" in tree:
        return conditions[tree["kind"]].holds(tree, facts, now)
    if "all" in tree:
        return all(holds(part, facts, now) for part in tree["all"])
    if "any" in tree:
        return any(holds(part, facts, now) for part in tree["any"])
    return not holds(tree["not"], facts, now)


def as_q(tree: Tree, now: datetime) -> Q:
    """The same question as a filter on Contact."""
    if "kind" in tree:
        return _kind(tree).as_q(tree, now)
    if "not" in tree:
        return ~as_q(tree["not"], now)
    word = "all" if "all" in tree else "any"
    found = Q()
    for part in tree[word]:
        found = found & as_q(part, now) if word == "all" else found | as_q(part, now)
    return found


def _kind(leaf: Tree) -> Condition:
    return conditions[leaf["kind"]]


def _leaves(tree: Tree) -> Iterator[Tree]:
    if "kind" in tree:
        yield tree
    else:
        for part in [tree["not"]] if "not" in tree else tree.get("all") or tree.get("any") or ():
            yield from _leaves(part)


def _check(tree: Any, place: str, depth: int) -> Iterator[str]:
    if depth > DEEPEST:
        yield f"{place}conditions are nested deeper than {DEEPEST} levels; build it of segments."
    elif not isinstance(tree, Mapping):
        yield f"{place}{tree!r:.80} is not a condition; write for example {EXAMPLE}."
    elif "kind" in tree:
        yield from _check_leaf(tree, place)
    elif len(tree) != 1 or (word := next(iter(tree))) not in ("all", "any", "not"):
        yield f"{place}a condition has a kind, or exactly one of all, any and not; this one has {', '.join(map(str, tree)) or 'nothing'}."
    elif word == "not":
        yield from _check(tree["not"], f"{place}not: ", depth + 1)
    else:
        yield from _check_parts(tree[word], word, place, depth)


def _check_parts(parts: Any, word: str, place: str, depth: int) -> Iterator[str]:
    if not isinstance(parts, list) or not parts:
        yield f"{place}{word}: write a list of at least one condition."
        return
    for number, part in enumerate(parts, start=1):
        yield from _check(part, f"{place}{word} {number}: ", depth + 1)


def _check_leaf(leaf: Tree, place: str) -> Iterator[str]:
    kind = leaf["kind"]
    if not isinstance(kind, str) or kind not in conditions:
        yield f"{place}kind: {kind!r:.80} is not known; write one of: {', '.join(conditions.keys())}."
        return
    settings = {name: value for name, value in leaf.items() if name != "kind"}
    form = conditions[kind].Config(settings)
    if strange := sorted(str(name) for name in settings.keys() - form.fields.keys()):
        yield f"{place}{', '.join(strange)}: not known to {kind}; it has {', '.join(form.fields)}."
    elif not form.is_valid():
        yield from (f"{place}{sentence}" for sentence in form_errors(form))
