"""Small explicit builders: each makes one thing with the few fields that a story cares about."""

from datetime import UTC, datetime

from contacts import addresses, consents, segments, timeline
from contacts.models import Address, Brand, Consent, Contact, Event, Segment, Source, Topic

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def brand(key: str = "acme", **fields) -> Brand:
    """A brand; the same one for the same key."""
    defaults = {"name": key.title(), "postal_address": "1 Example Street", **fields}
    return Brand.objects.get_or_create(key=key, defaults=defaults)[0]


def topic(key: str = "news", **fields) -> Topic:
    """A topic of `brand()`."""
    return Topic.objects.get_or_create(
        brand=fields.pop("brand", None) or brand(), key=key, defaults={"name": key.title(), **fields}
    )[0]


def source(write_key: str = "key-1", **fields) -> Source:
    """An enabled source of `brand()` with this write key."""
    return Source.objects.create(
        brand=fields.pop("brand", None) or brand(), name=fields.pop("name", "Shop"), write_key=write_key, **fields
    )


def contact(external_id: str = "", *, email: str = "", phone: str = "", now: datetime = NOW, **fields) -> Contact:
    """A person, with an address of each kind that is given; `plan="pro"` and the like become attributes."""
    columns = {name: fields.pop(name) for name in ("locale", "country", "region", "timezone", "attributes") if name in fields}
    attributes = {**columns.pop("attributes", {}), **fields}
    found = Contact.objects.create(
        external_id=external_id, attributes=attributes, created_at=now, updated_at=now, **columns
    )
    for kind, value in (("email", email), ("phone", phone)):
        if value:
            address(found, kind, value, now=now)
    return found


def address(person: Contact, kind: str = "email", value: str = "ada@example.test", *, now: datetime = NOW, **fields) -> Address:
    """Where `person` can be reached."""
    value = addresses.normalise(kind, value)
    return Address.objects.create(
        contact=person, kind=kind, value=value, digest=addresses.digest(kind, value), created_at=now, **fields
    )


def event(person: Contact, name: str = "signup", *, at: datetime = NOW, now: datetime | None = None, key: str = "", **properties) -> Event:
    """Something that happened to `person` at `at`, through the timeline; `total=5` and the like are its properties."""
    key = key or f"{name}:{person.pk}:{Event.objects.count()}"
    [(pk, _)] = timeline.record([timeline.NewEvent(person.pk, name, at, key, properties)], now or at)
    return Event.objects.get(pk=pk)


def segment(key: str = "pros", condition: dict | None = None, *, refreshed: datetime | None = None, **fields) -> Segment:
    """A segment of `brand()` (default: plan is pro); filled at `refreshed`, if that is given."""
    condition = condition or {"kind": "attribute", "path": "plan", "op": "is", "value": "pro"}
    found = Segment.objects.create(
        brand=fields.pop("brand", None) or brand(), key=key, name=key.title(), condition=condition, **fields
    )
    if refreshed:
        segments.refresh(found, refreshed)
    return found


def consent(person: Contact, channel: str = "email", *, topic_key: str = "news", now: datetime = NOW, **fields) -> Consent:
    """`person` allows `topic_key` on `channel`, through the ledger."""
    defaults = {"basis": "express", "source": "test", **fields}
    pk = consents.grant(person.pk, topic(topic_key).pk, channel, now=now, **defaults)
    return Consent.objects.get(pk=pk)
