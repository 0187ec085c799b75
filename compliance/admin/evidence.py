"""Evidence to download: of one message, and of everything that concerns one person."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path

from channels.admin import messages
from channels.models import Message
from compliance.evidence.exporting import FORMATS, PERMISSION, message_file, person_file
from compliance.evidence.gathering import RELATED
from config import clock
from config.cards import Card
from contacts.admin import people
from contacts.models import Contact


def of_one_message(request: HttpRequest, pk: int, form: str) -> HttpResponseBase:
    """The file about one message. Raises PermissionDenied, Http404."""
    _require(request)
    message = get_object_or_404(Message.objects.select_related(*RELATED), pk=pk)
    return message_file(message, form, clock.now(), request.user.pk)


def of_one_person(request: HttpRequest, pk: int, form: str) -> HttpResponseBase:
    """The file about one person. Raises PermissionDenied, Http404."""
    _require(request)
    return person_file(get_object_or_404(Contact, pk=pk), form, clock.now(), request.user.pk)


def _require(request: HttpRequest) -> None:
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied


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
