"""Twilio through its own client: one pooled session a line, its error codes in our words, its callbacks."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest

from channels.base import CannotTell, Inbound, Outgoing, Reassignment, Receipt, SendError, Standing, Update
from channels.lines import never_connected
from channels.models import Message
from config import clock
from config.crypto import sign, signed
from config.egress import is_loopback
from contacts.storable import text

TIMEOUT = 15.0
CONTENT_BASE = "https://content.twilio.com"
LONGEST = 1600
# Below this age Twilio may still be working on the request that timed out, and its list is not final.
SETTLED_AFTER = timedelta(minutes=2)

# https://www.twilio.com/docs/api/errors; each says something about this number or text, so trying again is pointless.
PERMANENT = {
    21610: "opted_out",
    21211: "invalid_number",
    21214: "invalid_number",
    21217: "invalid_number",
    21265: "invalid_number",
    21421: "invalid_number",
    21614: "invalid_number",
    30005: "invalid_number",
    30006: "invalid_number",
    21408: "region_not_enabled",
    21612: "unreachable_number",
    21602: "empty",
    21617: "too_long",
    # WhatsApp, in Twilio's numbers and in Meta's own, which reach us within some of them.
    63003: "not_on_whatsapp",
    63024: "not_on_whatsapp",
    63016: "outside_24h_window",
    131047: "outside_24h_window",
    # Nobody opted out: the number is in one of Meta's experiments, and gets no marketing from anybody
    # (https://support.twilio.com/hc/en-us/articles/17388935157915-WhatsApp-Marketing-Experiments; Meta's own is 130472).
    63032: "not_allowed_by_whatsapp",
    130472: "not_allowed_by_whatsapp",
    63049: "not_allowed_by_whatsapp",
    # The person blocked the sender or opted out (https://www.twilio.com/docs/api/errors/63014); 63033 was its older number
    # (https://www.twilio.com/docs/whatsapp/api/error-code-mapping).
    63014: "opted_out_of_marketing",
    63033: "opted_out_of_marketing",
    131050: "opted_out_of_marketing",
}
TRANSIENT = {20003: "auth_failed", 20429: "rate_limited", 21611: "queue_full", 63018: "rate_limited"}
# The account's sender is wrong: an operator mends it, and the messages go out.
SENDER = {21212, 21603, 21606, 21659, 21660, 21701, 21703, 21705}
JSON = "application/json"
# https://www.twilio.com/docs/events/event-types/messaging/compliance-toolkit
REASSIGNED = "com.twilio.messaging.reassigned-number.detected"
REASSIGNMENT_PROOF = ("account_sid", "timestamp", "last_verified_date", "consent_operation")
# Statuses that say that Twilio has the message, and no more.
TAKEN = frozenset({"accepted", "scheduled", "queued", "sending", "sent"})
STATUSES = {
    "delivered": "delivered",
    "read": "opened",
    "undelivered": "failed",
    "failed": "failed",
    "canceled": "failed",
}


STOPS_ON = frozenset({"STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL"})
"""After these words Twilio refuses the number with 21610 until its owner sends START
(https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out)."""


def standing(config: Mapping[str, Any], sid: str) -> Standing:
    """What WhatsApp says of a template, by Twilio's Content API. Raises CannotTell; a template that is not there is `missing`."""
    from twilio.base.exceptions import TwilioRestException

    asked = client({**config, "api_base": config.get("content_base")})
    try:
        said = asked.content.v1.contents(sid).approval_fetch().fetch().whatsapp or {}
    except TwilioRestException as error:
        if error.status == 404:
            return Standing("missing", reason="Twilio knows no content with this SID.")
        raise CannotTell(f"Twilio answered {error.status}: {error.msg}") from error
    except Exception as error:
        raise CannotTell(f"Twilio did not answer: {error}") from error
    finally:
        asked.http_client.session.close()
    status = str(said.get("status") or "unsubmitted").lower()
    # Twilio has it, and has not handed it on to WhatsApp yet.
    status = "pending" if status == "received" else status
    return Standing(status, str(said.get("category") or "").lower(), str(said.get("rejection_reason") or ""))


def client(config: Mapping[str, Any]) -> Any:
    """Twilio's client with a session of its own; imported here, since its import takes half a second."""
    from twilio.http.http_client import TwilioHttpClient
    from twilio.rest import Client

    base = str(config.get("api_base") or "").rstrip("/")

    class Http(TwilioHttpClient):
        def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
            if base:
                url = base + url[len("https://") + len(urlsplit(url).netloc) :]
            return super().request(method, url, *args, **kwargs)

    return Client(config["account_sid"], config["auth_token"], http_client=Http(timeout=TIMEOUT))


class TwilioLine:
    """A client whose session keeps its connection open. `form` makes of a message what Twilio is told; it may raise SendError."""

    def __init__(
        self, config: Mapping[str, Any], form: Callable[[Mapping[str, Any], Outgoing], dict[str, str]]
    ) -> None:
        self.config = config
        self.form = form
        self.client = client(config)
        self.usable = True

    def send(self, message: Outgoing) -> Receipt:
        """Raises SendError."""
        options = self.form(self.config, message)
        if url := callback_url(self.config, message):
            options["status_callback"] = url
        try:
            return Receipt(str(self.client.messages.create(**options).sid))
        except Exception as error:
            raise send_error(error) from error

    def close(self) -> None:
        """Close the session."""
        self.client.http_client.session.close()


def text_form(config: Mapping[str, Any], message: Outgoing) -> dict[str, str]:
    """A text message. Raises SendError for one that Twilio would refuse."""
    return {"to": message.to, "body": checked(message.content.get("body", "")), **sender(config)}


def checked(body: str) -> str:
    """The text, if Twilio takes such a one. Raises SendError."""
    if not body.strip():
        raise SendError("empty", "The message has no text.", permanent=True)
    if len(body) > LONGEST:
        raise SendError("too_long", f"A text may have {LONGEST} characters, this has {len(body)}.", permanent=True)
    return body


def sender(config: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Who it comes from, as Twilio's client calls it; `prefix` is that of the channel's addresses."""
    if config.get("messaging_service_sid"):
        return {"messaging_service_sid": config["messaging_service_sid"]}
    return {"from_": prefix + config["from_number"]}


def callback_url(config: Mapping[str, Any], message: Outgoing) -> str:
    """Where Twilio reports to, with our signed message id: it may report before we have written its own id down.

    Empty where Twilio could not reach us; it refuses a message whose callback leads to localhost.
    """
    account = str(message.metadata.get("account") or "")
    here = is_loopback(urlsplit(settings.BASE_URL).hostname or "")
    if not account or (here and not is_loopback(urlsplit(config.get("api_base") or "").hostname or "")):
        return ""
    query = urlencode({"m": f"{message.id}.{sign('twilio', f'{account}:{message.id}')}"})
    return f"{settings.BASE_URL}/webhooks/twilio/{account}/status?{query}"


def send_error(error: Exception) -> SendError:
    """What an exception of Twilio's client or of requests means for the message."""
    import requests
    from twilio.base.exceptions import TwilioRestException

    if isinstance(error, TwilioRestException):
        return _refusal(int(error.code or 0), int(error.status), f"{error.status} {error.code}: {error.msg}")
    if isinstance(error, requests.exceptions.InvalidURL) or never_connected(error):
        return SendError("unreachable", str(error))
    return SendError("no_answer", f"{type(error).__name__}: {error}", maybe_sent=True)


def _refusal(code: int, status: int, sentence: str) -> SendError:
    if code in PERMANENT:
        return SendError(PERMANENT[code], sentence, permanent=True)
    if code in TRANSIENT:
        return SendError(TRANSIENT[code], sentence)
    if code in SENDER:
        return SendError("sender_refused", sentence)
    if status in (401, 403):
        return SendError("auth_failed", sentence)
    if status in (408, 429) or status >= 500:
        return SendError("rate_limited" if status == 429 else f"http_{status}", sentence)
    return SendError(f"twilio_{code or status}", sentence, permanent=True)


def look_up(config: Mapping[str, Any], to: str, since: datetime) -> Receipt | None:
    """The one message to this number since then that no other of our messages has as its receipt.

    Twilio's list carries no tag of ours. None: there was none at all, and Twilio has had time to show it. More than one
    candidate, or a number that gets so many that the list does not reach back: CannotTell; the callback, which does
    carry our id, decides.
    """
    asked = client(config)
    try:
        listed = asked.messages.list(to=to, limit=100)
    except Exception as error:
        raise CannotTell(f"Twilio did not answer: {error}") from error
    finally:
        asked.http_client.session.close()
    start = since - timedelta(seconds=5)
    recent = [found for found in listed if found.date_created and found.date_created >= start]
    candidates = {found.sid for found in recent if str(found.direction).startswith("outbound")}
    candidates -= set(Message.objects.filter(provider_id__in=candidates).values_list("provider_id", flat=True))
    if len(candidates) == 1:
        return Receipt(candidates.pop())
    if candidates:
        raise CannotTell(f"{len(candidates)} messages to this number could be it.")
    if len(recent) == 100 or clock.now() - since < SETTLED_AFTER:
        raise CannotTell("Twilio's list is not final yet.")
    return None


def verify(request: HttpRequest, config: Mapping[str, Any]) -> bool:
    """Twilio's signature over the public address and the form, or the hash of a JSON body in the address; raises nothing."""
    from twilio.request_validator import (
        SIGNATURE_HEADER,
        SIGNATURE_SETTINGS_HEADER,
        RequestValidator,
        get_signature_algorithm,
    )

    signature = request.headers.get(SIGNATURE_HEADER, "")
    algorithm = get_signature_algorithm(request.headers.get(SIGNATURE_SETTINGS_HEADER))
    if not signature or not config.get("auth_token"):
        return False
    url = f"{settings.BASE_URL}{request.get_full_path()}"
    signed_part: Any = request.POST
    if request.content_type == JSON:
        # Without the hash in the signed address, the signature would say nothing about the body.
        if not request.GET.get("bodySHA256"):
            return False
        try:
            signed_part = request.body.decode()
        except UnicodeDecodeError:
            return False
    return bool(RequestValidator(config["auth_token"]).validate(url, signed_part, signature, algorithm))


def parse(request: HttpRequest, now: datetime) -> list[Update]:
    """The update in a verified callback. Raises ValueError when it names no message."""
    form = request.POST
    sid, word = form.get("MessageSid") or form.get("SmsSid"), form.get("MessageStatus") or form.get("SmsStatus")
    if not sid or not word:
        raise ValueError("The callback has no MessageSid or no MessageStatus.")
    status = "taken" if word in TAKEN else STATUSES.get(word, word)
    return [Update(sid, status, now, _reason(form.get("ErrorCode", "")), f"{sid}:{word}", _message_id(request))]


def parse_inbound(request: HttpRequest) -> list[Inbound]:
    """The message in a verified request. Raises ValueError when it has no id or no sender."""
    form = request.POST
    sid, sender = form.get("MessageSid") or form.get("SmsSid"), form.get("From")
    if not sid or not sender:
        raise ValueError("The message has no MessageSid or no From.")
    return [Inbound(sid, sender, form.get("Body", ""), form.get("To", ""), form.get("OptOutType", "").upper())]


def parse_reassigned(request: HttpRequest) -> list[Reassignment]:
    """The numbers with a new owner in a verified request of Event Streams: CloudEvents, in an array. Other events are passed over.

    Raises ValueError for what is no array of events.
    """
    try:
        events = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise ValueError("The body is no JSON.") from error
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
        raise ValueError("The body is no array of events.")
    found = [(event, event.get("data")) for event in events if event.get("type") == REASSIGNED]
    # Twilio also tells that a number was checked and is still the same person's.
    return [
        _reassignment(event, data)
        for event, data in found
        if isinstance(data, dict) and data.get("is_reassigned") is True
    ]


def _reassignment(event: Mapping[str, Any], data: Mapping[str, Any]) -> Reassignment:
    key = text(str(data.get("event_id") or event.get("id") or ""))[:120]
    told = {name: text(str(data[name]))[:120] for name in REASSIGNMENT_PROOF if data.get(name)}
    return Reassignment(key, text(str(data.get("to_number") or "")), {**told, "event": key})


def _reason(code: str) -> str:
    if not code.isdecimal() or not int(code):
        return ""
    return PERMANENT.get(int(code), f"twilio_{code}")


def _message_id(request: HttpRequest) -> int:
    account = request.resolver_match.kwargs.get("account", "") if request.resolver_match else ""
    number, _, signature = request.GET.get("m", "").partition(".")
    return int(number) if number.isdecimal() and signed("twilio", f"{account}:{number}", signature) else 0
