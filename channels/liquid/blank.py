"""`blank` as Liquid means it: what is missing, null or false is blank too. The library knows empty texts and lists only, so that
`{% if contact.nick != blank %}`, which its users write to ask whether there is one, was true for everybody without."""

from typing import Any

from liquid import BoundTemplate, RenderContext
from liquid.ast import Node
from liquid.builtin.expressions.logical import EqExpression, NeExpression
from liquid.builtin.expressions.primitive import Blank
from liquid.expression import Expression
from liquid.undefined import is_undefined


class _OrNothing(Expression):
    """A value that is compared with `blank`."""

    __slots__ = ("expression",)

    def __init__(self, expression: Expression) -> None:
        super().__init__(expression.token)
        self.expression = expression

    def evaluate(self, context: RenderContext) -> object:
        value = self.expression.evaluate(context)
        return "" if value is None or value is False or is_undefined(value) else value

    def children(self) -> list[Expression]:
        return [self.expression]


def understood(template: BoundTemplate) -> BoundTemplate:
    """The template, changed in place so that its comparisons with `blank` know what is missing."""
    context = RenderContext(template)
    for node in template.nodes:
        _in_node(node, context)
    return template


def _in_node(node: Node, context: RenderContext) -> None:
    for expression in node.expressions():
        _in_expression(expression)
    for child in node.children(context, include_partials=False):
        _in_node(child, context)


def _in_expression(expression: Any) -> None:
    if isinstance(expression, EqExpression | NeExpression):
        if isinstance(expression.right, Blank):
            expression.left = _OrNothing(expression.left)
        elif isinstance(expression.left, Blank):
            expression.right = _OrNothing(expression.right)
    for child in expression.children():
        _in_expression(child)
