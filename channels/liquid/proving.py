"""Which variables have a value where a condition holds, or where it does not."""

from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Any

from liquid.ast import ConditionalBlockNode, Node
from liquid.builtin.expressions.logical import (
    BooleanExpression,
    ContainsExpression,
    EqExpression,
    GeExpression,
    GtExpression,
    LeExpression,
    LogicalAndExpression,
    LogicalNotExpression,
    LogicalOrExpression,
    LtExpression,
    NeExpression,
)  # fmt: skip
from liquid.builtin.expressions.path import Path
from liquid.builtin.expressions.primitive import Blank, Empty, Literal, Nil
from liquid.builtin.tags.case_tag import CaseNode, MultiExpressionBlockNode
from liquid.builtin.tags.for_tag import ForNode
from liquid.builtin.tags.if_tag import IfNode
from liquid.builtin.tags.unless_tag import UnlessNode

CONDITIONS = (IfNode, UnlessNode, CaseNode, ConditionalBlockNode, MultiExpressionBlockNode)
Names = frozenset[str]
_NONE: Names = frozenset()
_COMPARED = (GtExpression, GeExpression, LtExpression, LeExpression, ContainsExpression)


def named(path: Path) -> str:
    """The path as it is written, without what stands in brackets and is no word."""
    return ".".join(str(part) for part in path.path if isinstance(part, str))


def within(node: Any, children: Iterable[Node]) -> Iterator[tuple[Node, Names]]:
    """The parts of a node, and the variables that have a value in each by the node's own condition."""
    if isinstance(node, IfNode | UnlessNode):
        yield from _branches(node)
        return
    for child in children:
        known = _of(node.expression.iterable) if isinstance(node, ForNode) and child is node.block else _NONE
        if isinstance(node, CaseNode) and isinstance(child, MultiExpressionBlockNode):
            values = list(child.expression.children())[1:]
            known = _of(node.expression) if all(isinstance(one, Literal) for one in values) else _NONE
        yield child, known


def _branches(node: Any) -> Iterator[tuple[Node, Names]]:
    meant = isinstance(node, IfNode)
    yield node.consequence, proven(node.condition, meant)
    before = proven(node.condition, not meant)
    for other in node.alternatives:
        yield other, before | proven(other.expression, True)
        before |= proven(other.expression, False)
    if node.default:
        yield node.default, before


def proven(condition: Any, holds: bool) -> Names:
    """The variables that have a value if the condition holds, or (`holds` False) if it does not."""
    if isinstance(condition, BooleanExpression):
        return proven(condition.expression, holds)
    if isinstance(condition, LogicalNotExpression):
        return proven(condition.right, not holds)
    if isinstance(condition, LogicalAndExpression | LogicalOrExpression):
        both = proven(condition.left, holds), proven(condition.right, holds)
        all_hold = isinstance(condition, LogicalAndExpression) == holds
        return both[0] | both[1] if all_hold else both[0] & both[1]
    if isinstance(condition, EqExpression | NeExpression):
        return _equal(condition, isinstance(condition, EqExpression) == holds)
    if not holds:
        return _NONE
    return _of(condition.left) | _of(condition.right) if isinstance(condition, _COMPARED) else _of(condition)


def _equal(condition: Any, equal: bool) -> Names:
    sides = condition.left, condition.right
    if any(isinstance(side, Nil | Blank) for side in sides):
        known = not equal
    else:  # what is missing equals no literal; that it differs from one says nothing
        known = equal and any(isinstance(side, Literal | Empty) for side in sides)
    return _of(sides[0]) | _of(sides[1]) if known else _NONE


def _of(expression: Any) -> Names:
    """The variable, and those that it is a part of."""
    if isinstance(expression, Path):
        return frozenset(accumulate(named(expression).split("."), lambda whole, part: f"{whole}.{part}"))
    inner = getattr(expression, "expression", None)  # what is compared with blank
    return _of(inner) if inner is not None else _NONE
