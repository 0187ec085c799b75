"""`/v1/inbox`: what a person's app reads and says, with the person's token as Bearer. A GET changes nothing."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from channels import inbox
from channels.inbox import Reader
from channels.models import InAppMessage
from config import clock

ACTS = {"read": "read", "click": "clicked", "dismiss": "dismissed"}
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "authorization, content-type",
    "Access-Control-Max-Age": "86400",
}
View = Callable[..., HttpResponse]


def _for_apps(method: str) -> Callable[[View], View]:
    """A view for apps: one method and the preflight, errors as JSON, open to every origin; the token is what lets in."""

    def decorate(view: View) -> View:
        @csrf_exempt
        @never_cache
        @wraps(view)
        def answered(request: HttpRequest, **arguments: Any) -> HttpResponse:
            response = answer(view, request, method, arguments, inbox.read)
            for name, value in CORS.items():
                response[name] = value
            return response

        return answered

    return decorate


def answer(
    view: View,
    request: HttpRequest,
    method: str,
    arguments: dict[str, Any],
    whose: Callable[[str, datetime], Reader | None],
    offered: str = "",
) -> HttpResponse:
    """What `view` says to whoever the request's token belongs to (`whose`), or why it is not asked."""
    if request.method == "OPTIONS":
        return HttpResponse(status=204)
    if request.method != method:
        return refusal(405, f"Use {offered or method} here.")
    given = request.headers.get("Authorization", "")
    reader = whose(given.removeprefix("Bearer ").strip(), clock.now()) if given.startswith("Bearer ") else None
    if reader is None:
        return refusal(401, "The token is missing, forged or over; ask your server for a new one.")
    return view(request, reader, **arguments)


def refusal(status: int, sentence: str) -> HttpResponse:
    """A sentence as JSON."""
    return JsonResponse({"message": sentence}, status=status)


@_for_apps("GET")
def listed(request: HttpRequest, reader: Reader) -> HttpResponse:
    """What is in the inbox now, the newest first."""
    return JsonResponse({"messages": [_told(one) for one in inbox.shown(reader, clock.now())]})


@_for_apps("POST")
def acted(request: HttpRequest, reader: Reader, message_id: int, act: str) -> HttpResponse:
    """The person reads, clicks or dismisses one message."""
    if act not in ACTS:
        return refusal(404, f"There is no {act[:20]!r}; there are: {', '.join(ACTS)}.")
    found = inbox.mark(reader, message_id, ACTS[act], clock.now()) if message_id < 2**63 else None
    return JsonResponse(_told(found)) if found else refusal(404, "This inbox has no such message.")


def _told(one: InAppMessage) -> dict[str, Any]:
    words = {name: one.content.get(name, "") for name in ("title", "body", "label", "link")}
    instants = {"created_at": one.created_at, "expires_at": one.expires_at, "read_at": one.read_at}
    return {"id": one.pk, **words, **instants}
