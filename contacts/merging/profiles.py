"""The profile of two who are one: the kept one's word counts, the other's fills the gaps; and their ids."""

from typing import Any

from contacts.merging.belongings import Move, Record
from contacts.models import Contact, FormerId

LANGUAGE = ("locale",)
PLACE = ("country", "region")
ZONE = ("timezone", "timezone_source")


def gaps(kept: Contact, other: Contact) -> dict[str, Any]:
    """Attributes that only the other has, by name."""
    return {name: value for name, value in other.attributes.items() if kept.attributes.get(name) is None}


def empty_columns(kept: Contact, other: Contact) -> dict[str, str]:
    """Columns that only the other fills. A region goes with its country, and a zone with how it is known."""
    found: dict[str, str] = {}
    for group in (LANGUAGE, PLACE, ZONE):
        if not getattr(kept, group[0]):
            found |= {name: getattr(other, name) for name in group if getattr(other, name)}
    return found


def fill(kept: Contact, other: Contact, here: Move) -> Record:
    """Fill the gaps, in the rows that the caller holds; the other loses its external ID, which names the kept one now."""
    attributes, columns = gaps(kept, other), empty_columns(kept, other)
    kept.attributes = {**kept.attributes, **attributes}
    for name, value in columns.items():
        setattr(kept, name, value)
    was, claimed = other.external_id, bool(other.external_id and not kept.external_id)
    Contact.objects.filter(pk=other.pk).update(external_id="", merged_into=kept)
    if claimed:
        kept.external_id = was
    elif was:
        FormerId.objects.create(value=was, contact=kept)
    kept.updated_at = here.now
    kept.save()
    return {
        "attributes": [list(pair) for pair in attributes.items()],
        "columns": [list(pair) for pair in columns.items()],
        "external_id": [was] if was else [],
    }


def empty(kept: Contact, other: Contact, record: Record, here: Move) -> None:
    """Take out what was filled, unless it has changed since, and give the other its id back if it is still to be had."""
    for name, value in record["attributes"]:
        if kept.attributes.get(name) == value:
            del kept.attributes[name]
    for name, value in record["columns"]:
        if getattr(kept, name) == value:
            setattr(kept, name, "")
    was = record["external_id"][0] if record["external_id"] else ""
    FormerId.objects.filter(value=was, contact=kept).delete()
    if was and kept.external_id == was:
        kept.external_id = ""
    kept.updated_at = here.now
    kept.save()
    taken = Contact.objects.filter(external_id=was).exclude(external_id="").exists()
    other.external_id, other.merged_into, other.updated_at = "" if taken else was, None, here.now
    other.save()
