"""The channel in-app."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from channels import addresses, inbox
from channels.base import Channel, Outgoing, Receipt, SendError, channels
from config import clock, durations


def _duration(value: str) -> None:
    """For form fields; raises ValidationError unless it is a duration."""
    try:
        durations.parse(value)
    except ValueError as error:
        raise ValidationError(str(error)) from None


@channels.register
class InApp(Channel):
    """A message that waits in the person's inbox until your app fetches and shows it.

    No provider is needed: the app reads `/v1/inbox` with a token for one person, which your server asks for at
    `POST /api/inbox-tokens/`. Reading, clicking and dismissing come back the same way.
    """

    key = "in_app"
    title = "In-app"
    icon = "inbox"
    address_kind = None
    fetched = True

    class Content(forms.Form):
        title = forms.CharField(max_length=200)
        body = forms.CharField(label="Text", widget=forms.Textarea, max_length=4000)
        label = forms.CharField(label="Button", required=False, max_length=80)
        link = forms.CharField(
            required=False, max_length=500, validators=[addresses.in_apps], help_text="Where the button leads."
        )
        expires_in = forms.CharField(
            label="Show for",
            required=False,
            validators=[_duration],
            help_text="E.g. 3d; afterwards it is not shown any more. That of the account when empty.",
        )

        def clean(self) -> dict[str, Any]:
            data = super().clean() or {}
            if bool(data.get("label")) != bool(data.get("link")) and not self.errors:
                raise ValidationError("A button needs both its words and a link.")
            return data

    class Config(forms.Form):
        show_for = forms.CharField(
            required=False,
            validators=[_duration],
            help_text="How long messages without an end of their own are shown, e.g. 30d; without an end when empty.",
        )

    def readable(self, words: Mapping[str, str]) -> str:
        return "\n".join(filter(None, (words.get(name) for name in ("title", "body", "label", "link"))))

    def send(
        self, config: Mapping[str, Any], batch: Sequence[Outgoing], concurrency: int
    ) -> Iterator[tuple[Outgoing, Receipt | SendError]]:
        return iter(inbox.put(batch, config.get("show_for") or "", clock.now()))

    def look_up(self, config: Mapping[str, Any], message_id: int, key: str, to: str, since: datetime) -> Receipt | None:
        return inbox.found(message_id)
