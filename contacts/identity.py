"""Who is it? From the ids that systems use to the contact, made if need be: a whole batch at once.

No locks are taken to find out. What two batches might both make (a contact of an external ID, an owner of an anonymous
ID) is protected by unique keys; whoever comes second looks again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import IntegrityError, transaction

from config import bulk
from contacts import profiles, rechecks
from contacts.models import AnonymousId, Contact
from contacts.traits import Clean

NOTHING_SAID = Clean()
ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as an event names them: `external_id` (userId), `anonymous_id`, or both, with what it says about them."""

    external_id: str = ""
    anonymous_id: str = ""
    clean: Clean = NOTHING_SAID


@dataclass(slots=True, eq=False)
class _Someone:
    """One contact of the batch; `id` is 0 until it is made."""

    id: int
    external_id: str
    known_as: str = ""
    """The external ID that is stored."""
    said: list[Clean] = field(default_factory=list)


class _Raced(Exception):
    """Another transaction made one of our rows first."""


def resolve(people: Sequence[Person], now: datetime) -> list[int]:
    """The contact ids of these people, in order; unknown people become contacts, and what was said is merged (later wins).

    A constant number of queries. A visitor (anonymous ID alone) who turns out to be a user nobody knew yet stays the same
    contact; of a user who is known already, the visitor's ID is his from now on, and what the visitor did before stays
    with the visitor's contact. Raises ValueError for a person without any id.
    """
    if any(not (person.external_id or person.anonymous_id) for person in people):
        raise ValueError("A person needs an external_id, an anonymous_id, or both.")
    if not people:
        return []
    for _ in range(ATTEMPTS - 1):
        try:
            with transaction.atomic():
                return _resolve(people, now)
        except (_Raced, IntegrityError):
            continue
    with transaction.atomic():
        return _resolve(people, now)


def alias(previous_id: str, user_id: str, now: datetime) -> int:
    """Say that `previous_id`, a visitor's or a user's ID until now, is the user `user_id`; returns that contact's id.

    A known user whose new ID nobody has yet is renamed. If both are known users they stay two contacts.
    """
    with transaction.atomic():
        renamed = Contact.objects.filter(external_id=previous_id).exclude(external_id="").first()
        if renamed and not Contact.objects.filter(external_id=user_id).exists():
            Contact.objects.filter(pk=renamed.pk).update(external_id=user_id, updated_at=now)
            return renamed.pk
        return resolve([Person(user_id, "" if renamed else previous_id)], now)[0]


def _resolve(people: Sequence[Person], now: datetime) -> list[int]:
    by_external = _users(people)
    by_anonymous = _visitors(people, by_external)
    owners = {value: someone.id for value, someone in by_anonymous.items()}
    found = [_find(person, by_external, by_anonymous) for person in people]
    everyone = list(dict.fromkeys(found))
    _create([someone for someone in everyone if not someone.id], now)
    _link(by_anonymous, owners)
    profiles.merge(
        {someone.id: someone.said for someone in everyone if someone.said},
        {someone.id: someone.external_id for someone in everyone if someone.external_id != someone.known_as},
        now,
    )
    return [someone.id for someone in found]


def _find(person: Person, by_external: dict[str, _Someone], by_anonymous: dict[str, _Someone]) -> _Someone:
    """Who it is, given those before it in the batch."""
    someone = by_anonymous.get(person.anonymous_id)
    if person.external_id:
        user = by_external.get(person.external_id)
        if user is None:
            user = someone if someone and not someone.external_id else _Someone(0, "")
            user.external_id = person.external_id
            by_external[person.external_id] = user
        someone = user
    elif someone is None:
        someone = _Someone(0, "")
    if person.anonymous_id:
        by_anonymous[person.anonymous_id] = someone
    if person.clean:
        someone.said.append(person.clean)
    return someone


def _users(people: Iterable[Person]) -> dict[str, _Someone]:
    ids = list({person.external_id for person in people if person.external_id})
    if not ids:
        return {}
    rows = Contact.objects.filter(external_id__among=ids).exclude(external_id="").values_list("external_id", "pk")
    return {external_id: _Someone(pk, external_id, external_id) for external_id, pk in rows}


def _visitors(people: Iterable[Person], users: Mapping[str, _Someone]) -> dict[str, _Someone]:
    values = list({person.anonymous_id for person in people if person.anonymous_id})
    if not values:
        return {}
    rows = AnonymousId.objects.filter(value__among=values).values_list("value", "contact_id", "contact__external_id")
    contacts = {someone.id: someone for someone in users.values()}
    found = {}
    for value, pk, external_id in rows:
        found[value] = contacts.setdefault(pk, _Someone(pk, external_id, external_id))
    return found


def _create(newcomers: Sequence[_Someone], now: datetime) -> None:
    """Insert them, sorted by external ID: batches that share new people wait for each other, never in a circle."""
    if not newcomers:
        return
    newcomers = sorted(newcomers, key=lambda someone: someone.external_id)
    rows = [profiles.row(someone.external_id, someone.said, now) for someone in newcomers]
    made = sorted(bulk.insert(Contact, rows, ignore_conflicts=True, returning=("id",)))
    if len(made) < len(rows):
        raise _Raced
    # Ids are given in the order of insertion, so the n-th id is the n-th row's.
    for someone, (pk,), row in zip(newcomers, made, rows, strict=True):
        someone.id, someone.known_as = pk, someone.external_id
        row["id"] = pk
    profiles.add_addresses([(someone.id, said) for someone in newcomers for said in someone.said], now)
    rechecks.after_arrival(rows, now)
    for someone in newcomers:
        someone.said = []


def _link(by_anonymous: Mapping[str, _Someone], owners: Mapping[str, int]) -> None:
    """Store whose the anonymous ids are."""
    new = [{"value": value, "contact_id": by_anonymous[value].id} for value in sorted(by_anonymous.keys() - owners)]
    if len(bulk.insert(AnonymousId, new, ignore_conflicts=True, returning=("id",))) < len(new):
        raise _Raced
    moved = sorted(value for value, owner in owners.items() if by_anonymous[value].id != owner)
    bulk.update(AnonymousId, [{"value": v, "contact_id": by_anonymous[v].id} for v in moved], key="value")
