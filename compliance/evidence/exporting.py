"""Evidence that leaves the product: a file to download, and a line in the audit chain about who took it."""

from collections.abc import Iterable
from datetime import datetime

from django.http import StreamingHttpResponse

from channels.models import Message
from compliance import chain
from compliance.evidence import files
from compliance.evidence.gathering import Plain, of_message, of_person
from contacts.models import Contact

PERMISSION = "compliance.export_evidence"
FORMATS = {"json": "application/json", "html": "text/html; charset=utf-8"}


def message_file(message: Message, form: str, now: datetime, actor: int | None) -> StreamingHttpResponse:
    """The file about one message, noted as taken by `actor` (the id of a user). Raises KeyError for an unknown format."""
    _note(message, form, now, actor)
    title, name = f"Evidence about message {message.pk}", f"evidence-message-{message.pk}"
    return _file([of_message(message, now)], title, name, form)


def person_file(contact: Contact, form: str, now: datetime, actor: int | None) -> StreamingHttpResponse:
    """The file about one person, noted as taken by `actor`. Raises KeyError for an unknown format."""
    _note(contact, form, now, actor)
    return _file(of_person(contact, now), f"Evidence about {contact}", f"evidence-contact-{contact.pk}", form)


def _note(about: Message | Contact, form: str, now: datetime, actor: int | None) -> None:
    """Who took personal data out of the product, and when."""
    chain.append("personal.exported", now=now, actor=actor, subject=about, payload={"what": "evidence", "format": form})


def _file(items: Iterable[Plain], title: str, name: str, form: str) -> StreamingHttpResponse:
    pieces = files.as_html(items, title) if form == "html" else files.as_json(items)
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(pieces, content_type=FORMATS[form], headers=headers)
