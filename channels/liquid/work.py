"""How much work one rendering may do. The library counts the turns of loops, but not what is done in a turn, nor how long the
texts are that filters go over: a thousand turns over nine thousand tags took minutes.

A step is a piece of a loop's body (a tag, an output, each part of an expression), once a turn, or a filter with each thousand
characters or hundred items that it is given. It takes 1 to 3 µs.
"""

import functools
from collections.abc import Iterator
from typing import Any, TextIO

from liquid import BoundTemplate, Environment, Node, RenderContext
from liquid.ast import BlockNode
from liquid.builtin.expressions.primitive import IntegerLiteral, RangeLiteral
from liquid.builtin.tags.for_tag import ForTag
from liquid.builtin.tags.tablerow_tag import TablerowNode, TablerowTag
from liquid.exceptions import LiquidError
from liquid.expression import Expression
from liquid.filter import with_context

MOST = 200_000
"""Steps of one rendering."""
CHARACTERS, ITEMS = 1_000, 100
LONGEST_RANGE = 1_000


def install(environment: Environment) -> None:
    """Make loops and filters of this environment count. After its own filters are in."""
    for tag in (_For, _Tablerow):
        environment.add_tag(tag)
    for name, found in environment.filters.items():
        environment.filters[name] = _counted(found)


def spend(context: RenderContext, steps: int) -> None:
    """Raises LiquidError once there were too many."""
    done = context.tag_namespace.get("steps", 0) + steps
    context.tag_namespace["steps"] = done
    if done > MOST:
        raise LiquidError(
            f"loops and filters take more than {MOST:,} steps; loop over less, or do less in a loop", token=None
        )


def wide_range(template: BoundTemplate) -> RangeLiteral | None:
    """The first range whose bounds are not small whole numbers: a filter would build it before any loop counts it."""
    found = (one for node in template.nodes for one in _ranges(node) if not all(map(_is_small, (one.start, one.stop))))
    return next(found, None)


def _ranges(node: Node) -> Iterator[RangeLiteral]:
    for expression in node.expressions():
        yield from _within(expression)
    for child in node.children(None, include_partials=False):  # type: ignore[arg-type]  # none of ours asks it
        yield from _ranges(child)


def _within(expression: Expression) -> Iterator[RangeLiteral]:
    if isinstance(expression, RangeLiteral):
        yield expression
    for child in expression.children():
        yield from _within(child)


def _is_small(bound: Expression) -> bool:
    return isinstance(bound, IntegerLiteral) and abs(bound.value) <= LONGEST_RANGE


class Body(BlockNode):
    """What a loop does in each turn."""

    __slots__ = ("steps",)

    def __init__(self, block: BlockNode) -> None:
        super().__init__(block.token, block.nodes)
        self.steps = sum(map(_steps, block.nodes)) + 1

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        spend(context, self.steps)
        return super().render_to_output(context, buffer)


class _For(ForTag):
    def parse(self, stream: Any) -> Node:
        return _with_body(super().parse(stream))  # type: ignore[no-any-return]


class _Tablerow(TablerowTag):
    def parse(self, stream: Any) -> TablerowNode:
        return _with_body(super().parse(stream))  # type: ignore[no-any-return]


def _with_body(loop: Any) -> Any:
    loop.block = Body(loop.block)
    return loop


def _steps(node: Node) -> int:
    """Of one turn; a loop inside counts its own."""
    inside: Any = node.children(None, include_partials=False)  # type: ignore[arg-type]  # none of ours asks it
    own = 1 + sum(_parts(expression) for expression in node.expressions())
    return own + sum(_steps(child) for child in inside if not isinstance(child, Body))


def _parts(expression: Expression) -> int:
    return 1 + sum(_parts(child) for child in expression.children())


def _counted(found: Any) -> Any:
    wants_context = getattr(found, "with_context", False)

    @with_context
    @functools.wraps(found)
    def counted(value: Any, *arguments: Any, context: RenderContext, **options: Any) -> Any:
        spend(context, 1 + _size(value) + sum(map(_size, arguments)))
        if wants_context:
            options["context"] = context
        return found(value, *arguments, **options)

    return counted


def _size(value: Any) -> int:
    if isinstance(value, str):
        return len(value) // CHARACTERS
    return len(value) // ITEMS if isinstance(value, list | tuple | range | dict) else 0
