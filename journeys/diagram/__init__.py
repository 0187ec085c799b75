"""A journey as one picture: `svg(blueprint)`. What it says, where things stand and how they look are three files.

`content` reads the design, `layout` places boxes that it knows nothing about, `drawing` writes the SVG. Nobody stores positions:
the same design always makes the same picture.
"""

from collections.abc import Mapping, Sequence

from django.utils.safestring import SafeString

from journeys.blueprints import Blueprint
from journeys.diagram import content, drawing
from journeys.diagram.cards import Figure

__all__ = ["Figure", "svg"]


def svg(
    blueprint: Blueprint,
    title: str,
    figures: Mapping[str, Sequence[Figure]] | None = None,
    name: str = "journey",
    marks: Mapping[str, str] | None = None,
) -> SafeString:
    """The picture of a design, as safe markup. It may be unfinished: unknown kinds and targets are drawn as such.

    `figures` are numbers by step key ("" stands for the entry); `name` keeps the ids of several pictures on one page apart.
    `marks` say what became of a step since another version: added, removed, changed or moved.
    """
    return drawing.draw(content.graph(blueprint), title, figures or {}, name, marks or {})
