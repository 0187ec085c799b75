"""What is known about a contact, merged from what is said: attributes, columns and addresses, set by set."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from config import bulk
from contacts import addresses, rechecks
from contacts.models import Address, Contact
from contacts.storable import text
from contacts.traits import DEVICE_ZONE, Clean

COLUMNS = ("locale", "country", "region", "timezone")
_STORED = ("external_id", "attributes", *COLUMNS, "timezone_source")
Row = dict[str, Any]
ZoneSource = Contact.ZoneSource


def row(external_id: str, said: Iterable[Clean], now: datetime) -> Row:
    """A new contact's row."""
    empty: Row = {"external_id": external_id, "attributes": {}, **dict.fromkeys((*COLUMNS, "timezone_source"), "")}
    return {**_merged(empty, said), "created_at": now, "updated_at": now}


def merge(said: Mapping[int, Sequence[Clean]], claimed: Mapping[int, str], now: datetime) -> None:
    """Merge what was said into known contacts; `claimed` are visitors' contacts with the external ID they get.

    Contacts that nothing new was said about are neither locked nor written.
    """
    if not said and not claimed:
        return
    stored = _read([*said, *claimed], lock=False)
    changed = [pk for pk, before in stored.items() if _change(pk, before, said, claimed)]
    if changed:
        _write(_read(changed, lock=True), said, claimed, now)
    _add_new_addresses(said, now)


def add_addresses(said: Iterable[tuple[int, Clean]], now: datetime) -> None:
    """Insert the addresses of contacts that had none of them; the same one twice is one."""
    found = {key: None for pk, clean in said for key in _addresses(pk, clean)}
    rows = [
        {
            "contact_id": pk,
            "kind": kind,
            "value": value,
            "digest": addresses.digest(kind, value),
            "created_at": now,
        }
        for pk, kind, value in sorted(found)
    ]
    bulk.insert(Address, rows, ignore_conflicts=True)
    _take_over_devices({value: pk for pk, kind, value in found if kind == Address.Kind.PUSH})


def _take_over_devices(owners: Mapping[str, int]) -> None:
    """A device is its newest owner's alone: whoever logged out on it must not be written to on it any more."""
    if owners:
        rows = Address.objects.filter(kind=Address.Kind.PUSH, value__among=list(owners)).order_by("pk")
        lost = [
            pk for pk, contact_id, value in rows.values_list("pk", "contact_id", "value") if owners[value] != contact_id
        ]
        if lost:
            Address.objects.filter(pk__in=lost).delete()


def _merged(before: Row, said: Iterable[Clean]) -> Row:
    after = {**before, "attributes": dict(before["attributes"])}
    for clean in said:
        for name, value in clean.attributes.items():
            if value is None:
                after["attributes"].pop(name, None)
            else:
                after["attributes"][name] = value
        for column in COLUMNS:
            if value := getattr(clean, column):
                after[column] = value
        if clean.timezone:
            after["timezone_source"] = ZoneSource.PERSON.value
        elif (device := clean.attributes.get(DEVICE_ZONE)) and _may_follow_the_device(after):
            after |= {"timezone": device, "timezone_source": ZoneSource.DEVICE.value}
    return after


def _may_follow_the_device(known: Row) -> bool:
    """Only where nobody has said another zone."""
    return not known["timezone"] or known["timezone_source"] == ZoneSource.DEVICE


def _change(pk: int, before: Row, said: Mapping[int, Sequence[Clean]], claimed: Mapping[int, str]) -> Row | None:
    """The row as it should be; None if it is so already."""
    after = _merged(before, said.get(pk, ()))
    after["external_id"] = claimed.get(pk, after["external_id"])
    # As text: 1, 1.0 and true are equal in Python, but different things to say.
    return None if bulk.dumps(after) == bulk.dumps(before) else after


def _read(ids: Iterable[int], *, lock: bool) -> dict[int, Row]:
    """Stored rows by id. Locked in the order of ids, and not against those who only refer to the contact."""
    contacts = Contact.objects.filter(pk__among=list(set(ids))).order_by("pk")
    if lock:
        contacts = contacts.select_for_update(of=("self",), no_key=True)
    return {pk: dict(zip(_STORED, values, strict=True)) for pk, *values in contacts.values_list("pk", *_STORED)}


def _write(
    stored: Mapping[int, Row], said: Mapping[int, Sequence[Clean]], claimed: Mapping[int, str], now: datetime
) -> None:
    rows, names = [], {}
    for pk, before in stored.items():
        if after := _change(pk, before, said, claimed):
            rows.append({"id": pk, **after, "updated_at": now})
            names[pk] = _names_changed(before, after)
    bulk.update(Contact, rows)
    rechecks.after_changes(names, now)


def _names_changed(before: Row, after: Row) -> set[str]:
    """The attributes and columns that differ."""
    old, new = before["attributes"], after["attributes"]
    attributes = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
    return attributes | {name for name in (*COLUMNS, "external_id") if before[name] != after[name]}


def _add_new_addresses(said: Mapping[int, Sequence[Clean]], now: datetime) -> None:
    """Insert those not known; one that is said again after another becomes the current one of its kind again."""
    latest = {(pk, kind): value for pk, cleans in said.items() for c in cleans for pk, kind, value in _addresses(pk, c)}
    if not latest:
        return
    ids = list({pk for pk, _ in latest})
    rows = Address.objects.filter(contact_id__among=ids).order_by("created_at", "pk")
    known = {
        (pk, kind, value): address for address, pk, kind, value in rows.values_list("pk", "contact_id", "kind", "value")
    }
    current = {(pk, kind): value for pk, kind, value in known}
    again = [
        known[pk, kind, value]
        for (pk, kind), value in latest.items()
        if (pk, kind, value) in known and current[pk, kind] != value
    ]
    if again:
        Address.objects.filter(pk__among=again).update(created_at=now)
    fresh = [(pk, c) for pk, cleans in said.items() for c in cleans if any(a not in known for a in _addresses(pk, c))]
    add_addresses(fresh, now)


def _addresses(pk: int, clean: Clean) -> list[tuple[int, str, str]]:
    kinds = Address.Kind
    pairs = ((kinds.EMAIL.value, clean.email), (kinds.PHONE.value, clean.phone), (kinds.PUSH.value, clean.device_token))
    return [(pk, kind, text(value)) for kind, value in pairs if value]
