"""Who is it? From the ids that systems use to the contact, made if need be: a whole batch at once.

No locks are taken to find out. What two batches might both make (a contact of an external ID, an owner of an anonymous
ID) is protected by unique keys; whoever comes second looks again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import IntegrityError, transaction

from config import bulk
from contacts import merging, owners, profiles, rechecks
from contacts.models import AnonymousId, Contact, FormerId
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
    into: "_Someone | None" = None
    """The user that a visitor turned out to be, who was known already: the two are merged."""

    def really(self) -> "_Someone":
        """Who this is, as far as the batch has told."""
        return self.into.really() if self.into else self


class _Raced(Exception):
    """Another transaction made one of our rows first."""


def resolve(people: Sequence[Person], now: datetime) -> list[int]:
    """The contact ids of these people, in order; unknown people become contacts, and what was said is merged (later wins).

    A constant number of queries, and those of a merge for each one. A visitor (anonymous ID alone) who turns out to be a
    user nobody knew yet stays the same contact; if the user is known already, the visitor's contact is merged into the
    user's. Raises ValueError for a person without any id.
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

    A known user whose new ID nobody has yet is renamed. If both are known users they are merged.
    """
    with transaction.atomic():
        found = known([previous_id, user_id])
        before, after = found.get(previous_id), found.get(user_id)
        if before is None:
            return resolve([Person(user_id, previous_id)], now)[0]
        if after is None:
            Contact.objects.filter(pk=before).update(external_id=user_id, updated_at=now)
            return before
        if before != after:
            merging.merge(after, before, now, source="alias")
        return after


def known(external_ids: Iterable[str]) -> dict[str, int]:
    """The contacts of users by external ID, the one that they have or had before they were merged; at most two queries."""
    wanted = {external_id for external_id in external_ids if external_id}
    if not wanted:
        return {}
    users = Contact.objects.filter(external_id__among=list(wanted)).exclude(external_id="")
    found = dict(users.values_list("external_id", "pk"))
    if missing := wanted - found.keys():
        former = FormerId.objects.filter(value__among=list(missing))
        found |= dict(former.values_list("value", "contact_id"))
    return found


def _resolve(people: Sequence[Person], now: datetime) -> list[int]:
    by_external = _users(people)
    by_anonymous = _visitors(people, by_external)
    owners_of = {value: someone.id for value, someone in by_anonymous.items()}
    visitors = list(dict.fromkeys(by_anonymous.values()))
    found = [_find(person, by_external, by_anonymous) for person in people]
    found = [someone.really() for someone in found]
    everyone = list(dict.fromkeys(found))
    _create([someone for someone in everyone if not someone.id], now)
    merged = _merge(visitors, everyone, now)
    _link(by_anonymous, {value: merged.get(owner, owner) for value, owner in owners_of.items()})
    profiles.merge(
        {someone.id: someone.said for someone in everyone if someone.said},
        {someone.id: someone.external_id for someone in everyone if someone.external_id != someone.known_as},
        now,
    )
    return [someone.id for someone in found]


def _find(person: Person, by_external: dict[str, _Someone], by_anonymous: dict[str, _Someone]) -> _Someone:
    """Who it is, given those before it in the batch."""
    visitor = by_anonymous.get(person.anonymous_id)
    someone = visitor.really() if visitor else None
    if person.external_id:
        user = by_external.get(person.external_id)
        if user is None:
            user = someone if someone and not someone.external_id else _Someone(0, "")
            user.external_id = person.external_id
            by_external[person.external_id] = user
        elif someone and someone is not user and not someone.external_id:
            someone.into = user
            user.said += someone.said
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
    by_id: dict[int, _Someone] = {}
    return {
        external_id: by_id.setdefault(pk, _Someone(pk, external_id, external_id))
        for external_id, pk in known(ids).items()
    }


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


def _merge(visitors: Iterable[_Someone], everyone: Iterable[_Someone], now: datetime) -> dict[int, int]:
    """Merge the visitors who turned out to be known users; whose they are now, by their contact's id.

    Everybody of the batch is locked at once: what comes after locks some of them, and must not do so in a circle.
    """
    wanted = {one.id: one.really().id for one in visitors if one.id and one.into}
    if not wanted:
        return {}
    owners.lock([*wanted, *(someone.id for someone in everyone)])
    if Contact.objects.filter(pk__among=[*wanted, *wanted.values()], merged_into__isnull=False).exists():
        raise _Raced
    for visitor, user in sorted(wanted.items()):
        merging.merge(user, visitor, now, source="identify")
    return wanted


def _link(by_anonymous: Mapping[str, _Someone], owners: Mapping[str, int]) -> None:
    """Store whose the anonymous ids are."""
    new = [
        {"value": value, "contact_id": by_anonymous[value].really().id}
        for value in sorted(by_anonymous.keys() - owners)
    ]
    if len(bulk.insert(AnonymousId, new, ignore_conflicts=True, returning=("id",))) < len(new):
        raise _Raced
    moved = sorted(value for value, owner in owners.items() if by_anonymous[value].really().id != owner)
    bulk.update(AnonymousId, [{"value": v, "contact_id": by_anonymous[v].really().id} for v in moved], key="value")
