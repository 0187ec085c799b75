"""What is known about people, loaded for a whole batch: values only, for kinds that must not ask a database."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import reduce
from operator import or_

from django.db.models import Q

from contacts.base import ContactFacts, Needs, PastEvent
from contacts.models import Contact, Event, Membership

_COLUMNS = ("id", "external_id", "attributes", "locale", "country", "region", "timezone", "timezone_source")
_EVENT = ("id", "name", "occurred_at", "received_at", "properties")
NO_SEGMENTS: frozenset[str] = frozenset()
Past = dict[int, dict[str, tuple[PastEvent, ...]]]


def load(contact_ids: Sequence[int], needs: Needs, now: datetime) -> dict[int, ContactFacts]:
    """Facts by contact id, as of `now`; ids that are gone are missing. At most one query for contacts, events and segments each.

    Events are listed under the names that were asked for, a family under `message.*`.
    """
    ids = list(contact_ids)
    if not ids:
        return {}
    events = _events(ids, needs.events, now) if needs.events else {}
    segments = _segments(ids, needs.segments) if needs.segments else {}
    rows = Contact.objects.filter(pk__among=ids).order_by().values_list(*_COLUMNS)
    return {
        pk: ContactFacts(pk, *row, events.get(pk, {}), segments.get(pk, NO_SEGMENTS))  # type: ignore[call-arg]
        for pk, *row in rows
    }


def _events(ids: Sequence[int], wanted: Mapping[str, timedelta | None], now: datetime) -> Past:
    asked = reduce(or_, (_one(name, within, now) for name, within in wanted.items()))
    events = Event.objects.filter(asked, contact_id__among=ids, occurred_at__lte=now)
    found: dict[int, dict[str, list[PastEvent]]] = {}
    for contact_id, *values in events.order_by("-occurred_at", "-id").values_list("contact_id", *_EVENT):
        event = PastEvent(*values)
        mine = found.setdefault(contact_id, {})
        for name in _names(event, wanted, now):
            mine.setdefault(name, []).append(event)
    return {pk: {name: tuple(events) for name, events in mine.items()} for pk, mine in found.items()}


def _one(name: str, within: timedelta | None, now: datetime) -> Q:
    named = Q(name__startswith=name[:-1]) if name.endswith(".*") else Q(name=name)
    return named if within is None else named & Q(occurred_at__gt=now - within)


def _names(event: PastEvent, wanted: Mapping[str, timedelta | None], now: datetime) -> Iterable[str]:
    """Under which of the wanted names an event counts."""
    for name, within in wanted.items():
        named = event.name.startswith(name[:-1]) if name.endswith(".*") else event.name == name
        if named and (within is None or event.occurred_at > now - within):
            yield name


def _segments(ids: Sequence[int], keys: Iterable[str]) -> dict[int, frozenset[str]]:
    live = Membership.objects.filter(contact_id__among=ids, segment__key__in=list(keys), left_at=None)
    found: dict[int, set[str]] = {}
    for contact_id, key in live.values_list("contact_id", "segment__key"):
        found.setdefault(contact_id, set()).add(key)
    return {pk: frozenset(mine) for pk, mine in found.items()}
