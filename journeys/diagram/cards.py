"""How large a card must be for what stands on it; texts that are too long are cut, and wrapped figures take more lines."""

from collections.abc import Sequence
from dataclasses import dataclass

from journeys.diagram.content import FINISH, Node

WIDTH = 244.0
LEFT, RIGHT = 21.0, 12.0
TITLE, SMALL = 13.0, 11.5
"""Sizes of letters, in pixels."""
LINE = 17.0

_NARROW, _WIDE = set("iljtfrI.,:;'|!()[]{} "), set("mwMW@%&")


@dataclass(frozen=True, slots=True)
class Figure:
    """A number at a step, what it counts, and where to see whom it counts. `tone` is a colour: plain, good or bad."""

    label: str
    value: int
    url: str = ""
    tone: str = "plain"

    @property
    def text(self) -> str:
        """`1,234 sent`."""
        return f"{self.value:,} {self.label}"


@dataclass(frozen=True)
class Card:
    """A node with its texts as they fit."""

    node: Node
    title: str
    lines: tuple[str, ...]
    figures: tuple[tuple[tuple[float, Figure], ...], ...]
    width: float
    height: float


def card(node: Node, figures: Sequence[Figure]) -> Card:
    """The card of a node. `figures` is a list of lines, each a list of (x, figure)."""
    if node.key == FINISH:
        return Card(node, node.title, (), (), 68, 30)
    room = WIDTH - LEFT - RIGHT
    texts = tuple(cut(text, SMALL, room) for text in (node.kind, *node.notes) if text)
    rows = _rows(figures, room)
    height = 12 + LINE + 16 * len(texts) + (5 + LINE * len(rows) if rows else 0) + 10
    return Card(node, cut(node.title, TITLE * 1.14, room), texts, rows, WIDTH, height)


def width(text: str, size: float) -> float:
    """About how wide a text is, in pixels."""
    return sum(_em(letter) for letter in text) * size


def cut(text: str, size: float, room: float) -> str:
    """The text, or as much of it as fits, with an ellipsis."""
    if width(text, size) <= room:
        return text
    kept = text
    while kept and width(kept + "…", size) > room:
        kept = kept[:-1]
    return kept.rstrip() + "…"


def _rows(figures: Sequence[Figure], room: float) -> tuple[tuple[tuple[float, Figure], ...], ...]:
    rows: list[list[tuple[float, Figure]]] = []
    x = room + 1
    for figure in figures:
        needed = width(figure.text, SMALL)
        if x + needed > room:
            rows.append([])
            x = 0.0
        rows[-1].append((x, figure))
        x += needed + 14
    return tuple(map(tuple, rows))


def _em(letter: str) -> float:
    if letter in _NARROW:
        return 0.31
    if letter in _WIDE:
        return 0.88
    if ord(letter) > 0x2E80:
        return 1.0
    return 0.66 if letter.isupper() or letter.isdigit() else 0.58
