"""`/v1/`: bare Django views, because a serializer would cost ten times the work itself."""

import base64
import binascii
import functools
import json
import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from config import clock
from contacts.ingest import body, items, sources
from contacts.ingest.accept import Origin, accept
from contacts.ingest.refusals import Refused

log = logging.getLogger("waymark.ingest")

SUCCESS = b'{"success": true}'
ATTEMPTS = 3
"""Two requests that carry the same new people in different order can lock each other out; the loser tries again."""
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "authorization, content-type, content-encoding, x-retry-count",
    "Access-Control-Expose-Headers": "Retry-After",
    "Access-Control-Max-Age": "86400",
}
View = Callable[..., HttpResponse]


def _answers(method: str) -> Callable[[View], View]:
    """A view for SDKs: one method and the preflight, errors as JSON, open to every origin (a write key is half public)."""

    def decorate(view: View) -> View:
        @csrf_exempt
        @functools.wraps(view)
        def answer(request: HttpRequest, **arguments: Any) -> HttpResponse:
            if request.method == "OPTIONS":
                response = HttpResponse(status=204)
            elif request.method != method:
                response = _refusal(Refused(405, "method_not_allowed", f"Use {method} here."))
                response["Allow"] = f"{method}, OPTIONS"
            else:
                response = _guarded(view, request, arguments)
            for name, value in CORS.items():
                response[name] = value
            return response

        return answer

    return decorate


def _guarded(view: View, request: HttpRequest, arguments: dict[str, Any]) -> HttpResponse:
    try:
        return view(request, **arguments)
    except Refused as refusal:
        return _refusal(refusal)
    except OperationalError:
        log.exception("The database did not take a batch; the sender was asked to try again")
        return _refusal(Refused(503, "unavailable", "Not stored; please send it again.", retry_after=2))
    except Exception:
        log.exception("A request could not be taken")
        return _refusal(Refused(500, "internal_error", "Not stored, through no fault of yours; please send it again."))


def _refusal(refusal: Refused) -> HttpResponse:
    text = json.dumps({"success": False, "code": refusal.code, "message": refusal.sentence})
    response = HttpResponse(text, status=refusal.status, content_type="application/json")
    if refusal.retry_after is not None:
        response["Retry-After"] = str(refusal.retry_after)
    return response


@_answers("POST")
def batch(request: HttpRequest) -> HttpResponse:
    """Many items of any kind: `{"batch": [...], "sentAt": …, "writeKey": …}`."""
    return _take(request, "")


@_answers("POST")
def single(request: HttpRequest, kind: str) -> HttpResponse:
    """One item, whose kind the address names."""
    return _take(request, kind)


@_answers("GET")
def project(request: HttpRequest, write_key: str) -> HttpResponse:
    """What the browser SDK asks before anything else: where to send, and which integrations there are (one: us)."""
    sources.sender(write_key, clock.now())
    found = {
        "integrations": {
            "Segment.io": {
                "apiKey": write_key,
                "apiHost": f"{request.get_host()}/v1",
                "protocol": request.scheme,
                "unbundledIntegrations": [],
                "addBundledMetadata": True,
                "versionSettings": {"version": "4.4.7", "componentTypes": ["browser"]},
            }
        },
        "plan": {"track": {"__default": {"enabled": True, "integrations": {}}}, "identify": {}, "group": {}},
        "edgeFunction": {},
        "analyticsNextEnabled": True,
        "middlewareSettings": {},
        "enabledMiddleware": {},
        "metrics": {"sampleRate": 0},
        "legacyVideoPluginsEnabled": False,
        "remotePlugins": [],
    }
    return HttpResponse(json.dumps(found), content_type="application/json")


def _take(request: HttpRequest, kind: str) -> HttpResponse:
    now = clock.now()
    write_key = _basic_user(request)
    sender = sources.sender(write_key, now) if write_key else None
    text = body.text_of(_read(request), request.headers.get("Content-Encoding", "").strip().lower())
    found = body.parse(text)
    sender = sender or sources.sender(_body_key(found), now)
    sources.count_request(sender.id, settings.INGEST_RATE, now)
    payloads = [found] if kind else _batch_of(found)
    body.check_sizes(payloads, len(text))
    envelope = items.envelope(sender.id, found, now)
    origin = Origin(request.META.get("REMOTE_ADDR", ""), request.headers.get("User-Agent", ""))
    for attempt in range(1, ATTEMPTS + 1):
        try:
            accept(sender, payloads, kind, envelope, origin, now)
            break
        except OperationalError:
            if attempt == ATTEMPTS:
                raise
    return HttpResponse(SUCCESS, content_type="application/json")


def _read(request: HttpRequest) -> bytes:
    """The bytes of the body. Never more than the limit are read, whatever the header promises."""
    if request.headers.get("Transfer-Encoding", "").lower() == "chunked":
        raw: bytes = request.META["wsgi.input"].read(body.REQUEST_BYTES + 1)
        return raw
    if int(request.META.get("CONTENT_LENGTH") or 0) > body.REQUEST_BYTES:
        raise body.too_large()
    return request.body


def _batch_of(found: dict[str, Any]) -> list[Any]:
    payloads = found.get("batch")
    if not isinstance(payloads, list):
        raise Refused(400, "invalid_batch", 'The body must hold its items as a list under "batch".')
    return payloads


def _body_key(found: dict[str, Any]) -> str:
    write_key = found.get("writeKey")
    return write_key if isinstance(write_key, str) else ""


def _basic_user(request: HttpRequest) -> str:
    """The user name of Basic authentication; empty if there is none. Raises Refused (401) for a garbled one."""
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError) as error:
        sentence = "The Authorization header is garbled; send Basic and the base64 of the write key and a colon."
        raise Refused(401, "invalid_write_key", sentence) from error
