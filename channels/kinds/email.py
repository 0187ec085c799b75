"""The channel e-mail."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.urls import reverse

from channels import attachments
from channels.base import Channel, Outgoing, Receipt, SendError, Update, channels
from channels.findings import Finding
from channels.lines import hand_over
from channels.mail import backends, content, plain, smtp
from channels.mail.content import MailContent, sender, single_line
from config.bulk import dumps

# Servers allow one sender only so many connections; Account.config["connections"] says otherwise.
CONNECTIONS = 8


@channels.register
class Email(Channel):
    """A mail with subject, MJML or HTML, plain text and attachments.

    It leaves over SMTP or any provider of django-anymail. SMTP connections stay open between messages. Callbacks of
    the provider (delivered, bounced, complained …) go to `/webhooks/anymail/<account key>/<provider>/tracking`.
    """

    key = "email"
    title = "E-mail"
    icon = "mail"
    address_kind = "email"
    is_html = True
    attaches = True
    # The options of a provider may hold keys too, e.g. Mailjet's secret_key.
    identity = ("from_email", "reply_to")
    secrets = ("password", "api_key", "options", "webhook_secret", "webhook_options")

    class Content(MailContent):
        """See `channels.mail.content`."""

    class Config(forms.Form):
        backend = forms.ChoiceField(
            choices=[
                ("smtp", "SMTP server"),
                *((key, provider.title) for key, provider in backends.PROVIDERS.items()),
                ("other", "Another Django e-mail backend"),
            ],
            initial="smtp",
            label="Sent by",
        )
        from_email = forms.CharField(
            label="From", validators=[single_line, sender], help_text="Acorn Shop <hello@shop.example>"
        )
        reply_to = forms.CharField(required=False, validators=[single_line, sender])
        host = forms.CharField(required=False, help_text="SMTP server, e.g. smtp.example.com.")
        port = forms.IntegerField(required=False, min_value=1, max_value=65535, initial=587)
        username = forms.CharField(required=False)
        password = forms.CharField(required=False, widget=forms.PasswordInput, strip=False)
        use_tls = forms.BooleanField(label="STARTTLS", required=False, initial=True)
        use_ssl = forms.BooleanField(label="TLS from the start", required=False, help_text="Usually port 465.")
        connections = forms.IntegerField(
            required=False, min_value=1, max_value=100, help_text=f"At once, at most; {CONNECTIONS} when empty."
        )
        api_key = forms.CharField(
            label="API key", required=False, widget=forms.PasswordInput, help_text="Of the provider (or its token)."
        )
        options = forms.JSONField(
            required=False,
            help_text='What else the provider needs, in the words of django-anymail: {"sender_domain": "mg.shop.example"}.',
        )
        backend_path = forms.CharField(
            required=False, help_text="Only for another Django backend: its path, e.g. package.module.EmailBackend."
        )
        track_clicks = forms.BooleanField(
            required=False, initial=True, help_text="Links lead over this site, so that clicks are noted."
        )
        track_opens = forms.BooleanField(
            required=False,
            initial=True,
            help_text="A hidden image notes when a mail is opened; often wrong, since programs load it.",
        )
        webhook_secret = forms.CharField(
            required=False,
            widget=forms.PasswordInput,
            help_text="user:password, as written into the callback address at the provider.",
        )
        webhook_options = forms.JSONField(
            required=False, help_text='Signing key of callbacks: {"webhook_signing_key": "…"}.'
        )

        def clean(self) -> dict[str, Any]:
            data = super().clean() or {}
            for name in ("options", "webhook_options"):
                if data.get(name) and not isinstance(data[name], dict):
                    self.add_error(name, 'Write a JSON object, e.g. {"sender_domain": "mg.shop.example"}.')
            if data.get("use_tls") and data.get("use_ssl"):
                self.add_error("use_ssl", "Choose STARTTLS or TLS from the start, not both.")
            if not self.errors:
                self._check_backend(data)
            return data

        def _check_backend(self, data: dict[str, Any]) -> None:
            if data["backend"] == "smtp":
                if not data.get("host"):
                    self.add_error("host", "Name the SMTP server, e.g. smtp.example.com.")
                data["port"] = data.get("port") or (465 if data.get("use_ssl") else 587)
                return
            if data["backend"] == "other" and not data.get("backend_path"):
                self.add_error("backend_path", "Write the path of the backend, e.g. package.module.EmailBackend.")
                return
            try:
                backends.make(data).close()
            except (ImproperlyConfigured, ImportError, TypeError) as error:
                self.add_error("options", f"The provider cannot be used like this: {error}")

    def compile(self, fields: Mapping[str, Any]) -> tuple[dict[str, Any], list[Finding]]:
        return content.compiled(fields)

    def rendered(self, content: Mapping[str, Any], fill: Callable[[str, str], str]) -> dict[str, Any]:
        carried = content.get(attachments.FIELD)
        found: dict[str, Any] = super().rendered(
            {name: source for name, source in content.items() if name != attachments.FIELD}, fill
        )
        if found.get("text"):
            found["text"] = plain.tidied(found["text"])
        return {**found, attachments.FIELD: carried} if carried else found

    def send(
        self, config: Mapping[str, Any], batch: Sequence[Outgoing], concurrency: int
    ) -> Iterator[tuple[Outgoing, Receipt | SendError]]:
        connect = smtp.connect if config.get("backend", "smtp") == "smtp" else backends.connect
        at_once = min(concurrency, int(config.get("connections") or CONNECTIONS))
        whole, broken = attachments.loaded(batch)
        yield from broken
        yield from hand_over(dumps(config), lambda: connect(config), whole, at_once)

    def endpoint(self, config: Mapping[str, Any]) -> str:
        if config.get("backend", "smtp") == "smtp":
            return str(config.get("host", ""))
        return urlsplit((config.get("options") or {}).get("api_url", "")).hostname or ""

    def sandboxed(self, config: Mapping[str, Any]) -> Mapping[str, Any]:
        place = urlsplit(settings.SANDBOX_SMTP)
        return {
            "backend": "smtp",
            "host": place.hostname or "127.0.0.1",
            "port": place.port or 1025,
            "from_email": config.get("from_email") or settings.DEFAULT_FROM_EMAIL,
            "reply_to": config.get("reply_to", ""),
        }

    def callback(self, config: Mapping[str, Any], account: str) -> str:
        provider = config.get("backend", "smtp")
        return reverse("anymail-callback", args=(account, provider)) if provider in backends.PROVIDERS else ""

    def verify(self, request: HttpRequest, config: Mapping[str, Any]) -> bool:
        from channels.mail import tracking

        return tracking.verify(request, config)

    def parse(self, request: HttpRequest, config: Mapping[str, Any], now: Any) -> list[Update]:
        from channels.mail import tracking

        return tracking.parse(request, config, now)
