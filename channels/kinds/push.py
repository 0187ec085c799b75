"""The channel push."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

from channels import addresses, fcm, named_lines
from channels.base import Channel, Outgoing, Receipt, SendError, channels
from config.bulk import dumps
from config.egress import validate_secure_url

LONGEST_LIFE = timedelta(days=28)
RESERVED = ("google", "gcm")


def _life(value: str) -> None:
    """For form fields; raises ValidationError unless it is a duration that FCM keeps to."""
    try:
        if fcm.seconds(value) <= LONGEST_LIFE.total_seconds():
            return
    except ValueError as error:
        raise ValidationError(str(error)) from None
    raise ValidationError("A push message is kept for 28 days at most.")


def _data(text: str) -> None:
    """For form fields; raises ValidationError for names that FCM keeps to itself."""
    named_lines.validate(text)
    for name in named_lines.sources(text):
        if name in ("from", "message_type", "message", "link") or name.startswith(RESERVED):
            raise ValidationError(f"The name {name} is used by FCM or by Waymark; choose another one.")


def _key_file(text: str) -> None:
    """For form fields; raises ValidationError unless it is a service account whose token server can be used."""
    try:
        account = fcm.service_account(text)
    except ValueError as error:
        raise ValidationError(str(error)) from None
    validate_secure_url(str(account["token_uri"]))


@channels.register
class Push(Channel):
    """A notification to a person's phone or browser through Firebase Cloud Messaging.

    Your app sends its registration token along (`context.device.token`, or the trait `device_token`). Of several devices
    the one heard of last gets the message; when FCM says that the app is gone from it, the next one does. When its owner
    switches notifications off, let the app send the event `push.permission_revoked`.
    """

    key = "push"
    title = "Push"
    icon = "notifications"
    address_kind = "push"
    identity = ("project_id",)
    secrets = ("service_account",)

    class Content(forms.Form):
        title = forms.CharField(max_length=200)
        body = forms.CharField(label="Text", widget=forms.Textarea, max_length=1000)
        image = forms.CharField(
            required=False, max_length=500, validators=[addresses.picture], help_text="https://… of a picture."
        )
        action = forms.CharField(
            label="Link",
            required=False,
            max_length=500,
            validators=[addresses.safe],
            help_text="Where a tap leads: https://… or an address in your app.",
        )
        badge = forms.CharField(
            required=False,
            validators=[RegexValidator(r"^\d{1,4}$", "Write the number that the app's icon shows.")],
            help_text="The number on the app's icon.",
        )
        ttl = forms.CharField(
            label="Keep for",
            required=False,
            validators=[_life],
            help_text="How long a device that is off is tried, e.g. 4h; 28 days when empty.",
        )
        payload = forms.CharField(
            label="Data",
            required=False,
            widget=forms.Textarea,
            max_length=1999,
            validators=[_data],
            help_text="What your app gets beside the words, one a line: order={{ event.order_id }}",
        )

    class Config(forms.Form):
        service_account = forms.CharField(
            widget=forms.Textarea,
            validators=[_key_file],
            help_text="The JSON key file of a service account that may use Firebase Cloud Messaging.",
        )
        project_id = forms.CharField(
            label="Project ID",
            required=False,
            validators=[RegexValidator(r"^[a-z][a-z0-9-]{3,60}$", "Write the project's ID, e.g. acorn-shop-1a2b3.")],
            help_text="That of the key file when empty.",
        )
        api_base = forms.CharField(
            label="API address",
            required=False,
            validators=[validate_secure_url],
            help_text=f"{fcm.API_BASE} when empty.",
        )

    def rendered(self, content: Mapping[str, str], fill: Callable[[str, str], str]) -> dict[str, str]:
        # Each value of the data is rendered for itself, so that nobody's name can become another one.
        found = super().rendered({**content, "payload": ""}, fill)
        if values := named_lines.sources(content.get("payload") or ""):
            found["payload"] = dumps({name: fill("payload", source) for name, source in values.items()})
        return found

    def readable(self, words: Mapping[str, str]) -> str:
        return "\n".join(filter(None, (words.get("title"), words.get("body"), words.get("action"))))

    def send(
        self, config: Mapping[str, Any], batch: Sequence[Outgoing], concurrency: int
    ) -> Iterator[tuple[Outgoing, Receipt | SendError]]:
        return fcm.send_all(config, batch, concurrency)

    def endpoint(self, config: Mapping[str, Any]) -> str:
        return urlsplit(config.get("api_base") or fcm.API_BASE).hostname or ""
