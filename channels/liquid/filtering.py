"""What is wrong with a template's filters whoever reads it: the library finds out at the first rendering only."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple

from liquid import BoundTemplate, RenderContext
from liquid.builtin.expressions.arguments import KeywordArgument
from liquid.builtin.expressions.filtered import Filter, FilteredExpression, TernaryFilteredExpression
from liquid.builtin.expressions.primitive import StringLiteral
from liquid.expression import Expression

from channels.liquid.money import CURRENCIES

Filters = Mapping[str, Callable[..., Any]]


class Fault(NamedTuple):
    """`sentence` is about the filter that stands in this line."""

    line: int
    sentence: str


def faults(template: BoundTemplate, source: str) -> list[Fault]:
    """Filters that do not exist, or get arguments with which they always fail."""
    known: Filters = template.env.filters
    found = ((one, _fault(one, known)) for one in _filters(template.nodes, RenderContext(template)))
    return [Fault(source.count("\n", 0, max(one.token.start_index, 0)) + 1, said) for one, said in found if said]


def _filters(nodes: Any, context: RenderContext) -> Iterator[Filter]:
    for node in nodes:
        for expression in node.expressions():
            yield from _within(expression)
        yield from _filters(node.children(context, include_partials=False), context)


def _within(expression: Expression) -> Iterator[Filter]:
    if isinstance(expression, FilteredExpression | TernaryFilteredExpression):
        yield from expression.filters or ()
    for child in expression.children():
        yield from _within(child)


def _fault(one: Filter, known: Filters) -> str:
    if one.name not in known:
        near = get_close_matches(one.name, known, 1)
        return f"there is no filter {one.name!r}{f'; there is {near[0]!r}' if near else ''}."
    taken, needed = _room(known[one.name])
    given = sum(not isinstance(argument, KeywordArgument) for argument in one.args)
    if not needed <= given <= taken:
        least = "exactly" if needed == taken else "at least" if given < needed else "at most"
        count = needed if given < needed else taken
        return f"the filter {one.name!r} takes {least} {count} value{'' if count == 1 else 's'} behind its colon, not {given}."
    return _currency(one) if one.name == "money" else ""


def _room(function: Callable[..., Any]) -> tuple[int, int]:
    """How many values may stand behind the colon, and how many must."""
    own = list(inspect.signature(function).parameters.values())[1:]
    positional = [one for one in own if one.kind is one.POSITIONAL_OR_KEYWORD]
    return len(positional), sum(one.default is one.empty for one in positional)


def _currency(one: Filter) -> str:
    said = next((argument.value for argument in one.args), None)
    if said is None:
        return 'money needs a currency; write for example money: "EUR".'
    if isinstance(said, StringLiteral) and said.value not in CURRENCIES:
        return f'money: {said.value[:40]!r} is not a currency; write for example money: "EUR".'
    return ""
