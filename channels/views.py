"""What contacts and providers reach without a login: clicks, opens, unsubscription, confirmation, callbacks.

A GET changes nothing that anybody could mind: link scanners follow every link of a mail. Only a POST unsubscribes or confirms.
"""

import base64
from collections.abc import Callable
from logging import getLogger
from typing import cast
from urllib.parse import urlsplit

from csp.decorators import csp
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseForbidden, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from channels import feedback, inbound, links, reassigning
from channels.base import Update, channels
from channels.models import Account, Message
from config import clock
from contacts import confirmations
from contacts.models import Topic

log = getLogger("waymark.webhooks")

View = Callable[..., HttpResponse]

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
SOURCE = "unsubscribe link"
NO_REPLY = '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'
STRICT = {
    "default-src": ["'none'"],
    "style-src": ["'self'"],
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'none'"],
}
"""Pages of contacts: no script at all."""
_strict = cast(Callable[[View], View], csp(STRICT))


@_strict
@never_cache
@require_safe
def click(request: HttpRequest, token: str) -> HttpResponse:
    """Note the click and go on to where the link leads."""
    to = request.GET.get("to", "")
    message_id = links.read("click", token, to)
    if message_id is None or urlsplit(to).scheme not in ("http", "https"):
        return _not_ours(request)
    _note(request, message_id, "clicked", to)
    return HttpResponseRedirect(to)


@never_cache
@require_safe
def opened(request: HttpRequest, token: str) -> HttpResponse:
    """Note that the images of a mail were loaded; a forged token gets the same image and notes nothing."""
    message_id = links.read("open", token)
    if message_id is not None:
        _note(request, message_id, "opened")
    return HttpResponse(PIXEL, content_type="image/gif")


@csrf_exempt
@_strict
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind the link in the mail, and the one-click POST of mail programs (RFC 8058): no cookie, no redirect."""
    message_id = links.read("unsubscribe", token)
    if message_id is None:
        if request.method == "POST":
            log.warning("An unsubscription with a forged or broken token was refused")
        return _not_ours(request)
    message = Message.objects.filter(pk=message_id).select_related("topic", "brand").first()
    if message is None:  # its contact was erased; there is nobody left to write to
        return render(request, "public/unsubscribed.html", {"topic": "", "brand": ""})
    words = {"topic": message.topic, "brand": message.brand, "channel": channels[message.channel].title}
    words["test"] = message.contact_id is None
    if request.method != "POST":
        return render(request, "public/unsubscribe.html", words)
    now = clock.now()
    how = "one-click" if request.POST.get("List-Unsubscribe") == "One-Click" else SOURCE
    feedback.apply([Update("", feedback.UNSUBSCRIBED, now, reason=how, message_id=message_id)], now)
    return render(request, "public/unsubscribed.html", words)


@csrf_exempt
@_strict
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind a double opt-in link. Only its button (POST) confirms: scanners that follow links confirm nothing."""
    question = confirmations.read(token)
    if question is None:
        return _not_ours(request)
    now = clock.now()
    if request.method == "POST":
        found = confirmations.confirm(question, now, _who(request))
    else:
        found = confirmations.state(question, now)
    topic = Topic.objects.filter(pk=question.topic_id).select_related("brand").first()
    channel = channels.get(question.channel)
    words = {"topic": topic, "brand": topic.brand if topic else "", "channel": channel.title if channel else ""}
    return render(request, f"public/confirm_{found}.html", words, status=200 if found in ("open", "confirmed") else 410)


def _who(request: HttpRequest) -> dict[str, str]:
    """Where a yes came from, for its proof."""
    browser = request.headers.get("User-Agent", "")[:300]
    return {"ip": request.META.get("REMOTE_ADDR", ""), "user_agent": browser, "url": request.path}


@csrf_exempt
@require_POST
def callback(request: HttpRequest, account: str, provider: str = "") -> HttpResponse:
    """What a provider tells about messages. Unsigned: 403, and nothing changes; an error of ours: 500, so it comes again."""
    found = _signed(request, account)
    if found is None:
        return HttpResponseForbidden("The signature does not fit.")
    now = clock.now()
    try:
        updates = channels[found.channel].parse(request, found.config, now)
    except ValueError as error:
        return _nonsense(account, error)
    feedback.apply(updates, now, account_id=found.pk)
    return HttpResponse(status=204)


@csrf_exempt
@require_POST
def received(request: HttpRequest, account: str) -> HttpResponse:
    """What people write to us, as Twilio hands it on. Signed as callbacks are; the answer says that nothing is to be replied."""
    found = _signed(request, account)
    if found is None:
        return HttpResponseForbidden("The signature does not fit.")
    now = clock.now()
    try:
        heard = channels[found.channel].parse_inbound(request, found.config, now)
    except ValueError as error:
        return _nonsense(account, error)
    for one in heard:
        inbound.receive(found, one, now)
    return HttpResponse(NO_REPLY, content_type="text/xml; charset=utf-8")


@csrf_exempt
@require_POST
def events(request: HttpRequest, account: str) -> HttpResponse:
    """What a provider's stream of events tells: numbers that have a new owner. Signed as callbacks are."""
    found = _signed(request, account)
    if found is None:
        return HttpResponseForbidden("The signature does not fit.")
    try:
        told = channels[found.channel].parse_reassigned(request, found.config)
    except ValueError as error:
        return _nonsense(account, error)
    reassigning.take(found, told, clock.now())
    return HttpResponse(status=204)


def _signed(request: HttpRequest, account: str) -> Account | None:
    """The account of this key, if its provider signed the request."""
    found = Account.objects.filter(key=account).first()
    if found is None or found.channel not in channels or not channels[found.channel].verify(request, found.config):
        log.warning("A callback for the account %r was refused: it is not signed by its provider", account)
        return None
    return found


def _nonsense(account: str, error: ValueError) -> HttpResponse:
    log.warning("A callback for the account %r makes no sense: %s", account, error)
    return HttpResponseBadRequest(str(error))


def _note(request: HttpRequest, message_id: int, word: str, to: str = "") -> None:
    """HEAD is a scanner's."""
    if request.method == "GET":
        now = clock.now()
        feedback.apply([Update("", word, now, reason=to, message_id=message_id)], now)


def _not_ours(request: HttpRequest) -> HttpResponse:
    return render(request, "public/broken_link.html", status=404)
