"""Contacts as the rules know them: their language, and everything that tells where they may be."""

from collections.abc import Sequence
from typing import NamedTuple

from django.db.models.fields.json import KeyTextTransform

from compliance.places import Clues
from contacts import zones
from contacts.models import Contact
from contacts.traits import DEVICE_ZONE, IP_ZONE

_COLUMNS = ("id", "locale", "timezone", "timezone_source", "country", "region")
_ATTRIBUTES = ("postal_code", DEVICE_ZONE, IP_ZONE)


class Person(NamedTuple):
    """A contact, as far as the rules care."""

    locale: str
    timezone: str
    timezone_source: str
    country: str
    region: str
    postal_code: str
    device_timezone: str
    ip_timezone: str

    def clues(self, phone: str) -> Clues:
        """What is known about where the person is."""
        return Clues(
            timezone=self.timezone if zones.known(self.timezone) else "",
            timezone_source=self.timezone_source or "person",
            country=self.country,
            region=self.region,
            postal_code=self.postal_code,
            phone=phone,
            device_timezone=self.device_timezone,
            ip_timezone=self.ip_timezone,
        )


def load(ids: Sequence[int]) -> dict[int, Person]:
    """These people by id, in one query."""
    told = {f"told_{name}": KeyTextTransform(name, "attributes") for name in _ATTRIBUTES}
    rows = Contact.objects.filter(id__among=ids).annotate(**told).order_by().values_list(*_COLUMNS, *told)
    columns = len(_COLUMNS) - 1
    return {pk: Person(*values[:columns], *(str(text or "") for text in values[columns:])) for pk, *values in rows}
