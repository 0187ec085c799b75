"""A version's words as one person would read them, without a message: nothing is stored, tracked or sent."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from channels import blocks, compiling, rendering
from channels.base import Channel, channels
from channels.inventing import Invention
from channels.liquid import BadSource
from channels.models import Message, MessageTemplate
from channels.variables import Variable
from contacts import zones
from contacts.models import Contact, Event

UNSUBSCRIBE = "https://example.invalid/unsubscribe"
SAMPLE = {"first_name": "Sam", "last_name": "Sample", "email": "sam@example.test"}


class Seen(NamedTuple):
    """Rendered fields, and the variables whose values in them are made up."""

    content: dict[str, str]
    invented: tuple[str, ...] = ()


def words(
    template: MessageTemplate,
    content: Mapping[str, Any],
    contact: Contact | None,
    now: datetime,
    *,
    locale: str = "",
    declared: Sequence[Variable] = (),
) -> dict[str, str]:
    """Every field of `content` as this contact (None: a made-up one) would read it, blocks that wait for approval included.

    Raises liquid's BadSource (also for what cannot be compiled), Missing, Unrenderable.
    """
    kind, fields, reader = _ready(template, content, contact, now, locale)
    return rendering.render(kind, fields, reader, declared, samples=contact is None)


def seen(
    template: MessageTemplate,
    content: Mapping[str, Any],
    contact: Contact | None,
    now: datetime,
    *,
    locale: str = "",
    declared: Sequence[Variable] = (),
) -> Seen:
    """The same for somebody who looks: a made-up person (and nobody else) has a placeholder for every value that is missing."""
    kind, fields, reader = _ready(template, content, contact, now, locale)
    if contact:
        return Seen(rendering.render(kind, fields, reader, declared))

    def draw(context: Mapping[str, Any]) -> dict[str, str]:
        made_up = replace(reader, contact=context["contact"], event=context["event"])
        return rendering.render(kind, fields, made_up, declared, samples=True)

    invention = Invention(fields.values(), declared, now)
    found = invention.render(draw, {"contact": reader.contact, "event": reader.event})
    return Seen(found, tuple(invention.names))


def _ready(
    template: MessageTemplate, content: Mapping[str, Any], contact: Contact | None, now: datetime, locale: str
) -> tuple[Channel, Mapping[str, Any], rendering.Reader]:
    """What there is to render, and for whom. Raises BadSource."""
    brand = template.brand
    zone = contact.timezone if contact and zones.known(contact.timezone) else brand.timezone
    reader = rendering.Reader(
        contact=_person(contact) if contact else SAMPLE,
        brand={name: getattr(brand, name) for name in rendering.BRAND},
        event=_event(template, contact),
        now=now,
        zone=zones.zone(zone) if zones.known(zone) else UTC,
        unsubscribe_url=UNSUBSCRIBE,
        locale=locale or brand.default_locale,
    )
    kind = channels[template.channel]
    made = compiling.made(kind, content, blocks.shelf(brand, locale, unapproved=True))
    if broken := next((finding for finding in made.findings if finding.severity == "block"), None):
        raise BadSource(str(broken))
    return kind, made.fields, reader


def _person(contact: Contact) -> dict[str, Any]:
    rows = contact.addresses.order_by("created_at", "id").values_list("kind", "value")
    columns = {name: getattr(contact, name) for name in ("locale", "country", "region", "timezone")}
    found = rendering.contact_variables(contact.pk, contact.external_id, contact.attributes, dict(rows), **columns)
    found.setdefault("attributes", contact.attributes)
    return found


def _event(template: MessageTemplate, contact: Contact | None) -> dict[str, Any]:
    """What the words may say about the event: that of the contact's last message of this template, else of anybody's."""
    messages = Message.objects.filter(template=template)
    mine = messages.filter(contact=contact).order_by("-id").values_list("context", flat=True).first()
    if mine is None and contact:
        events = Event.objects.filter(contact=contact).exclude(name__startswith="message.")
        mine = events.order_by("-occurred_at").values_list("properties", flat=True).first()
    return mine or messages.order_by("-id").values_list("context", flat=True).first() or {}
