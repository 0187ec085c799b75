"""The addresses of two who are one: all go over, those that both had are one, and the newest of a kind is in use."""

from datetime import datetime
from typing import Any

from config import bulk
from contacts.merging.belongings import Move, Record
from contacts.models import Address

COLUMNS = ("id", "kind", "value", "digest", "validity", "validity_reason", "created_at")
INVALID = Address.Validity.INVALID.value
UNKNOWN = Address.Validity.UNKNOWN.value


def shared(kept: int, other: int) -> dict[int, int]:
    """Addresses of the other that the kept one has too, each with the kept one's."""
    mine = {(kind, value): pk for pk, kind, value in _of(kept).values_list("pk", "kind", "value")}
    theirs = _of(other).values_list("pk", "kind", "value")
    return {pk: mine[kind, value] for pk, kind, value in theirs if (kind, value) in mine}


def move(here: Move) -> Record:
    """Bring them over. Of one that both had, the later date and the worse news are kept."""
    fresh = _of(here.other).exclude(pk__in=list(here.same))
    ids = list(fresh.values_list("pk", flat=True))
    fresh.update(contact_id=here.kept)
    dropped, changed = [], []
    for old, mine in sorted(here.same.items()):
        one, twin = Address.objects.get(pk=old), Address.objects.get(pk=mine)
        before, after = _news(twin), _merged(twin, one)
        if before != after:
            Address.objects.filter(pk=mine).update(**after)
            changed.append([mine, _plain(before), _plain(after)])
        dropped.append([*_plain({name: getattr(one, name) for name in COLUMNS}).values(), mine])
        one.delete()
    return {"ids": ids, "dropped": dropped, "changed": changed}


def give_back(here: Move, record: Record) -> None:
    """Return them. What was learnt about an address in between stays with it."""
    _of(here.kept).filter(pk__among=record["ids"]).update(contact_id=here.other)
    bulk.insert(Address, [_row(values, here.other) for *values, _ in record["dropped"]], ignore_conflicts=True)
    for pk, before, after in record["changed"]:
        Address.objects.filter(pk=pk, **_read(after)).update(**_read(before))


def _of(contact_id: int) -> Any:
    return Address.objects.filter(contact_id=contact_id).order_by("pk")


def _news(address: Address) -> dict[str, Any]:
    return {name: getattr(address, name) for name in COLUMNS[4:]}


def _merged(mine: Address, theirs: Address) -> dict[str, Any]:
    says = theirs if mine.validity == UNKNOWN or theirs.validity == INVALID else mine
    latest = max(mine.created_at, theirs.created_at)
    return {"validity": says.validity, "validity_reason": says.validity_reason, "created_at": latest}


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {**values, "created_at": values["created_at"].isoformat()}


def _read(values: dict[str, Any]) -> dict[str, Any]:
    return {**values, "created_at": datetime.fromisoformat(values["created_at"])}


def _row(values: list[Any], owner: int) -> dict[str, Any]:
    return {**_read(dict(zip(COLUMNS, values, strict=True))), "contact_id": owner}
