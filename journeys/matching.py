"""Does this event concern this person's stay, exit or goal?"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from contacts import comparisons
from contacts.base import PastEvent
from contacts.models import Event
from journeys.base import THIS_VISIT, Awaited

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Occurrence(PastEvent):
    """An event with the person it happened to, and the brand it belongs to (None: all)."""

    contact_id: int
    brand_id: int | None

    def of_brand(self, brand_id: int) -> bool:
        """Whether a journey of this brand sees it."""
        return self.brand_id is None or self.brand_id == brand_id

    def later_than(self, since: datetime, event_id: int | None) -> bool:
        """Whether it came after the event with this instant and id (events of one instant: by id)."""
        return (self.occurred_at, self.id) > (since, event_id or 0)


COLUMNS = ("id", "name", "occurred_at", "received_at", "properties", "contact_id", "brand_id")


def occurrences(events: Any) -> list[Occurrence]:
    """The rows of a query on Event, in the order in which they happened."""
    found = [Occurrence(*row) for row in events.order_by().values_list(*COLUMNS)]
    found.sort(key=lambda event: (event.occurred_at, event.id))
    return found


def by_id(event_ids: Iterable[int]) -> dict[int, PastEvent]:
    """Events by their ids."""
    ids = list(event_ids)
    if not ids:
        return {}
    rows = Event.objects.filter(id__in=ids).order_by()
    return {row[0]: PastEvent(*row) for row in rows.values_list(*COLUMNS[:5])}


def named(name: str, names: Iterable[str]) -> bool:
    """Whether one of `names` is this name, or its family (`message.*`)."""
    return any(name == one or (one.endswith(".*") and name.startswith(one[:-1])) for one in names)


def matches(awaited: Awaited, event: PastEvent) -> bool:
    """Whether the event is one that is waited for."""
    return named(event.name, awaited.names) and (
        not awaited.where or comparisons.holds(awaited.where, event.properties)
    )


def wakes(awaits: Sequence[Mapping[str, Any]], event: PastEvent, visit: int | None) -> bool:
    """Whether the event wakes a stay that was stored with these `awaits`."""
    for one in awaits:
        if named(event.name, one["names"]) and comparisons.holds(_where(one["where"], visit), event.properties):
            return True
    return False


def stored(awaits: Iterable[Awaited]) -> list[dict[str, Any]]:
    """`awaits` as they are kept in the enrolment's row."""
    return [{"names": list(one.names), "where": [dict(comparison) for comparison in one.where]} for one in awaits]


def _where(where: Sequence[Mapping[str, Any]], visit: int | None) -> list[Mapping[str, Any]]:
    return [
        {**comparison, "value": f"visit:{visit}"} if comparison.get("value") == THIS_VISIT else comparison
        for comparison in where
    ]


class ByName(Generic[T]):
    """Things looked up by the name of an event, families (`message.*`) included."""

    def __init__(self, pairs: Iterable[tuple[str, T]]) -> None:
        self._pairs = list(pairs)
        self._found: dict[str, list[T]] = {}

    def __getitem__(self, name: str) -> list[T]:
        if name not in self._found:
            self._found[name] = [thing for pattern, thing in self._pairs if named(name, (pattern,))]
        return self._found[name]

    def __bool__(self) -> bool:
        return bool(self._pairs)
