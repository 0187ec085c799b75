"""The channel webhook."""

import base64
import binascii
import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError

from channels import posting, wires
from channels.base import Channel, Outgoing, Receipt, SendError, channels
from config.egress import validate_url


def new_secret() -> str:
    """A signing secret as Standard Webhooks writes it: `whsec_` and 32 random bytes in base64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def signing_secret(value: str) -> None:
    """For form fields; raises ValidationError unless it is `whsec_` and the base64 of 24 to 64 bytes."""
    try:
        size = len(posting.key_of(value))
    except (ValueError, binascii.Error):
        size = 0
    if not value.startswith("whsec_") or not 24 <= size <= 64:
        raise ValidationError("A signing secret is whsec_ followed by the base64 of 24 to 64 bytes.")


@channels.register
class Webhook(Channel):
    """A POST with JSON to an address of yours, signed in the way of Standard Webhooks (standardwebhooks.com).

    The body is `{"id", "key", "template", "contact": {"id", "external_id", "email", "attributes"}, "content": {…}}`.
    Any 2xx answer counts as taken; 408, 429 and 5xx are tried again later; every other answer is final. The header
    `webhook-id` is the same for each attempt: ignore what you have already seen.
    """

    key = "webhook"
    title = "Webhook"
    icon = "webhook"
    address_kind = None
    identity = ("url",)
    secrets = ("secret",)

    class Content(forms.Form):
        body = forms.CharField(
            required=False,
            widget=forms.Textarea,
            help_text="Text for the receiver, if it needs any; sent as content.body.",
        )

    class Config(forms.Form):
        url = forms.CharField(label="Address", validators=[validate_url], help_text="https://example.com/hook")
        secret = forms.CharField(
            initial=new_secret,
            validators=[signing_secret],
            help_text="The receiver checks the signature with it.",
        )
        lookup_url = forms.CharField(
            label="Look-up address",
            required=False,
            validators=[validate_url],
            help_text="If an answer was lost, GET <this address>/<key> must say 200 (taken) or 404 (never came).",
        )
        timeout = forms.IntegerField(
            required=False, min_value=1, max_value=60, help_text=f"Seconds; {wires.TIMEOUT:.0f} when empty."
        )
        allow_private = forms.BooleanField(
            label="Allow private networks",
            required=False,
            help_text="Lets messages go to addresses inside your own network. For operators only.",
        )

    def send(
        self, config: Mapping[str, Any], batch: Sequence[Outgoing], concurrency: int
    ) -> Iterator[tuple[Outgoing, Receipt | SendError]]:
        return posting.post_all(config, batch, concurrency)

    def look_up(self, config: Mapping[str, Any], message_id: int, key: str, to: str, since: datetime) -> Receipt | None:
        return posting.look_up(config, key)

    def endpoint(self, config: Mapping[str, Any]) -> str:
        return urlsplit(config.get("url", "")).hostname or ""
