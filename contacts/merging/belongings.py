"""What hangs on a contact and goes over to the other when two are one; each floor registers what it keeps.

A kind of belonging is moved by one contact's id, and says what it moved, so that an undo gives back just that.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import models

from config import ledger

Record = dict[str, list[Any]]
"""What was moved, as lists of plain values: a second round adds to them."""


@dataclass(frozen=True, slots=True)
class Move:
    """From `other` to `kept`, both locked. `same` are addresses that both had: the other's id and the kept one's."""

    kept: int
    other: int
    now: datetime
    same: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Belonging:
    """`move` takes everything that the other has at this moment; `give_back` returns what is still with the kept one."""

    name: str
    move: Callable[[Move], Record]
    give_back: Callable[[Move, Record], None]
    order: int = 50


_registered: dict[str, Belonging] = {}


def register(belonging: Belonging) -> None:
    """Called from `AppConfig.ready()`; a second one of the same name replaces the first (reloads)."""
    _registered[belonging.name] = belonging


def registered() -> list[Belonging]:
    """All of them, in the order in which they are moved and locked."""
    return sorted(_registered.values(), key=lambda one: (one.order, one.name))


def rows(name: str, model: type[models.Model], column: str = "contact_id", order: int = 50) -> Belonging:
    """Rows that simply name their contact, whatever else they say."""

    def move(here: Move) -> Record:
        ids = hand_over(model, model._default_manager.filter(**{column: here.other}), column, here.kept)
        return {"ids": ids}

    def give_back(here: Move, record: Record) -> None:
        theirs = model._default_manager.filter(pk__among=record["ids"], **{column: here.kept})
        hand_over(model, theirs, column, here.other)

    return Belonging(name, move, give_back, order)


def hand_over(model: type[models.Model], found: models.QuerySet[Any], column: str, owner: int) -> list[int]:
    """Give these rows to another contact; their ids. They are locked in the order of ids, as everybody locks them."""
    ids = list(found.order_by("pk").select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
    model._default_manager.filter(pk__among=ids).update(**{column: owner})
    return ids


def rows_of_a_ledger(name: str, model: type[models.Model], order: int = 50) -> Belonging:
    """Rows of an append-only table, whose contact is no part of what they tell."""
    plain = rows(name, model, order=order)

    def move(here: Move) -> Record:
        with ledger.unlocked():
            return plain.move(here)

    def give_back(here: Move, record: Record) -> None:
        with ledger.unlocked():
            plain.give_back(here, record)

    return Belonging(name, move, give_back, order)
