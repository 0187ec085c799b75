"""Rendering that notes what is missing and goes on without it, for previews as a made-up person."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TextIO

from liquid import BoundTemplate, RenderContext
from liquid.ast import BlockNode, Node
from liquid.exceptions import UndefinedError

_missed: ContextVar[dict[str, None] | None] = ContextVar("missed", default=None)


@contextmanager
def noting() -> Iterator[dict[str, None]]:
    """Within it, what is missing is noted by its name, in order, and what needs it is left out."""
    missed: dict[str, None] = {}
    token = _missed.set(missed)
    try:
        yield missed
    finally:
        _missed.reset(token)


def active() -> bool:
    """Whether missing names are noted now."""
    return _missed.get() is not None


def name_of(error: UndefinedError) -> str:
    """What was written that has no value."""
    return str(error.args[0] if error.args else error).splitlines()[0].removesuffix(" is undefined").strip("'")


class _Patient(Node):
    """A node that is left out where something is missing in it."""

    __slots__ = ("node",)

    def __init__(self, node: Node) -> None:
        super().__init__(node.token)
        self.node, self.blank = node, node.blank

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        try:
            return self.node.render(context, buffer)
        except UndefinedError as error:
            missed = _missed.get()
            if missed is None:
                raise
            missed.setdefault(name_of(error))
            return 0


def patient(template: BoundTemplate) -> BoundTemplate:
    """The template, changed in place so that each of its nodes is left out alone."""
    context = RenderContext(template)
    for node in template.nodes:
        _inside(node, context)
    template.nodes = [_Patient(node) for node in template.nodes]
    return template


def _inside(node: Any, context: RenderContext) -> None:
    for child in list(node.children(context, include_partials=False)):
        _inside(child, context)
    if isinstance(node, BlockNode):
        node.nodes = [_Patient(child) for child in node.nodes]
