"""Any other way that Django knows to send mail: the providers of django-anymail, or a backend of one's own.

Anymail normalises what the providers say; here that becomes receipts and SendErrors.
"""

import smtplib
from collections.abc import Mapping
from dataclasses import dataclass
from email.encoders import encode_base64
from email.mime.base import MIMEBase
from typing import Any

import requests
from anymail.exceptions import (
    AnymailAPIError,
    AnymailError,
    AnymailRecipientsRefused,
    AnymailUnsupportedFeature,
)
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.utils.module_loading import import_string

from channels.attachments import Attachment
from channels.base import Outgoing, Receipt, SendError
from channels.lines import never_connected
from channels.mail import mime
from config.crypto import sign


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider of anymail, and how it calls its API key (empty: it has none)."""

    title: str
    key_option: str = "api_key"


PROVIDERS = {
    "amazon_ses": Provider("Amazon SES", ""),
    "brevo": Provider("Brevo"),
    "mailersend": Provider("MailerSend", "api_token"),
    "mailgun": Provider("Mailgun"),
    "mailjet": Provider("Mailjet"),
    "mailtrap": Provider("Mailtrap", "api_token"),
    "mandrill": Provider("Mandrill"),
    "postal": Provider("Postal"),
    "postmark": Provider("Postmark", "server_token"),
    "resend": Provider("Resend"),
    "scaleway": Provider("Scaleway", "secret_key"),
    "sendgrid": Provider("SendGrid"),
    "sparkpost": Provider("SparkPost"),
    "unisender_go": Provider("Unisender Go"),
}


def connect(config: Mapping[str, Any]) -> "BackendLine":
    """Make and open the backend. Raises SendError, transient: `misconfigured` or `unreachable`."""
    try:
        backend = make(config)
        backend.open()
    except (ImproperlyConfigured, ImportError, TypeError) as error:
        raise SendError("misconfigured", str(error)) from error
    except smtplib.SMTPAuthenticationError as error:
        raise SendError("auth_failed", str(error)) from error
    except (OSError, smtplib.SMTPException) as error:
        raise SendError("unreachable", str(error)) from error
    return BackendLine(backend, config)


def make(config: Mapping[str, Any]) -> BaseEmailBackend:
    """The backend with its options. Raises ImproperlyConfigured, ImportError or TypeError for what does not fit."""
    options = dict(config.get("options") or {})
    if provider := PROVIDERS.get(config["backend"]):
        path = f"anymail.backends.{config['backend']}.EmailBackend"
        if provider.key_option and config.get("api_key"):
            options.setdefault(provider.key_option, config["api_key"])
    else:
        path = config["backend_path"]
        for name in ("host", "port", "username", "password", "use_tls", "use_ssl"):
            if config.get(name):
                options.setdefault(name, config[name])
    found: BaseEmailBackend = import_string(path)(fail_silently=False, **options)
    return found


class BackendLine:
    """A backend that is open; `send_messages` reuses its session or connection."""

    def __init__(self, backend: BaseEmailBackend, config: Mapping[str, Any]) -> None:
        self.backend = backend
        self.config = config
        self.usable = True
        self.tells_metadata = True

    def send(self, message: Outgoing) -> Receipt:
        """Raises SendError."""
        mail = self._mail(message)
        try:
            self._hand_over(mail)
        except Exception as error:
            failure = send_error(error)
            self.usable = failure.permanent
            raise failure from error
        if refusal := _refusal(mail):
            raise refusal
        return Receipt(_provider_id(mail) or mail.extra_headers["Message-ID"])

    def close(self) -> None:
        """Close the backend."""
        self.backend.close()

    def _hand_over(self, mail: EmailMultiAlternatives) -> None:
        try:
            self.backend.send_messages([mail])
        except AnymailUnsupportedFeature:
            # Some providers cannot carry our id; then callbacks are matched by the provider's id alone.
            if not hasattr(mail, "metadata"):
                raise
            del mail.metadata
            self.tells_metadata = False
            self.backend.send_messages([mail])

    def _mail(self, message: Outgoing) -> EmailMultiAlternatives:
        sender = mime.written_by(message.content, self.config["from_email"])
        _, _, domain = mime.sender_of(sender)
        subject = message.content.get("subject", "").strip()
        mime.refuse_breaks("The subject", subject)
        mime.extra_headers(message.headers)
        text, html = message.content.get("text", ""), message.content.get("html", "")
        if not (text.strip() or html.strip()):
            raise SendError("empty", "The mail has neither text nor HTML.", permanent=True)
        headers = {
            **message.headers,
            "Message-ID": mime.message_id_of(message, domain),
            mime.MESSAGE_HEADER: str(message.id),
        }
        reply_to = message.content.get("reply_to") or self.config.get("reply_to")
        mail = EmailMultiAlternatives(
            subject,
            text,
            sender,
            [mime.address(message.to)],
            headers=headers,
            reply_to=[reply_to] if reply_to else None,
        )
        if html.strip():
            mail.attach_alternative(html, "text/html")
        for file in message.attachments:
            mail.attach(_part(file))
        if self.tells_metadata:
            mail.metadata = {"waymark": token_of(message.id)}  # type: ignore[attr-defined]
        return mail


def _part(file: Attachment) -> MIMEBase:
    """As base64 whatever it is: of texts Django would change the ends of lines."""
    part = MIMEBase(*file.content_type.split("/", 1))
    part.set_payload(file.data)
    encode_base64(part)
    part.add_header("Content-Disposition", "attachment", filename=file.name)
    return part


def token_of(message_id: int) -> str:
    """Our id as a provider carries it: signed, so that nobody can tell tales about other messages."""
    return f"{message_id}.{sign('mail-metadata', str(message_id))}"


def send_error(error: Exception) -> SendError:
    """What an exception of a backend means for the message."""
    if isinstance(error, SendError):
        return error
    if isinstance(error, AnymailRecipientsRefused):
        return SendError("recipient_refused", str(error), permanent=True)
    if isinstance(error, requests.RequestException):
        return _network_error(error)
    if isinstance(error, AnymailAPIError):
        return _api_error(error)
    if isinstance(error, AnymailError | ValueError | TypeError):
        return SendError("unsendable", str(error), permanent=True)
    return _smtp_error(error)


def _network_error(error: requests.RequestException) -> SendError:
    status = getattr(error, "status_code", None)
    if status:
        return _status_error(status, str(error))
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.MissingSchema) or never_connected(error):
        return SendError("unreachable", str(error))
    return SendError("no_answer", str(error), maybe_sent=True)


def _api_error(error: AnymailAPIError) -> SendError:
    status = error.status_code or getattr(error.response, "status_code", None)
    # Taken, but the answer was no JSON; or an API without HTTP statuses (Amazon SES).
    return _status_error(status, str(error)) if status else SendError("refused", str(error))


def _status_error(status: int, sentence: str) -> SendError:
    if 200 <= status < 300:
        return SendError("odd_answer", sentence, maybe_sent=True)
    if status in (401, 403):
        return SendError("auth_failed", sentence)
    if status in (408, 429) or status >= 500:
        return SendError("rate_limited" if status == 429 else f"http_{status}", sentence)
    return SendError(f"http_{status}", sentence, permanent=True)


def _smtp_error(error: Exception) -> SendError:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code = min((answer[0] for answer in error.recipients.values()), default=550)
        return SendError(f"smtp_{code}", str(error), permanent=code >= 500)
    if isinstance(error, smtplib.SMTPSenderRefused | smtplib.SMTPAuthenticationError):
        return SendError("sender_refused", str(error))
    if isinstance(error, smtplib.SMTPDataError):
        return SendError(f"smtp_{error.smtp_code}", str(error), permanent=error.smtp_code >= 500)
    if isinstance(error, smtplib.SMTPServerDisconnected | TimeoutError):
        return SendError("no_answer", str(error), maybe_sent=True)
    if isinstance(error, ConnectionRefusedError | smtplib.SMTPConnectError):
        return SendError("unreachable", str(error))
    return SendError("no_answer", f"{type(error).__name__}: {error}", maybe_sent=True)


def _refusal(mail: EmailMultiAlternatives) -> SendError | None:
    """What anymail does not raise: a lasting failure, or an error whose words it could not read."""
    status = getattr(mail, "anymail_status", None)
    if status is None or not status.status or status.status & {"sent", "queued"}:
        return None
    if status.status <= {"failed", "invalid", "rejected"}:
        return SendError(
            "recipient_refused", f"The provider's answer: {', '.join(sorted(status.status))}.", permanent=True
        )
    answer = status.esp_response
    code = int(getattr(answer, "status_code", 0) or 0)
    return _status_error(code, f"{code} {getattr(answer, 'text', '')[:500]}") if code >= 400 else None


def _provider_id(mail: EmailMultiAlternatives) -> str:
    status = getattr(mail, "anymail_status", None)
    found = status.message_id if status else ""
    if isinstance(found, set):
        found = next((name for name in found if name), "")
    return str(found or "")
