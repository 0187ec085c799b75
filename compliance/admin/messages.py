"""What may be decided about messages of which nobody knows whether they were sent."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from channels.admin import messages as page
from channels.models import Message
from compliance import gate
from config import clock
from config.cards import Card

PERMISSION = "channels.change_message"
Verb = Callable[[Message, Any, datetime], None]


def send_again(admin_class: page.MessageAdmin, request: HttpRequest, chosen: QuerySet[Message]) -> None:
    """A list action: each passes the door once more."""
    _do_all(request, chosen, gate.send_again, "passes the door once more", "pass the door once more")


def give_up(admin_class: page.MessageAdmin, request: HttpRequest, chosen: QuerySet[Message]) -> None:
    """A list action: each is taken for not sent."""
    _do_all(request, chosen, gate.give_up, "is marked as failed", "are marked as failed")


send_again.short_description = "Send again (the person may get it twice)"  # type: ignore[attr-defined]
give_up.short_description = "Mark as failed"  # type: ignore[attr-defined]


def _do_all(request: HttpRequest, chosen: QuerySet[Message], verb: Verb, one: str, many: str) -> None:
    done, now = 0, clock.now()
    refused: list[str] = []
    for message in chosen:
        try:
            verb(message, request.user, now)
            done += 1
        except ValidationError as error:
            refused.append(f"Message {message.pk}: {error.messages[0]}")
    if done:
        messages.success(request, f"{done} message{'s' * (done != 1)} {one if done == 1 else many}.")
    for sentence in refused[:5]:
        messages.error(request, sentence)
    if len(refused) > 5:
        messages.error(request, f"{len(refused) - 5} more were refused for the same reason.")


def card(request: HttpRequest, message: Message, now: datetime) -> dict[str, Any]:
    """The buttons, if there is anything to decide."""
    return {
        "message": message,
        "may_decide": message.state == Message.State.UNKNOWN and request.user.has_perm(PERMISSION),
    }


def urls() -> list[URLPattern]:
    """Addresses of the buttons."""
    view = admin.site.admin_view
    return [
        path(
            "<int:pk>/send-again/",
            view(require_POST(_button(gate.send_again, "It passes the door once more."))),
            name="message_again",
        ),
        path(
            "<int:pk>/give-up/",
            view(require_POST(_button(gate.give_up, "It is marked as failed."))),
            name="message_give_up",
        ),
    ]


def _button(verb: Verb, sentence: str) -> Callable[..., HttpResponse]:
    def view(request: HttpRequest, pk: int) -> HttpResponse:
        message = get_object_or_404(Message, pk=pk)
        if not request.user.has_perm(PERMISSION):
            raise PermissionDenied
        try:
            verb(message, request.user, clock.now())
            messages.success(request, sentence)
        except ValidationError as error:
            messages.error(request, error.messages[0])
        return HttpResponseRedirect(reverse("admin:channels_message_change", args=(pk,)))

    return view


page.actions.extend([send_again, give_up])
page.extra_urls.append(urls)
page.cards.register(Card("maybe", "Was it sent?", "admin/compliance/message/maybe.html", card, PERMISSION, order=5))
