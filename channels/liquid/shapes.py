"""What kind of value each variable has to be for a template's filters, comparisons and loops to work, read from its tree."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from liquid import BoundTemplate, RenderContext
from liquid.builtin.expressions.filtered import FilteredExpression
from liquid.builtin.expressions.logical import GeExpression, GtExpression, LeExpression, LtExpression
from liquid.builtin.expressions.loop import LoopExpression
from liquid.builtin.expressions.path import Path
from liquid.builtin.expressions.primitive import FloatLiteral, IntegerLiteral
from liquid.builtin.tags.assign_tag import AssignNode
from liquid.expression import Expression

from channels.liquid.reading import named

_COMPARED = (GtExpression, GeExpression, LtExpression, LeExpression)
_NUMBER = frozenset({"abs", "at_least", "at_most", "ceil", "divided_by", "floor", "minus", "modulo", "pluralize", "plus", "round", "times"})  # fmt: skip
_LIST = frozenset({"compact", "concat", "find", "find_index", "has", "join", "map", "reject", "sort", "sort_natural", "sum", "uniq", "where"})  # fmt: skip
_BY_FILTER = {"money": "money", "date": "date"} | dict.fromkeys(_NUMBER, "number") | dict.fromkeys(_LIST, "list")


@dataclass(frozen=True, slots=True)
class Shapes:
    """`types`: by the name as it is written. `elements`: of a loop's variable, the lists that it goes through.
    `same`: of an assigned variable, what it was assigned. `names`: all that is written."""

    types: dict[str, str] = field(default_factory=dict)
    elements: dict[str, list[Path]] = field(default_factory=dict)
    same: dict[str, list[Path]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)


def add(found: Shapes, template: BoundTemplate) -> None:
    """Add what this template asks for."""
    for node in _nodes(template.nodes, template):
        for expression in node.expressions():
            _look(found, expression)
        assigned = node.expression if isinstance(node, AssignNode) else None
        if isinstance(assigned, FilteredExpression) and isinstance(assigned.left, Path):
            found.same.setdefault(str(node.name), []).append(assigned.left)


def _nodes(nodes: Any, template: BoundTemplate) -> Iterator[Any]:
    for node in nodes:
        yield node
        yield from _nodes(node.children(RenderContext(template), include_partials=False), template)


def _look(found: Shapes, expression: Expression) -> None:
    if isinstance(expression, Path):
        found.names.add(named(expression))
        for at in (number for number, one in enumerate(expression.path) if number and isinstance(one, int)):
            found.types.setdefault(".".join(map(str, expression.path[:at])), "list")
    elif isinstance(expression, FilteredExpression) and isinstance(expression.left, Path):
        first = next((one.name for one in expression.filters or [] if one.name != "default"), "")
        if first in _BY_FILTER:
            found.types.setdefault(named(expression.left), _BY_FILTER[first])
    elif isinstance(expression, LoopExpression) and isinstance(expression.iterable, Path):
        found.types[named(expression.iterable)] = "list"
        found.elements.setdefault(str(expression.identifier), []).append(expression.iterable)
    elif isinstance(expression, _COMPARED):
        _compared(found, expression.left, expression.right)
    for child in expression.children():
        _look(found, child)


def _compared(found: Shapes, left: Expression, right: Expression) -> None:
    """What is compared with a number is one."""
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Path) and isinstance(other, IntegerLiteral | FloatLiteral):
            found.types.setdefault(named(one), "number")
