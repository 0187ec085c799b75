"""What goes into a layout and what comes out of it: boxes and lines, places and routes."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Box:
    """Something with a size, in pixels."""

    key: str
    width: float
    height: float


@dataclass(frozen=True)
class Line:
    """From one box to another; its label needs `width` pixels (0: it has none)."""

    source: str
    target: str
    width: float = 0


@dataclass(frozen=True)
class Place:
    """Where a box stands: its upper left corner, its size."""

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        """The x of its centre."""
        return self.x + self.width / 2


@dataclass(frozen=True)
class Route:
    """The points that a line passes, and where the middle of its label is. `back`: it leads up again, along the right side."""

    points: tuple[tuple[float, float], ...]
    label: tuple[float, float] | None
    back: bool


@dataclass(frozen=True)
class Layout:
    """Everything in its place. `routes` stand in the order of the lines."""

    width: float
    height: float
    places: Mapping[str, Place]
    routes: tuple[Route, ...]
