"""Who has this address? Several people may share one; nobody is made unless it is asked for."""

from collections.abc import Collection
from datetime import datetime

from config import bulk
from contacts import addresses, profiles, rechecks
from contacts.models import Address, Contact, FormerId
from contacts.traits import Clean


def of(digest: str) -> list[int]:
    """The ids of the contacts with this address, the oldest contact first."""
    rows = Address.objects.filter(digest=digest).order_by("contact_id")
    return list(rows.values_list("contact_id", flat=True).distinct())


def current(contact_ids: list[int], kind: str) -> dict[int, str]:
    """The digest of the address of this kind that each of them is written to: the newest."""
    rows = Address.objects.filter(contact_id__in=contact_ids, kind=kind).order_by("created_at", "id")
    return dict(rows.values_list("contact_id", "digest"))


def today(contact_id: int) -> int | None:
    """The contact that this one is now, through all merges; None if it is gone. One query for who was never merged."""
    seen: set[int] = set()
    here: int | None = contact_id
    while here is not None and here not in seen:
        seen.add(here)
        found = Contact.objects.filter(pk=here).values_list("merged_into_id").first()
        if found is None:
            return None
        if found[0] is None:
            return here
        here = found[0]
    return None


def kept(contact_id: int) -> int:
    """The contact that this one was merged into; itself if it was not, or is gone."""
    return today(contact_id) or contact_id


def with_external_id(value: str) -> int | None:
    """Whose id in other systems this is, or was before a merge; None if it is nobody's."""
    rows = Contact.objects.filter(external_id=value).exclude(external_id="").values_list("pk", flat=True)
    former = FormerId.objects.filter(value=value).values_list("contact_id", flat=True)
    return rows.first() or former.first()


def with_external_ids(values: Collection[str]) -> dict[str, int]:
    """The same for many: whose id each is that is somebody's. Two queries."""
    wanted = list(filter(None, values))
    former = FormerId.objects.filter(value__in=wanted).values_list("value", "contact_id")
    return {**dict(former), **dict(Contact.objects.filter(external_id__in=wanted).values_list("external_id", "pk"))}


def lock(contact_ids: list[int]) -> None:
    """Hold these contacts until the transaction ends, in the order in which everybody takes them."""
    rows = Contact.objects.filter(pk__in=contact_ids).order_by("pk")
    list(rows.select_for_update(of=("self",), no_key=True).values_list("pk"))


def newcomer(kind: str, value: str, now: datetime) -> int:
    """The id of a new contact of whom only this address (normalised) is known."""
    said = Clean(email=value) if kind == Address.Kind.EMAIL else Clean(phone=value)
    row = profiles.row("", [said], now)
    [(pk,)] = bulk.insert(Contact, [row], returning=("id",))
    profiles.add_addresses([(pk, said)], now)
    rechecks.after_arrival([{**row, "id": pk}], now)
    return int(pk)


def digest(kind: str, value: str) -> str:
    """The keyed hash of an address as somebody wrote it. Raises ValueError with a sentence."""
    return addresses.digest(kind, addresses.normalise(kind, value))
