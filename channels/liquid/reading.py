"""What a template asks of its context, read from its syntax tree without rendering it."""

from bisect import bisect_left
from collections.abc import Iterator
from typing import Any, NamedTuple

from liquid import BoundTemplate, Environment, RenderContext
from liquid.builtin.expressions.filtered import FilteredExpression
from liquid.builtin.expressions.path import Path
from liquid.builtin.tags.case_tag import CaseNode
from liquid.builtin.tags.for_tag import ForNode
from liquid.builtin.tags.if_tag import IfNode
from liquid.builtin.tags.unless_tag import UnlessNode
from liquid.exceptions import LiquidError
from liquid.expression import Expression

_ENVIRONMENT = Environment()
_CONDITIONS = (IfNode, UnlessNode, CaseNode)


class Use(NamedTuple):
    """A variable that is needed: `name` as it is written, `line` where, `safe` whether the words hold without a value."""

    name: str
    line: int
    safe: bool


def uses(template: BoundTemplate, source: str) -> list[Use]:
    """Every use of a variable of the context, in order.

    Safe are uses in conditions, before `default`, and under a condition on the same variable or a loop over it.
    """
    breaks = [place for place, sign in enumerate(source) if sign == "\n"]
    found = list(_walk(template.nodes, template, breaks, frozenset(), frozenset()))
    return sorted(found, key=lambda use: use.line)


def _walk(
    nodes: Any, template: BoundTemplate, breaks: list[int], guarded: frozenset[str], local: frozenset[str]
) -> Iterator[Use]:
    for node in nodes:
        asks = isinstance(node, (*_CONDITIONS, ForNode)) or type(node).__name__ == "ConditionalBlockNode"
        asked = set()
        for expression in node.expressions():
            for path, safe in _paths(expression):
                name = named(path)
                asked.add(name)
                if name.partition(".")[0] not in local:
                    safe = safe or (asks and not isinstance(node, ForNode)) or name in guarded
                    yield Use(name, bisect_left(breaks, max(path.token.start_index, 0)) + 1, safe)
        inside = guarded | asked if asks else guarded
        within = local | {str(name) for name in node.block_scope()}
        children = node.children(RenderContext(template), include_partials=False)
        yield from _walk(children, template, breaks, inside, within)
        local = local | {str(name) for name in node.template_scope()}


def _paths(expression: Expression) -> Iterator[tuple[Path, bool]]:
    """The paths in an expression, and whether `default` stands behind each."""
    if isinstance(expression, Path):
        yield expression, False
    elif isinstance(expression, FilteredExpression):
        first = expression.filters[0].name if expression.filters else ""
        yield from ((path, safe or first == "default") for path, safe in _paths(expression.left))
        for one in expression.filters or []:
            for argument in one.children():
                yield from _paths(argument)
    else:
        for child in expression.children():
            yield from _paths(child)


def named(path: Path) -> str:
    """The path as it is written, without what stands in brackets and is no word."""
    return ".".join(str(part) for part in path.path if isinstance(part, str))


def path_of(name: str) -> Path | None:
    """The path that is written so; None if it is none."""
    try:
        [node] = _ENVIRONMENT.from_string(f"{{{{ {name} }}}}").nodes
        [expression] = node.expressions()
    except (LiquidError, ValueError):
        return None
    found = expression.left if isinstance(expression, FilteredExpression) else expression
    return found if isinstance(found, Path) else None
