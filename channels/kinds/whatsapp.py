"""The channel WhatsApp."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.http import HttpRequest

from channels import named_lines, twilio
from channels.base import Channel, Inbound, Outgoing, Receipt, SendError, Standing, Update, channels
from channels.lines import hand_over
from channels.twilio_account import TwilioAccount
from config.bulk import dumps
from config.egress import validate_secure_url

PREFIX = "whatsapp:"


@channels.register
class WhatsApp(Channel):
    """A WhatsApp message through Twilio: one of the templates that WhatsApp has approved, or words of one's own.

    Words of one's own only reach people who have written within 24 hours. Templates are made at Twilio (Content Template
    Builder); their status and category are asked for again and again, and the gate goes by them. Set no status callback at
    Twilio: each message names its own, `/webhooks/twilio/<account key>/status`. For replies, set the WhatsApp sender's
    webhook for incoming messages to `/webhooks/twilio/<account key>/inbound`.
    """

    key = "whatsapp"
    title = "WhatsApp"
    icon = "chat"
    address_kind = "phone"
    identity = ("from_number",)
    secrets = ("auth_token",)
    approves_templates = True

    class Content(forms.Form):
        content_sid = forms.CharField(
            label="Content SID",
            required=False,
            validators=[RegexValidator(r"^HX[0-9a-fA-F]{32}$", "A content SID is HX and 32 hex digits.")],
            help_text="The template at Twilio.",
        )
        variables = forms.CharField(
            required=False,
            widget=forms.Textarea,
            max_length=1999,
            validators=[named_lines.validate],
            help_text="The template's variables, one a line: 1={{ contact.first_name }}",
        )
        body = forms.CharField(
            label="Text",
            required=False,
            widget=forms.Textarea,
            max_length=twilio.LONGEST,
            help_text="Instead of a template: words of your own, within 24 hours of the person's last message.",
        )

        def clean(self) -> dict[str, Any]:
            data = super().clean() or {}
            if bool(data.get("content_sid")) == bool(data.get("body")) and not self.errors:
                raise ValidationError("Fill in either the content SID of a template or a text, not both.")
            if data.get("variables") and data.get("body"):
                self.add_error("variables", "Variables belong to a template; a text has its Liquid in itself.")
            return data

    class Config(TwilioAccount):
        from_number = forms.CharField(
            label="From",
            required=False,
            validators=[RegexValidator(r"^\+[1-9]\d{3,14}$", "Write the WhatsApp sender's number, e.g. +15551234567.")],
        )
        content_base = forms.CharField(
            label="Content API address",
            required=False,
            validators=[validate_secure_url],
            help_text=f"Where templates are asked about; {twilio.CONTENT_BASE} when empty.",
        )

    def rendered(self, content: Mapping[str, str], fill: Callable[[str, str], str]) -> dict[str, str]:
        if not self.provider_template(content):
            return super().rendered({"body": content.get("body", "")}, fill)
        # Each value is rendered for itself, so that nobody's name can become another variable. WhatsApp refuses line
        # breaks and runs of spaces in them.
        values = named_lines.sources(content.get("variables") or "")
        found = {name: " ".join(fill("variables", source).split()) for name, source in values.items()}
        return {"content_sid": content["content_sid"], "variables": dumps(found)}

    def readable(self, words: Mapping[str, str]) -> str:
        if "content_sid" not in words:
            return words.get("body", "")
        values = json.loads(words["variables"])
        return "\n".join([f"Template {words['content_sid']}", *(f"{name}: {value}" for name, value in values.items())])

    def provider_template(self, content: Mapping[str, str]) -> str:
        return content.get("content_sid") or ""

    def standing(self, config: Mapping[str, Any], name: str) -> Standing:
        return twilio.standing(config, name)

    def send(
        self, config: Mapping[str, Any], batch: Sequence[Outgoing], concurrency: int
    ) -> Iterator[tuple[Outgoing, Receipt | SendError]]:
        return hand_over(dumps([self.key, config]), lambda: twilio.TwilioLine(config, _form), batch, concurrency)

    def look_up(self, config: Mapping[str, Any], message_id: int, key: str, to: str, since: datetime) -> Receipt | None:
        return twilio.look_up(config, PREFIX + to, since)

    def endpoint(self, config: Mapping[str, Any]) -> str:
        return urlsplit(config.get("api_base") or "https://api.twilio.com").hostname or ""

    def verify(self, request: HttpRequest, config: Mapping[str, Any]) -> bool:
        return twilio.verify(request, config)

    def parse(self, request: HttpRequest, config: Mapping[str, Any], now: datetime) -> list[Update]:
        return twilio.parse(request, now)

    def parse_inbound(self, request: HttpRequest, config: Mapping[str, Any], now: datetime) -> list[Inbound]:
        pressed = request.POST.get("ButtonText") or request.POST.get("ButtonPayload") or ""
        return [
            replace(
                one,
                sender=one.sender.removeprefix(PREFIX),
                recipient=one.recipient.removeprefix(PREFIX),
                body=one.body or pressed,
            )
            for one in twilio.parse_inbound(request)
        ]


def _form(config: Mapping[str, Any], message: Outgoing) -> dict[str, str]:
    """What Twilio is told. Raises SendError for what WhatsApp would refuse."""
    words = message.content
    about = {"to": PREFIX + message.to, **twilio.sender(config, PREFIX)}
    if "content_sid" not in words:
        return {**about, "body": twilio.checked(words.get("body", ""))}
    values = json.loads(words["variables"])
    if empty := sorted(name for name, value in values.items() if not value):
        raise SendError(
            "missing_variable", f"The variable {empty[0]} is empty, which WhatsApp refuses.", permanent=True
        )
    about["content_sid"] = words["content_sid"]
    return {**about, "content_variables": words["variables"]} if values else about
