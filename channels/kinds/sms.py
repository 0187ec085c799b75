"""The channel SMS."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.validators import RegexValidator
from django.http import HttpRequest

from channels import segments, twilio
from channels.base import Channel, Inbound, Outgoing, Reassignment, Receipt, SendError, Update, channels
from channels.lines import hand_over
from channels.twilio_account import TwilioAccount
from config.bulk import dumps


@channels.register
class Sms(Channel):
    """A text message through Twilio.

    Set no status callback at Twilio: each message names its own, `/webhooks/twilio/<account key>/status`, and BASE_URL must
    be reachable from the internet. For replies, set the number's (or messaging service's) webhook for incoming messages to
    `/webhooks/twilio/<account key>/inbound`. For numbers that got a new owner, let an Event Streams sink lead to
    `/webhooks/twilio/<account key>/events`.
    """

    key = "sms"
    title = "SMS"
    icon = "sms"
    address_kind = "phone"
    identity = ("from_number", "messaging_service_sid")
    secrets = ("auth_token",)
    provider_stops_on = twilio.STOPS_ON

    class Content(forms.Form):
        body = forms.CharField(
            label="Text",
            widget=forms.Textarea,
            max_length=twilio.LONGEST,
            help_text="160 characters are one message; one character outside GSM-7 makes it 70.",
        )

    class Config(TwilioAccount):
        from_number = forms.CharField(
            label="From",
            required=False,
            validators=[
                RegexValidator(
                    r"^(\+[1-9]\d{3,14}|\d{3,8}|[A-Za-z0-9 &+._-]{1,11})$",
                    "Write a number such as +15551234567, a short code, or up to 11 letters.",
                )
            ],
        )
        price_per_segment = forms.FloatField(
            required=False, min_value=0, help_text="What a segment costs you, for estimates, e.g. 0.0079."
        )
        price_currency = forms.CharField(
            required=False,
            validators=[RegexValidator(r"^[A-Z]{3}$", "Write the currency's code, e.g. USD.")],
            help_text="Of the price, e.g. USD.",
        )

    def rendered(self, content: Mapping[str, str], fill: Callable[[str, str], str]) -> dict[str, str]:
        return {name: segments.spaced(text) for name, text in super().rendered(content, fill).items()}

    def send(
        self, config: Mapping[str, Any], batch: Sequence[Outgoing], concurrency: int
    ) -> Iterator[tuple[Outgoing, Receipt | SendError]]:
        return hand_over(dumps(config), lambda: twilio.TwilioLine(config, twilio.text_form), batch, concurrency)

    def look_up(self, config: Mapping[str, Any], message_id: int, key: str, to: str, since: datetime) -> Receipt | None:
        return twilio.look_up(config, to, since)

    def endpoint(self, config: Mapping[str, Any]) -> str:
        return urlsplit(config.get("api_base") or "https://api.twilio.com").hostname or ""

    def verify(self, request: HttpRequest, config: Mapping[str, Any]) -> bool:
        return twilio.verify(request, config)

    def parse(self, request: HttpRequest, config: Mapping[str, Any], now: datetime) -> list[Update]:
        return twilio.parse(request, now)

    def parse_inbound(self, request: HttpRequest, config: Mapping[str, Any], now: datetime) -> list[Inbound]:
        return twilio.parse_inbound(request)

    def parse_reassigned(self, request: HttpRequest, config: Mapping[str, Any]) -> list[Reassignment]:
        return twilio.parse_reassigned(request)
