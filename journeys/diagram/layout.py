"""Where things stand: boxes in layers from top to bottom, few crossings, straight lines. Knows sizes, not meanings.

The way of Sugiyama, Tagawa and Toda (1981): set loops aside, give each box the lowest layer that its predecessors allow, let long
lines pass through points in every layer, order each layer by the middle of its neighbours, then find coordinates. Between two
layers of boxes lies one of labels, so labels have room of their own and never cover each other.
"""

import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from journeys.diagram.layers import back_lines, levels_of
from journeys.diagram.shapes import Box, Layout, Line, Place, Route

__all__ = ["Box", "Layout", "Line", "Place", "Route", "arrange"]

GAP = 30.0
"""Between two boxes side by side, in pixels; lines keep half of it."""
ROW = 20.0
"""Between a row of boxes and the row of labels below it."""
LANE = 26.0
"""Between two lines that lead back up at the right."""
LABEL = 20.0
SWEEPS = 24
STIFFNESS = (2.0, 8.0, 32.0)
"""How much a long line wants to be straight, more with each round."""


@dataclass
class Spot:
    """A box, a label or a bend, in its layer; `x` is its middle."""

    width: float
    real: bool
    layer: int
    x: float = 0.0


Neighbours = dict[int, list[tuple[int, bool]]]
"""By spot: its neighbours, and whether the line to them is in the middle of a long one."""


def arrange(boxes: Sequence[Box], lines: Sequence[Line]) -> Layout:
    """Place boxes and lines; the first box is the top. The same input always gives the same layout."""
    back = back_lines(boxes, lines)
    forward = [line for number, line in enumerate(lines) if number not in back]
    levels = levels_of(boxes, forward)
    sheet = _Sheet(boxes, lines, back, levels)
    sheet.order()
    sheet.settle()
    return sheet.layout()


class _Sheet:
    """The drawing board: layers of spots. Boxes stand in even layers, labels and bends in odd ones, bends in all between."""

    def __init__(self, boxes: Sequence[Box], lines: Sequence[Line], back: set[int], levels: Mapping[str, int]) -> None:
        self.boxes, self.lines, self.back = boxes, lines, back
        self.spots: list[Spot] = []
        self.layers: list[list[int]] = [[] for _ in range(2 * max(levels.values(), default=0) + 1)]
        self.up: Neighbours = defaultdict(list)
        self.down: Neighbours = defaultdict(list)
        self.box_spot = {box.key: self._add(Spot(box.width, True, 2 * levels[box.key])) for box in boxes}
        self.chains = [[] if number in back else self._chain(line, levels) for number, line in enumerate(lines)]

    def _add(self, spot: Spot) -> int:
        self.spots.append(spot)
        self.layers[spot.layer].append(len(self.spots) - 1)
        return len(self.spots) - 1

    def _chain(self, line: Line, levels: Mapping[str, int]) -> list[int]:
        first, last = 2 * levels[line.source], 2 * levels[line.target]
        chain = [self.box_spot[line.source]]
        for layer in range(first + 1, last):
            chain.append(self._add(Spot(line.width if layer == first + 1 else 0.0, False, layer)))
        chain.append(self.box_spot[line.target])
        for one, other in itertools.pairwise(chain):
            inner = not self.spots[one].real and not self.spots[other].real
            self.down[one].append((other, inner))
            self.up[other].append((one, inner))
        return chain

    def order(self) -> None:
        """Sort each layer by the middle of its neighbours, down and up; the order with the fewest crossings stays."""
        best, fewest = [list(layer) for layer in self.layers], self._crossings()
        for sweep in range(SWEEPS):
            downwards = sweep % 2 == 0
            near = self.up if downwards else self.down
            for layer in self.layers if downwards else reversed(self.layers):
                self._sort(layer, near)
            crossings = self._crossings()
            if crossings < fewest:
                best, fewest = [list(layer) for layer in self.layers], crossings
        self.layers = best

    def _sort(self, layer: list[int], near: Neighbours) -> None:
        rank = {spot: number for row in self.layers for number, spot in enumerate(row)}
        middle = {
            spot: sum(rank[other] for other, _ in near[spot]) / len(near[spot]) if near[spot] else rank[spot]
            for spot in layer
        }
        layer.sort(key=middle.__getitem__)

    def _crossings(self) -> int:
        total = 0
        for upper, lower in zip(self.layers, self.layers[1:], strict=False):
            rank = {spot: number for number, spot in enumerate(lower)}
            ends = [end for spot in upper for end in sorted(rank[other] for other, _ in self.down[spot])]
            total += sum(1 for i, end in enumerate(ends) for later in ends[i + 1 :] if later < end)
        return total

    def settle(self) -> None:
        """Find the x of every spot: as near to its neighbours as the room in its layer allows."""
        for layer in self.layers:
            self._push_apart(layer, dict.fromkeys(layer, 0.0))
        for stiffness in STIFFNESS:
            for sweep in range(SWEEPS):
                for layer in self.layers if sweep % 2 == 0 else reversed(self.layers):
                    self._push_apart(layer, {spot: self._wish(spot, stiffness) for spot in layer})
        for strand in sorted(self._strands(), key=len, reverse=True):
            self._straighten(strand)

    def _strands(self) -> list[list[int]]:
        """Spots below one another that nothing else joins or leaves: they look best in one straight line."""
        following = {}
        for spot, below in self.down.items():
            for other, inner in below:
                if inner or (len(below) == 1 and len(self.up[other]) == 1):
                    following[spot] = other
        starts = following.keys() - following.values()
        found = []
        for start in sorted(starts):
            strand = [start]
            while strand[-1] in following:
                strand.append(following[strand[-1]])
            found.append(strand)
        return found

    def _straighten(self, strand: Sequence[int]) -> None:
        """Give the spots one x, as far down as the room beside them allows, then the rest another."""
        part: list[int] = []
        low, high = float("-inf"), float("inf")
        for spot in strand:
            left, right = self._room(spot)
            if max(low, left) > min(high, right):
                self._line_up(part, low, high)
                part, low, high = [], float("-inf"), float("inf")
            part.append(spot)
            low, high = max(low, left), min(high, right)
        self._line_up(part, low, high)

    def _line_up(self, part: Sequence[int], low: float, high: float) -> None:
        mean = sum(self.spots[spot].x for spot in part) / len(part)
        for spot in part:
            self.spots[spot].x = min(max(mean, low), high)

    def _room(self, spot: int) -> tuple[float, float]:
        """From where to where a spot may move without touching its neighbours."""
        layer = self.layers[self.spots[spot].layer]
        number = layer.index(spot)
        left, right = float("-inf"), float("inf")
        if number:
            left = self.spots[layer[number - 1]].x + self._distance(layer[number - 1], spot)
        if number + 1 < len(layer):
            right = self.spots[layer[number + 1]].x - self._distance(spot, layer[number + 1])
        # Two that touch may be a rounding error apart.
        return min(left, self.spots[spot].x), max(right, self.spots[spot].x)

    def _wish(self, spot: int, stiffness: float) -> float:
        near = [(self.spots[o].x, stiffness if inner else 1.0) for o, inner in (*self.up[spot], *self.down[spot])]
        if not near:
            return self.spots[spot].x
        return sum(x * weight for x, weight in near) / sum(weight for _, weight in near)

    def _push_apart(self, layer: Sequence[int], wishes: Mapping[int, float]) -> None:
        """Least squares with a smallest distance between neighbours: blocks that touch move as one to the mean of their wishes."""
        blocks: list[tuple[float, int]] = []
        offsets: list[float] = []
        offset = 0.0
        for number, spot in enumerate(layer):
            offset += self._distance(layer[number - 1], spot) if number else 0.0
            offsets.append(offset)
            mean, size = wishes[spot] - offset, 1
            while blocks and blocks[-1][0] >= mean:
                other, count = blocks.pop()
                mean, size = (mean * size + other * count) / (size + count), size + count
            blocks.append((mean, size))
        places = [mean for mean, size in blocks for _ in range(size)]
        for spot, place, offset in zip(layer, places, offsets, strict=True):
            self.spots[spot].x = place + offset

    def _distance(self, left: int, right: int) -> float:
        one, other = self.spots[left], self.spots[right]
        gap = GAP if one.real and other.real else GAP / 2
        return (one.width + other.width) / 2 + gap

    def layout(self) -> Layout:
        """The finished drawing, moved so that it begins at 0."""
        tops, heights = self._rows()
        left = min((spot.x - spot.width / 2 for spot in self.spots), default=0.0)
        right = max((spot.x + spot.width / 2 for spot in self.spots), default=0.0) - left
        for spot in self.spots:
            spot.x = round(spot.x - left, 1)
        places = {box.key: self._place(box, tops) for box in self.boxes}
        lanes, width = self._lanes(places, right)
        routes = [
            self._up(number, places, tops, heights, lanes[number])
            if number in self.back
            else self._down(number, places, tops, heights)
            for number in range(len(self.lines))
        ]
        bottom = tops[-1] + heights[-1] + (ROW if self.back else 0.0)
        return Layout(width, bottom, places, tuple(routes))

    def _rows(self) -> tuple[list[float], list[float]]:
        """The top and the height of every layer."""
        heights = [0.0] * len(self.layers)
        for box in self.boxes:
            layer = self.spots[self.box_spot[box.key]].layer
            heights[layer] = max(heights[layer], box.height)
        for layer in range(1, len(self.layers), 2):
            heights[layer] = LABEL if any(self.spots[spot].width for spot in self.layers[layer]) else 0.0
        tops, top = [], 0.0
        for height in heights:
            tops.append(top)
            top += height + ROW
        return tops, heights

    def _place(self, box: Box, tops: Sequence[float]) -> Place:
        spot = self.spots[self.box_spot[box.key]]
        return Place(round(spot.x - box.width / 2, 1), tops[spot.layer], box.width, box.height)

    def _lanes(self, places: Mapping[str, Place], right: float) -> tuple[dict[int, float], float]:
        """The x of each line that leads up, short ones inside of long ones; and how wide it all is."""
        found: dict[int, float] = {}
        for number in sorted(self.back, key=lambda number: (self._span(number, places), number)):
            half = max(LANE, self.lines[number].width + 8) / 2
            found[number] = right + half
            right += 2 * half
        return found, right

    def _span(self, number: int, places: Mapping[str, Place]) -> float:
        line = self.lines[number]
        return places[line.source].y - places[line.target].y

    def _down(self, number: int, places: Mapping[str, Place], tops: Sequence[float], heights: Sequence[float]) -> Route:
        line, chain = self.lines[number], self.chains[number]
        source, goal = places[line.source], places[line.target]
        first = self.spots[chain[0]].layer
        points = [(source.middle, source.y + source.height)]
        for step, spot in enumerate(chain[1:-1], start=first + 1):
            x = self.spots[spot].x
            points += [(x, tops[step]), (x, tops[step] + heights[step])]
        points.append((goal.middle, goal.y))
        label = (self.spots[chain[1]].x, tops[first + 1] + heights[first + 1] / 2) if line.width else None
        return Route(tuple(points), label, False)

    def _up(
        self, number: int, places: Mapping[str, Place], tops: Sequence[float], heights: Sequence[float], lane: float
    ) -> Route:
        """Down into the gap below the row, out to the right, up, and back in through the gap above the other row."""
        line = self.lines[number]
        source, goal = places[line.source], places[line.target]
        row = self.spots[self.box_spot[line.source]].layer
        below, above = tops[row] + heights[row] + ROW * 0.6, goal.y - ROW * 0.6
        points = (
            (source.middle, source.y + source.height),
            (source.middle, below),
            (lane, below),
            (lane, above),
            (goal.middle, above),
            (goal.middle, goal.y),
        )
        return Route(points, (lane, (below + above) / 2) if line.width else None, True)
