"""What a template asks of its context, read from its syntax tree without rendering it."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from liquid import BoundTemplate, Environment, RenderContext
from liquid.builtin.expressions.filtered import FilteredExpression
from liquid.builtin.expressions.loop import LoopExpression
from liquid.builtin.expressions.path import Path
from liquid.builtin.tags.assign_tag import AssignNode
from liquid.exceptions import LiquidError
from liquid.expression import Expression

from channels.liquid.proving import CONDITIONS, Names, named, within

__all__ = ["named"]
_ENVIRONMENT = Environment()


class Use(NamedTuple):
    """A variable that is needed: `name` as it is written, `line` where, `safe` whether the words hold without a value. `loops`:
    it is a list that is gone through."""

    name: str
    line: int
    safe: bool
    loops: bool = False


def uses(template: BoundTemplate, source: str) -> list[Use]:
    """Every use of a variable of the context, in order.

    Safe are uses in conditions, before `default`, and where a condition or a loop has proved that there is a value. What is
    only assigned is needed where it is said.
    """
    reader = _Reader(template, source)
    found = reader.walk(template.nodes, frozenset(), frozenset())
    return sorted(found, key=lambda use: use.line)


class _Reader:
    """Once over a template. `assigned`: what its own variables are, as far as they are nothing but another one."""

    def __init__(self, template: BoundTemplate, source: str) -> None:
        self.context = RenderContext(template)
        self.breaks = [place for place, sign in enumerate(source) if sign == "\n"]
        self.assigned: dict[str, list[str]] = {}

    def walk(self, nodes: Iterable[Any], guarded: Names, local: Names) -> Iterator[Use]:
        for node in nodes:
            asks, renamed = isinstance(node, CONDITIONS), _renamed(node)
            for expression in node.expressions():
                loops = isinstance(expression, LoopExpression)
                for path, safe in _paths(expression):
                    safe = safe or asks or renamed is not None or named(path) in guarded
                    line = bisect_left(self.breaks, max(path.token.start_index, 0)) + 1
                    for name in self._names(path, local):
                        yield Use(name, line, safe or name in guarded, loops and path is expression.iterable)
            for name in node.template_scope():
                self.assigned[str(name)] = self._names(renamed, local) if renamed else []
            inner = local | {str(name) for name in node.block_scope()}
            for child, known in within(node, node.children(self.context, include_partials=False)):
                yield from self.walk([child], guarded | known, inner)

    def _names(self, path: Path, local: Names) -> list[str]:
        """The variables of the context that this path is."""
        root, _, rest = named(path).partition(".")
        if root in local:
            return []
        return [f"{one}.{rest}" if rest else one for one in self.assigned.get(root, [root])]


def _renamed(node: Any) -> Path | None:
    """What a variable is assigned, if it is nothing but another one."""
    expression = node.expression if isinstance(node, AssignNode) else None
    if isinstance(expression, FilteredExpression) and isinstance(expression.left, Path) and not expression.filters:
        return expression.left
    return None


def _paths(expression: Expression) -> Iterator[tuple[Path, bool]]:
    """The paths in an expression, and whether `default` stands behind each."""
    if isinstance(expression, Path):
        yield expression, False
    elif isinstance(expression, FilteredExpression):
        names = [one.name for one in expression.filters or []]
        yield from ((path, safe or names[:1] == ["default"]) for path, safe in _paths(expression.left))
        for number, one in enumerate(expression.filters or []):
            safe = names[number : number + 2] == ["default", "default"]
            for argument in one.children():
                yield from ((path, safe or held) for path, held in _paths(argument))
    else:
        for child in expression.children():
            yield from _paths(child)


def path_of(name: str) -> Path | None:
    """The path that is written so; None if it is none."""
    try:
        [node] = _ENVIRONMENT.from_string(f"{{{{ {name} }}}}").nodes
        [expression] = node.expressions()
    except (LiquidError, ValueError):
        return None
    found = expression.left if isinstance(expression, FilteredExpression) else expression
    return found if isinstance(found, Path) else None
