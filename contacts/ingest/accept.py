"""Rows of items: contacts, events, consents and rejections of one request, in one transaction."""

import itertools
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction

from config import bulk
from contacts import consents, identity, timeline, traits
from contacts.ingest import grants, items
from contacts.ingest.body import too_deep
from contacts.ingest.items import Item, Payload
from contacts.ingest.refusals import BadItem
from contacts.ingest.sources import Sender
from contacts.models import Event, RejectedEvent
from contacts.storable import storable, text

REASON_LENGTH = 300


class Origin(NamedTuple):
    """Where the request came from: part of the proof of a consent."""

    ip: str = ""
    user_agent: str = ""


class Accepted(NamedTuple):
    """What became of a request: new events, events known already, and items with a line among the rejected."""

    new: int
    known: int
    rejected: int


class Rejection(NamedTuple):
    """An item that was left out, wholly or (a bad trait) in part."""

    reason: str
    payload: Any


def accept(
    sender: Sender, payloads: Sequence[Any], kind: str, envelope: items.Envelope, origin: Origin, now: datetime
) -> Accepted:
    """Make the payloads durable; when this returns, they are. The same message id twice is one event.

    `kind` is the call when all items are of one (`track`), else empty. Raises OperationalError if the database cannot.
    """
    found, rejections = _read(sender, payloads, kind, envelope)
    with transaction.atomic():
        fresh = _unknown(found)
        new = _write(sender, fresh, rejections, origin, now) if fresh else 0
        _keep(sender, rejections, now)
    return Accepted(new, len(found) - new, len(rejections))


def _read(
    sender: Sender, payloads: Sequence[Any], kind: str, envelope: items.Envelope
) -> tuple[list[Item], list[Rejection]]:
    found, rejections = [], []
    for payload in payloads:
        try:
            item = items.parse(payload, kind, envelope)
            grants.check(item, sender)
            found.append(item)
        except BadItem as error:
            rejections.append(Rejection(str(error), payload))
    return found, rejections


def _unknown(found: Sequence[Item]) -> list[Item]:
    """Without those that came before: a re-sent batch must not set traits back to what they were then."""
    first = {item.key: item for item in reversed(found)}
    known = set(Event.objects.filter(key__among=list(first)).values_list("key", flat=True))
    return [item for item in reversed(first.values()) if item.key not in known]


def _write(sender: Sender, fresh: Sequence[Item], rejections: list[Rejection], origin: Origin, now: datetime) -> int:
    contact_ids = _contacts(fresh, rejections, now)
    events = [
        timeline.NewEvent(contact_id, item.name, item.occurred_at, item.key, item.properties, sender.brand_id)
        for item, contact_id in zip(fresh, contact_ids, strict=True)
    ]
    recorded = timeline.record(events, now)
    by_key = {item.key: item for item in fresh}
    consents.record(
        [
            grant
            for _, event in recorded
            for grant in grants.of(by_key[event.key], event.contact_id, sender, origin.ip, origin.user_agent)
        ],
        now,
    )
    return len(recorded)


def _contacts(fresh: Sequence[Item], rejections: list[Rejection], now: datetime) -> list[int]:
    """The contact of each item. All at once, but for users who are renamed: what came before belongs to the old name."""
    renamed = _renamed(fresh)
    found: list[int] = []
    for renames, part in itertools.groupby(fresh, lambda item: _previous(item) in renamed):
        if renames:
            found += [identity.alias(_previous(item), item.user_id, now) for item in part]
        else:
            found += identity.resolve([_person(item, rejections) for item in part], now)
    return found


def _renamed(fresh: Sequence[Item]) -> set[str]:
    """Previous ids that are those of users; most aliases, and all of the browser SDK, are of visitors."""
    previous = {_previous(item) for item in fresh} - {""}
    if not previous:
        return previous
    return previous & {*identity.known(previous), *(item.user_id for item in fresh)}


def _previous(item: Item) -> str:
    return item.properties["previous_id"] if item.name == items.ALIASED else ""


def _person(item: Item, rejections: list[Rejection]) -> identity.Person:
    """Who an item is about. A bad trait is left out and told, the item stays."""
    anonymous_id = _previous(item) or item.anonymous_id
    if not item.traits:
        return identity.Person(item.user_id, anonymous_id)
    clean = traits.clean(item.traits)
    rejections.extend(Rejection(f"Accepted without a trait: {problem}", item.payload) for problem in clean.problems)
    return identity.Person(item.user_id, anonymous_id, clean)


def _keep(sender: Sender, rejections: Iterable[Rejection], now: datetime) -> None:
    rows = [
        {
            "source_id": sender.id,
            "received_at": now,
            "reason": text(rejection.reason)[:REASON_LENGTH],
            "message_id": _message_id(rejection.payload),
            "payload": storable(_shallow(rejection.payload)),
        }
        for rejection in rejections
    ]
    bulk.insert(RejectedEvent, rows)


def _message_id(payload: Any) -> str:
    said = payload.get("messageId") if isinstance(payload, dict) else ""
    return text(str(said or ""))[:240] if isinstance(said, str | int) else ""


def _shallow(payload: Any) -> Payload | list[Any] | str | float | None:
    """The payload, unless it is nested deeper than a database likes; then its first words."""
    if isinstance(payload, dict | list) and too_deep(payload):
        return {"cut": _first_words(payload)}
    return payload  # type: ignore[no-any-return]


def _first_words(payload: dict[str, Any] | list[Any]) -> str:
    pairs = payload.items() if isinstance(payload, dict) else enumerate(payload)
    return ", ".join(f"{key}: {value}" for key, value in pairs if not isinstance(value, dict | list))[:1000]
