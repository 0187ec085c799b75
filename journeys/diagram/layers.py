"""Which lines close loops, and how deep each box stands."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from journeys.diagram.shapes import Box, Line


def back_lines(boxes: Sequence[Box], lines: Sequence[Line]) -> set[int]:
    """The numbers of lines that close a loop: they lead up in the order of the boxes, and there is a way down again."""
    order = {box.key: number for number, box in enumerate(boxes)}
    following: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        following[line.source].append(line.target)
    return {
        number
        for number, line in enumerate(lines)
        if order[line.target] <= order[line.source] and line.source in _reached(line.target, following)
    }


def _reached(start: str, following: Mapping[str, Sequence[str]]) -> set[str]:
    found: set[str] = set()
    pending = [start]
    while pending:
        key = pending.pop()
        if key not in found:
            found.add(key)
            pending += following.get(key, ())
    return found


def levels_of(boxes: Sequence[Box], lines: Sequence[Line]) -> dict[str, int]:
    """The layer of each box: one below the lowest of those that lead to it."""
    above: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        above[line.target].append(line.source)
    found: dict[str, int] = {}

    def level(key: str) -> int:
        if key not in found:
            found[key] = max((level(source) + 1 for source in above[key]), default=0)
        return found[key]

    for box in boxes:
        level(box.key)
    return found
