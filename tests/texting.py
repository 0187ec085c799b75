"""Texts that people send to us, as Twilio hands them on: signed, to the webhook."""

import itertools
from datetime import datetime

from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from twilio.request_validator import RequestValidator

from channels.models import InboundMessage
from config import clock
from tests.builders import NOW

ADA = "+447700900123"
OURS = "+15005550006"
_numbers = itertools.count(1)


def post(
    body: str,
    *,
    sender: str = ADA,
    to: str = OURS,
    sid: str = "",
    token: str = "secret",
    at: datetime = NOW,
    account: str = "acme-sms",
    **form: str,
) -> HttpResponse:
    """Twilio's request for one text; `token` signs it."""
    path = f"/webhooks/twilio/{account}/inbound"
    form = {"MessageSid": sid or f"SM{next(_numbers):032}", "From": sender, "To": to, "Body": body, **form}
    signature = RequestValidator(token).compute_signature(f"{settings.BASE_URL}{path}", form)
    with clock.at(at):
        return Client(enforce_csrf_checks=True).post(path, form, headers={"x-twilio-signature": signature})


def text(body: str, **options) -> InboundMessage:
    """Somebody texts this to us; what we stored of it."""
    answer = post(body, **options)
    assert answer.status_code == 200, answer.content
    return InboundMessage.objects.latest("pk")
