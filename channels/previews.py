"""A version's words as one person would read them, without a message: nothing is stored, tracked or sent."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from channels import attachments, blocks, compiling, rendering
from channels.attachments import Found
from channels.base import channels
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


def seen(
    template: MessageTemplate,
    content: Mapping[str, Any],
    contact: Contact | None,
    now: datetime,
    *,
    locale: str = "",
    declared: Sequence[Variable] = (),
    carried: Found | None = None,
) -> Seen:
    """Every field of `content` as this contact would read it, blocks that wait for approval included; a made-up person (None, and
    nobody else) has a placeholder for every value that is missing.

    `carried` are the files of a version that was submitted; without it the names in `content` mean what they mean now.

    Raises liquid's BadSource (also for what cannot be compiled), Missing, Unrenderable.
    """
    kind, reader = channels[template.channel], _reader(template, contact, now, locale)
    made = fields(template, content, locale, carried)
    if contact:
        return Seen(rendering.render(kind, made, reader, declared))

    def draw(context: Mapping[str, Any]) -> dict[str, str]:
        made_up = replace(reader, contact=context["contact"], event=context["event"])
        return rendering.render(kind, made, made_up, declared, samples=True)

    invention = Invention([source for source in made.values() if isinstance(source, str)], declared, now)
    found = invention.render(draw, {"contact": reader.contact, "event": reader.event})
    return Seen(found, tuple(invention.names))


def fields(
    template: MessageTemplate, content: Mapping[str, Any], locale: str, carried: Found | None = None
) -> Mapping[str, Any]:
    """What there is to render: compiled as it would be at a submission now, with the newest blocks. Raises BadSource."""
    kind, brand = channels[template.channel], template.brand
    if carried is None:
        carried = attachments.named(brand.pk, content.get(attachments.FIELD)) if kind.attaches else Found()
    made = compiling.made(kind, content, blocks.shelf(brand, locale, unapproved=True), Found(carried.told))
    if broken := next((finding for finding in made.findings if finding.severity == "block"), None):
        raise BadSource(str(broken))
    return made.fields


def _reader(template: MessageTemplate, contact: Contact | None, now: datetime, locale: str) -> rendering.Reader:
    """For whom."""
    brand = template.brand
    zone = contact.timezone if contact and zones.known(contact.timezone) else brand.timezone
    return rendering.Reader(
        contact=_person(contact) if contact else SAMPLE,
        brand={name: getattr(brand, name) for name in rendering.BRAND},
        event=event(template, contact),
        now=now,
        zone=zones.zone(zone) if zones.known(zone) else UTC,
        unsubscribe_url=UNSUBSCRIBE,
        locale=locale or brand.default_locale,
    )


def _person(contact: Contact) -> dict[str, Any]:
    rows = contact.addresses.order_by("created_at", "id").values_list("kind", "value")
    columns = {name: getattr(contact, name) for name in ("locale", "country", "region", "timezone")}
    found = rendering.contact_variables(contact.pk, contact.external_id, contact.attributes, dict(rows), **columns)
    found.setdefault("attributes", contact.attributes)
    return found


def event(template: MessageTemplate, contact: Contact | None) -> dict[str, Any]:
    """What the words may say about the event: that of the contact's last message of this template, else of their last event.

    Nobody in particular has none: what happened to one person is no sample for others.
    """
    if contact is None:
        return {}
    messages = Message.objects.filter(template=template, contact=contact)
    mine = messages.order_by("-id").values_list("context", flat=True).first()
    if mine is None:
        events = Event.objects.filter(contact=contact).exclude(name__startswith="message.")
        mine = events.order_by("-occurred_at").values_list("properties", flat=True).first()
    return mine or {}
