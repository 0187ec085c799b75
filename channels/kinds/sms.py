"""The channel SMS."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.http import HttpRequest

from channels import twilio
from channels.base import Channel, Inbound, Outgoing, Receipt, SendError, Update, channels
from channels.lines import hand_over
from config.bulk import dumps
from config.egress import is_loopback, validate_url


def api_base(value: str) -> None:
    """For form fields; raises ValidationError unless it is https, or this machine (for tests)."""
    validate_url(value)
    parts = urlsplit(value)
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        raise ValidationError("The token would travel unencrypted; write https://…")


@channels.register
class Sms(Channel):
    """A text message through Twilio.

    Set no status callback at Twilio: each message names its own, `/webhooks/twilio/<account key>/status`, and BASE_URL must
    be reachable from the internet. For replies, set the number's (or messaging service's) webhook for incoming messages to
    `/webhooks/twilio/<account key>/inbound`.
    """

    key = "sms"
    title = "SMS"
    icon = "sms"
    address_kind = "phone"
    secrets = ("auth_token",)
    provider_stops_on = twilio.STOPS_ON

    class Content(forms.Form):
        body = forms.CharField(
            label="Text",
            widget=forms.Textarea,
            max_length=twilio.LONGEST,
            help_text="160 characters are one message; one character outside GSM-7 makes it 70.",
        )

    class Config(forms.Form):
        account_sid = forms.CharField(
            label="Account SID",
            validators=[RegexValidator(r"^AC[0-9a-fA-F]{32}$", "An account SID is AC and 32 hex digits.")],
        )
        auth_token = forms.CharField(widget=forms.PasswordInput, help_text="Sends, and checks callbacks.")
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
        messaging_service_sid = forms.CharField(
            label="Messaging service SID",
            required=False,
            validators=[RegexValidator(r"^MG[0-9a-fA-F]{32}$", "A messaging service SID is MG and 32 hex digits.")],
        )
        api_base = forms.CharField(
            label="API address",
            required=False,
            validators=[api_base],
            help_text="Only for a region or edge of Twilio, e.g. https://api.dublin.ie1.twilio.com.",
        )
        price_per_segment = forms.FloatField(
            required=False, min_value=0, help_text="What a segment costs you, for estimates, e.g. 0.0079."
        )
        price_currency = forms.CharField(
            required=False,
            validators=[RegexValidator(r"^[A-Z]{3}$", "Write the currency's code, e.g. USD.")],
            help_text="Of the price, e.g. USD.",
        )

        def clean(self) -> dict[str, Any]:
            data = super().clean() or {}
            given = [name for name in ("from_number", "messaging_service_sid") if data.get(name)]
            if len(given) != 1 and not self.errors:
                raise ValidationError("Fill in either the sender's number or the messaging service, not both.")
            return data

    def send(
        self, config: Mapping[str, Any], batch: Sequence[Outgoing], concurrency: int
    ) -> Iterator[tuple[Outgoing, Receipt | SendError]]:
        return hand_over(dumps(config), lambda: twilio.TwilioLine(config), batch, concurrency)

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
