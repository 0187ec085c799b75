"""Numbers on this floor's pages, which only the floor above can count: it provides them in `AppConfig.ready()`.

    figures.provide(funnel=reports.funnel, journeys=reports.journeys)
    figures.board.register(figures.Card("funnel", "Funnel", "analytics/funnel.html", …))

Without a provider the pages show no numbers.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Protocol

from config.cards import Board, Card
from journeys.models import Journey, Version

__all__ = ["Board", "Card", "board", "funnel", "journeys", "provide"]

board = Board()
"""Cards on a journey's page: `context(request, version, now)`."""


class StepFigures(Protocol):
    """One step: how often somebody came, and what became of its messages."""

    @property
    def key(self) -> str: ...
    @property
    def entered(self) -> int: ...
    @property
    def sent(self) -> int: ...
    @property
    def blocked(self) -> int: ...


class Funnel(Protocol):
    """A version as a whole, and step by step."""

    @property
    def entered(self) -> int: ...
    @property
    def inside(self) -> int: ...
    @property
    def converted(self) -> int: ...
    @property
    def revenue(self) -> Decimal: ...
    @property
    def conversion_rate(self) -> float: ...
    @property
    def steps(self) -> Sequence[Any]: ...


class JourneyFigures(Protocol):
    """A journey over all its versions."""

    @property
    def journey(self) -> Journey: ...
    @property
    def inside(self) -> int: ...


_funnel: Callable[[Version], Funnel] | None = None
_journeys: Callable[[list[Journey]], Sequence[JourneyFigures]] | None = None


def provide(
    *, funnel: Callable[[Version], Funnel], journeys: Callable[[list[Journey]], Sequence[JourneyFigures]]
) -> None:
    """Say who counts; the last one wins (reloads)."""
    global _funnel, _journeys
    _funnel, _journeys = funnel, journeys


def funnel(version: Version) -> Funnel | None:
    """The all-time figures of a version; None when nobody counts."""
    return _funnel(version) if _funnel else None


def journeys(found: list[Journey]) -> dict[int, JourneyFigures]:
    """The all-time figures of these journeys by id."""
    return {figures.journey.pk: figures for figures in _journeys(found)} if _journeys and found else {}
