"""The longest that a template may become: every variable at its longest, and of each condition the longest branch."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from liquid import BoundTemplate, RenderContext
from liquid.ast import Node
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions.filtered import FilteredExpression, TernaryFilteredExpression
from liquid.builtin.expressions.path import Path
from liquid.builtin.expressions.primitive import Literal
from liquid.builtin.output import OutputNode
from liquid.builtin.tags.assign_tag import AssignNode
from liquid.builtin.tags.capture_tag import CaptureNode
from liquid.builtin.tags.case_tag import CaseNode
from liquid.builtin.tags.cycle_tag import CycleNode
from liquid.builtin.tags.if_tag import IfNode
from liquid.builtin.tags.unless_tag import UnlessNode

from channels.liquid import stretching
from channels.liquid.reading import named

UNKNOWN = "x" * 20
"""What stands for a variable of which nothing is known, since a name may be long."""
Weight = Callable[[str], Any]


def longest(template: BoundTemplate, known: Mapping[str, Iterable[str]], weight: Weight, locale: str = "") -> str:
    """The text with the heaviest of `known` for variables by name; a loop is counted as one turn. `weight` says what is longer,
    `locale` is the language of the words."""
    walk = _Walk(
        RenderContext(template), {name: max(texts, key=weight) for name, texts in known.items()}, weight, locale
    )
    return walk.text(template.nodes)


class _Walk:
    """Once over a template; what it assigns is known to what comes after."""

    def __init__(self, context: RenderContext, known: dict[str, str], weight: Weight, locale: str) -> None:
        self.context, self.known, self.weight, self.locale = context, known, weight, locale

    def text(self, nodes: Iterable[Node]) -> str:
        return "".join(map(self._one, nodes))

    def _one(self, node: Node) -> str:
        if isinstance(node, ContentNode):
            return str(node.text)
        if isinstance(node, OutputNode):
            return self._output(node.expression)
        if isinstance(node, CycleNode):
            return self._heaviest(self._output(one) for one in node.args)
        if isinstance(node, AssignNode):
            return self._keep(node.name, self._output(node.expression))
        inside = list(node.children(self.context, include_partials=False))
        if isinstance(node, CaptureNode):
            return self._keep(node.name, self.text(inside))
        if isinstance(node, IfNode | UnlessNode | CaseNode):
            return self._heaviest(map(self._one, inside))
        return self.text(inside)

    def _keep(self, name: str, text: str) -> str:
        """For later, not said here. Another branch may have assigned more."""
        self.known[str(name)] = self._heaviest([self.known.get(str(name), ""), text])
        return ""

    def _output(self, expression: Any) -> str:
        if isinstance(expression, TernaryFilteredExpression):
            return self._heaviest(self._output(one) for one in (expression.left, expression.alternative) if one)
        if not isinstance(expression, FilteredExpression):
            return self._value(expression)
        text = self._value(expression.left)
        for one in expression.filters or []:
            arguments = [self._value(child) for child in one.children()]
            text = self._heaviest(stretching.after(one.name, text, arguments, self.locale))
        return text

    def _value(self, expression: Any) -> str:
        if isinstance(expression, Literal):
            return str(expression.value)
        return self.known.get(named(expression)) or UNKNOWN if isinstance(expression, Path) else UNKNOWN

    def _heaviest(self, texts: Iterable[str]) -> str:
        return max(texts, key=self.weight, default="")
