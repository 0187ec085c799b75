"""Pages made of cards that several floors contribute: the home page, the operations page, a contact's page.

A page owns a `Board`; each floor registers its cards there in `AppConfig.ready()`, so that a lower floor's page can show
what only a higher one knows.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from django.template.loader import render_to_string

log = logging.getLogger("waymark.cards")


@dataclass(frozen=True)
class Card:
    """One card. Shown to those who hold `permission` (empty: to all staff), by `order`; a `wide` one takes the whole row.

    `context` gets what the page passes (the home page: request and now); its template gets what it returns, and `card`.
    """

    key: str
    title: str
    template: str
    context: Callable[..., dict[str, Any]]
    permission: str = ""
    order: int = 50
    wide: bool = False


@dataclass(frozen=True)
class Drawn:
    """A card with its HTML; `html` is empty if it could not be drawn."""

    card: Card
    html: str


class Board:
    """The cards of one page."""

    def __init__(self) -> None:
        self._cards: dict[str, Card] = {}

    def register(self, card: Card) -> None:
        """A second card of the same key replaces the first (reloads)."""
        self._cards[card.key] = card

    def cards(self, request: HttpRequest, *about: Any) -> list[Card]:
        """The cards that this user may see, in order; on the page of a thing, those that they may see of it."""
        thing = about[0] if about and isinstance(about[0], Model) else None
        allowed = (c for c in self._cards.values() if not c.permission or request.user.has_perm(c.permission, thing))
        return sorted(allowed, key=lambda card: (card.order, card.key))

    def draw(self, request: HttpRequest, *about: Any) -> list[Drawn]:
        """The allowed cards as HTML; `about` is passed on to each card's `context`, after the request."""
        return [Drawn(card, _html(card, request, about)) for card in self.cards(request, *about)]


def _html(card: Card, request: HttpRequest, about: tuple[Any, ...]) -> str:
    try:
        return render_to_string(card.template, {**card.context(request, *about), "card": card}, request)
    except Exception:  # one broken card must not take the page away
        log.exception("The card %s could not be drawn", card.key)
        return ""
