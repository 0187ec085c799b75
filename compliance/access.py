"""Access and portability (art. 15 and 20 GDPR): everything that is known about a person, as a ZIP of JSON and CSV.

The JSON is complete and for machines; the tables say the same for people with a spreadsheet. Written piece by piece, so
that a person with many messages needs no more memory than one with few.
"""

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db.models import QuerySet

from channels import archive
from channels.models import ChatMessage, InAppMessage, InboundMessage, Message
from compliance.evidence import gathering
from compliance.evidence.files import canonical
from contacts import consents
from contacts.models import AnonymousId, Contact, Event, FormerId, Membership, Suppression

Row = dict[str, Any]
BATCH = 500
READ_ME = """Everything that is known about {name}, as of {now:%Y-%m-%d %H:%M} UTC.

profile.json      who you are to us: your attributes, and the IDs that other systems know you by
addresses         where we can reach you
consents          what you allowed and took back, when, how we know, and the version of the words you agreed to
suppressions      addresses of yours that we do not write to, and why
timeline          what happened: your events, and what became of each message
messages          every message that was asked for, word for word as it was sent, and whether it was
decisions         why each message was, or was not, allowed to leave: the verdict of every rule
received          what you wrote to us
segments          groups that you were in
journeys          sequences of messages that you went through

Each is there twice: .json for machines (one object a line), .csv for spreadsheets. Times are in UTC.
"""


def export(contact: Contact, now: datetime) -> Iterator[bytes]:
    """The ZIP, in pieces."""
    out = _Pieces()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as folder:
        folder.writestr("README.txt", READ_ME.format(name=contact, now=now))
        folder.writestr("profile.json", json.dumps(profile(contact), indent=2, ensure_ascii=False, default=str))
        for name, rows in tables(contact):
            for form, write in (("json", _json), ("csv", _csv)):
                with folder.open(f"{name}.{form}", "w", force_zip64=True) as file:
                    for line in write(rows()):
                        file.write(line.encode())
                        yield from out.taken()
    yield from out.taken()


def profile(contact: Contact) -> Row:
    """Who they are to us."""
    visitors = AnonymousId.objects.filter(contact=contact).order_by("value").values_list("value", flat=True)
    former = FormerId.objects.filter(contact=contact).order_by("value").values_list("value", flat=True)
    return {
        "number": contact.pk,
        "external_id": contact.external_id,
        "former_external_ids": list(former),
        "anonymous_ids": list(visitors),
        "attributes": contact.attributes,
        "locale": contact.locale,
        "country": contact.country,
        "region": contact.region,
        "timezone": contact.timezone,
        "timezone_known_from": contact.timezone_source,
        "created_at": contact.created_at.isoformat(),
        "updated_at": contact.updated_at.isoformat(),
    }


def tables(contact: Contact) -> list[tuple[str, Any]]:
    """The tables of the export by name, each as a function that reads its rows."""
    return [
        ("addresses", lambda: _addresses(contact)),
        ("consents", lambda: _consents(contact)),
        ("suppressions", lambda: _suppressions(contact)),
        ("timeline", lambda: _timeline(contact)),
        ("messages", lambda: _messages(contact)),
        ("decisions", lambda: _decisions(contact)),
        ("received", lambda: _received(contact)),
        ("in_app", lambda: _stored(contact, InAppMessage, "clicked_at", "dismissed_at")),
        ("chat", lambda: _stored(contact, ChatMessage, "answered_at")),
        ("segments", lambda: _segments(contact)),
        ("journeys", lambda: _journeys(contact)),
    ]


def _addresses(contact: Contact) -> Iterator[Row]:
    columns = ("kind", "value", "validity", "validity_reason", "created_at")
    yield from contact.addresses.order_by("pk").values(*columns)


def _consents(contact: Contact) -> Iterator[Row]:
    lines = consents.of_person(contact.pk).select_related("topic__brand").order_by("occurred_at", "pk")
    yield from map(gathering.consent_line, lines.iterator(BATCH))


def _suppressions(contact: Contact) -> Iterator[Row]:
    digests = contact.addresses.order_by().values("digest")
    found = Suppression.objects.filter(digest__in=digests).select_related("brand").order_by("pk")
    yield from map(gathering.suppression_line, found)


def _timeline(contact: Contact) -> Iterator[Row]:
    events = Event.objects.filter(contact=contact).order_by("occurred_at", "pk")
    yield from map(dict, events.values("occurred_at", "received_at", "name", "properties").iterator(BATCH))


def _messages(contact: Contact) -> Iterator[Row]:
    for message in _asked_for(contact).select_related(*gathering.RELATED, "copy__version").iterator(BATCH):
        copy = getattr(message, "copy", None)
        yield {
            **gathering.message_line(message),
            "context": message.context,
            "as_sent": archive.fields(copy) if copy else None,
        }


def _decisions(contact: Contact) -> Iterator[Row]:
    for message in _asked_for(contact).prefetch_related("decisions").iterator(BATCH):
        for decision in sorted(message.decisions.all(), key=lambda one: one.pk):
            yield {"message": message.pk, **gathering.decision_line(decision)}


def _received(contact: Contact) -> Iterator[Row]:
    heard = InboundMessage.objects.filter(contact=contact).order_by("pk")
    columns = ("received_at", "channel", "sender", "recipient", "body", "understood")
    yield from map(dict, heard.values(*columns).iterator(BATCH))


def _stored(contact: Contact, model: type[InAppMessage | ChatMessage], *acts: str) -> Iterator[Row]:
    """What lies, or lay, ready for the person's app or chat, and what they did with it."""
    rows = model._default_manager.filter(contact=contact).select_related("brand").order_by("pk")
    for one in rows.iterator(BATCH):
        at = {name: getattr(one, name) for name in ("created_at", "expires_at", "read_at", *acts)}
        yield {"message": one.pk, "brand": one.brand.key, "content": one.content, **at}


def _segments(contact: Contact) -> Iterator[Row]:
    stays = Membership.objects.filter(contact=contact).select_related("segment").order_by("entered_at", "pk")
    for stay in stays:
        yield {"segment": stay.segment.name, "entered_at": stay.entered_at, "left_at": stay.left_at}


def _journeys(contact: Contact) -> Iterator[Row]:
    """Enrolments, which lie a floor above and are known here by the name of their model only."""
    enrolments: QuerySet[Any] = apps.get_model("journeys", "Enrolment").objects.filter(contact=contact).order_by("pk")
    for one in enrolments.select_related("journey", "version").iterator(BATCH):
        yield {
            "journey": one.journey.name,
            "version": one.version.number,
            "state": one.state,
            "entered_at": one.entered_at,
            "ended_at": one.ended_at,
            "end_reason": one.end_reason,
            "context": one.context,
            "converted_at": one.converted_at,
            "conversion_value": str(one.conversion_value) if one.conversion_value is not None else None,
        }


def _asked_for(contact: Contact) -> QuerySet[Message]:
    return Message.objects.filter(contact=contact).order_by("pk")


def _json(rows: Iterable[Row]) -> Iterator[str]:
    for row in rows:
        yield canonical(row) + "\n"


def _csv(rows: Iterable[Row]) -> Iterator[str]:
    """The first row names the columns; all rows of a table have the same. Formulas are defused."""
    text = io.StringIO()
    writer = csv.writer(text)
    for number, row in enumerate(rows):
        if number == 0:
            writer.writerow(row)
        writer.writerow([_cell(value) for value in row.values()])
        yield text.getvalue()
        text.seek(0)
        text.truncate()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    return _harmless(value if isinstance(value, str) else canonical(value))


def _harmless(text: str) -> str:
    """A spreadsheet runs what begins like a formula; an apostrophe keeps it a text. Numbers with a + stay as they are."""
    return (
        f"'{text}"
        if text[:1] in ("=", "@", "\t", "\r") or (text[:1] in ("+", "-") and not text[1:].isdigit())
        else text
    )


class _Pieces(io.RawIOBase):
    """A file that can only be written to, whose content is taken from it as it grows."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def taken(self) -> Iterator[bytes]:
        """What was written since the last time."""
        pieces, self._pieces = self._pieces, []
        yield from filter(None, pieces)
