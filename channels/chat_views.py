"""`/v1/chat`: what a chat widget reads and says, with the person's token as Bearer. A GET changes nothing."""

import json
import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from channels import chat
from channels.chat import Refused, Said
from channels.inbox import Reader
from channels.inbox_views import CORS, answer, refusal
from channels.models import ChatMessage, InboundMessage
from config import clock

LARGEST = 32 * 1024
"""Bytes of a body: the longest text fits, each character of it escaped as two halves."""
FIELDS = {"id": 100, "text": chat.LONGEST_TEXT, "choice": 200}
"""Texts of a body, with how long each may be."""


@csrf_exempt
@never_cache
def conversation(request: HttpRequest) -> HttpResponse:
    """What is in the chat (GET), or something that the person says (POST)."""
    view = said if request.method == "POST" else listed
    return _open(
        answer(view, request, "POST" if request.method == "POST" else "GET", {}, chat.read, offered="GET or POST")
    )


@csrf_exempt
@never_cache
def read(request: HttpRequest, message_id: int) -> HttpResponse:
    """The person has seen a message of ours."""
    return _open(answer(_marked, request, "POST", {"message_id": message_id}, chat.read))


def listed(request: HttpRequest, reader: Reader) -> HttpResponse:
    """The conversation, the newest first."""
    return JsonResponse({"messages": [_told(one) for one in chat.shown(reader, clock.now())]})


def said(request: HttpRequest, reader: Reader) -> HttpResponse:
    """Free words, or the choice of a quick reply."""
    try:
        return JsonResponse(_told(chat.say(reader, _read_body(request), clock.now())), status=201)
    except Refused as error:
        response = refusal(error.status, str(error))
        if error.status == 429:
            response["Retry-After"] = str(int(chat.WITHIN.total_seconds()))
        return response


def _marked(request: HttpRequest, reader: Reader, message_id: int) -> HttpResponse:
    found = chat.mark_read(reader, message_id, clock.now())
    return JsonResponse(_told(found)) if found else refusal(404, "This chat has no such message.")


def _read_body(request: HttpRequest) -> Said:
    """Raises Refused for what is neither words nor a choice."""
    if int(request.headers.get("Content-Length") or 0) > LARGEST or len(request.body) > LARGEST:
        raise Refused(413, f"The body is larger than {LARGEST // 1024} kB.")
    try:
        given = json.loads(request.body)
    except (ValueError, RecursionError):
        raise Refused(400, 'The body is no JSON; write for example {"id": "1", "text": "Hello"}.') from None
    known = {*FIELDS, "answers"}
    if not isinstance(given, dict) or not given.keys() <= known:
        raise Refused(400, f"Write an object with some of {', '.join(sorted(known))}.")
    words = {name: _text(given, name, most) for name, most in FIELDS.items()}
    answers = given.get("answers", 0)
    if not isinstance(answers, int) or isinstance(answers, bool) or answers < 0:
        raise Refused(400, "answers: Write the id of the message whose quick reply was chosen.")
    if bool(answers) != bool(words["choice"]) or bool(answers) == bool(words["text"]):
        raise Refused(400, "Write either a text, or the message that is answered and the choice.")
    return Said(words["id"] or str(uuid.uuid4()), words["text"], answers, words["choice"])


def _text(given: dict[str, Any], name: str, most: int) -> str:
    value = given.get(name, "")
    if not isinstance(value, str):
        raise Refused(400, f"{name}: Write a text.")
    if len(value) > most:
        raise Refused(400, f"{name}: It has {len(value):,} characters; {most:,} are taken.")
    if "\x00" in value or any(0xD800 <= ord(sign) < 0xE000 for sign in value):
        raise Refused(400, f"{name}: It has characters that cannot be stored: NUL, or half a character.")
    return value.strip()


def _told(one: ChatMessage | InboundMessage) -> dict[str, Any]:
    if isinstance(one, InboundMessage):
        return {"id": one.pk, "from": "person", "text": one.body, "created_at": one.received_at}
    return {
        "id": one.pk,
        "from": "brand",
        "text": one.content.get("body", ""),
        "quick_replies": [] if one.answered_at else one.content.get("quick_replies", []),
        "created_at": one.created_at,
        "expires_at": one.expires_at,
        "read_at": one.read_at,
        "answered_at": one.answered_at,
    }


def _open(response: HttpResponse) -> HttpResponse:
    for name, value in CORS.items():
        response[name] = value
    return response
