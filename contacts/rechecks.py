"""What just happened may move people into segments or out of them: notes of whom to look at, in the same transaction.

Cheap where no segment cares: one small query tells which events and attributes the segments look at.
"""

import functools
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db.models import TextField
from django.db.models.functions import Cast

from config import bulk
from contacts import logic
from contacts.base import ContactFacts
from contacts.models import Recheck, Segment
from contacts.timeline import NewEvent

ENTERED, LEFT = "segment.entered", "segment.left"
_NOBODY = ContactFacts(id=0)
_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)


class Watch(NamedTuple):
    """What one condition depends on. `newcomers`: whether it holds for somebody about whom nothing is known."""

    events: frozenset[str]
    families: tuple[str, ...]
    segments: frozenset[str]
    attributes: frozenset[str]
    newcomers: bool

    def sees(self, event: NewEvent) -> bool:
        """Whether the event can change the answer."""
        if event.name in self.events or event.name.startswith(self.families):
            return True
        return event.name in (ENTERED, LEFT) and event.properties.get("segment") in self.segments


def after_events(recorded: Iterable[tuple[int, NewEvent]], now: datetime) -> None:
    """Note the contacts of new events that a segment looks at."""
    if watches := _watches():
        _note({(pk, e.contact_id) for pk, watch in watches.items() for _, e in recorded if watch.sees(e)}, now)


def after_changes(names: Mapping[int, Iterable[str]], now: datetime) -> None:
    """Note the contacts of whom these attributes or columns changed."""
    if names and (watches := _watches()):
        _note(
            {(pk, c) for pk, watch in watches.items() for c, some in names.items() if watch.attributes & set(some)}, now
        )


def after_arrival(rows: Sequence[Mapping[str, Any]], now: datetime) -> None:
    """Note new contacts (rows with id, attributes and columns)."""
    if not rows or not (watches := _watches()):
        return
    names = {row["id"]: {*row["attributes"], *(name for name, value in row.items() if value)} for row in rows}
    _note(
        {
            (pk, contact)
            for pk, watch in watches.items()
            for contact, some in names.items()
            if watch.newcomers or watch.attributes & some
        },
        now,
    )


def after_edit(contact_id: int, now: datetime) -> None:
    """Note one contact, saved by hand, for every segment."""
    _note({(pk, contact_id) for pk in Segment.objects.values_list("pk", flat=True)}, now)


def _note(pairs: Iterable[tuple[int, int]], now: datetime) -> None:
    bulk.insert(Recheck, [{"segment_id": s, "contact_id": c, "created_at": now} for s, c in sorted(pairs)])


def _watches() -> dict[int, Watch]:
    """By segment id. Read anew each time (another process may have added a segment), but parsed once per condition."""
    rows = Segment.objects.order_by().annotate(text=Cast("condition", TextField())).values_list("pk", "text")
    return {pk: watch for pk, text in rows if (watch := _watch(text))}


@functools.lru_cache(maxsize=1024)
def _watch(condition: str) -> Watch | None:
    """None for a condition that is not one (yet): its refresh tells what is wrong."""
    tree = json.loads(condition)
    if logic.check(tree):
        return None
    needs = logic.needs(tree)
    return Watch(
        frozenset(needs.events),
        tuple(name[:-1] for name in needs.events if name.endswith(".*")),
        needs.segments,
        logic.attributes(tree),
        logic.holds(tree, _NOBODY, _ANY_TIME),
    )
