"""The longest that a template may become: every variable at its longest, and of each condition the longest branch."""

from collections.abc import Callable, Mapping
from typing import Any

from liquid import BoundTemplate, RenderContext
from liquid.ast import Node
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions.path import Path
from liquid.builtin.expressions.primitive import StringLiteral
from liquid.builtin.output import OutputNode
from liquid.builtin.tags.case_tag import CaseNode
from liquid.builtin.tags.if_tag import IfNode
from liquid.builtin.tags.unless_tag import UnlessNode

from channels.liquid.reading import named

UNKNOWN = "x" * 20
"""What stands for a variable of which nothing is known, since a name may be long."""
Weight = Callable[[str], Any]


def longest(template: BoundTemplate, known: Mapping[str, str], weight: Weight) -> str:
    """The text with `known` for variables by name; a loop is counted as one turn. `weight` says which branch is longer."""
    return _text(template.nodes, RenderContext(template), known, weight)


def _text(nodes: Any, context: RenderContext, known: Mapping[str, str], weight: Weight) -> str:
    return "".join(_one(node, context, known, weight) for node in nodes)


def _one(node: Node, context: RenderContext, known: Mapping[str, str], weight: Weight) -> str:
    if isinstance(node, ContentNode):
        return str(node.text)
    if isinstance(node, OutputNode):
        return _output(node.expression, known, weight)
    inside = list(node.children(context, include_partials=False))
    if isinstance(node, IfNode | UnlessNode | CaseNode):
        return max((_one(branch, context, known, weight) for branch in inside), key=weight, default="")
    if list(node.template_scope()):
        return ""  # kept for later, not said here
    return _text(inside, context, known, weight)


def _output(expression: Any, known: Mapping[str, str], weight: Weight) -> str:
    left = expression.left
    said = [str(left.value)] if isinstance(left, StringLiteral) else []
    if isinstance(left, Path):
        said.append(known.get(named(left)) or UNKNOWN)
    for one in expression.filters or []:
        if one.name == "default":
            said += [str(child.value) for child in one.children() if isinstance(child, StringLiteral)]
    return max(said, key=weight, default="")
