"""Evidence to download: of one message, and of everything that concerns one person."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path

from channels.admin import messages
from channels.models import Message
from compliance import chain
from compliance.evidence import files, of_message, of_person
from compliance.evidence.gathering import RELATED, Plain
from config import clock
from config.cards import Card
from contacts.admin import people
from contacts.models import Contact

PERMISSION = "compliance.export_evidence"
FORMATS = {"json": "application/json", "html": "text/html; charset=utf-8"}


def of_one_message(request: HttpRequest, pk: int, form: str) -> HttpResponseBase:
    """The file about one message. Raises PermissionDenied, Http404."""
    _require(request)
    message = get_object_or_404(Message.objects.select_related(*RELATED), pk=pk)
    now = clock.now()
    _note(request, message, form, now)
    return _file([of_message(message, now)], f"Evidence about message {pk}", f"evidence-message-{pk}", form)


def of_one_person(request: HttpRequest, pk: int, form: str) -> HttpResponseBase:
    """The file about one person. Raises PermissionDenied, Http404."""
    _require(request)
    contact = get_object_or_404(Contact, pk=pk)
    now = clock.now()
    _note(request, contact, form, now)
    return _file(of_person(contact, now), f"Evidence about {contact}", f"evidence-contact-{pk}", form)


def _require(request: HttpRequest) -> None:
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied


def _note(request: HttpRequest, about: Message | Contact, form: str, now: datetime) -> None:
    """Who took personal data out of the product, and when."""
    chain.append(
        "personal.exported", now=now, actor=request.user.pk, subject=about, payload={"what": "evidence", "format": form}
    )


def _file(items: Iterable[Plain], title: str, name: str, form: str) -> StreamingHttpResponse:
    pieces = files.as_html(items, title) if form == "html" else files.as_json(items)
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(pieces, content_type=FORMATS[form], headers=headers)


def urls(name: str, view: Callable[..., HttpResponseBase]) -> list[URLPattern]:
    """Addresses of both formats below a list, e.g. `7/evidence.json`."""
    wrapped = admin.site.admin_view(view)
    return [
        path(f"<int:pk>/evidence.{form}", wrapped, {"form": form}, name=f"{name}_evidence-{form}") for form in FORMATS
    ]


def message_card(request: HttpRequest, message: Message, now: datetime) -> dict[str, Any]:
    """The buttons on a message's page."""
    return {"pk": message.pk}


messages.extra_urls.append(lambda: urls("channels_message", of_one_message))
people.extra_urls.append(lambda: urls("contacts_contact", of_one_person))
messages.cards.register(
    Card("evidence", "Evidence", "admin/compliance/evidence/card.html", message_card, PERMISSION, order=90)
)
