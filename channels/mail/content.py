"""What a mail's template contains, and how it becomes what is sent."""

import unicodedata
from collections.abc import Mapping
from email.utils import getaddresses
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from channels.attachments import MOST
from channels.base import SendError
from channels.findings import Finding
from channels.liquid import LONGEST_SOURCE
from channels.mail import mime, plain
from channels.markup import mjml, styles
from channels.markup.preheader import with_preheader
from channels.models.files import LONGEST_NAME


def single_line(value: str) -> None:
    """For form fields; raises ValidationError for a line break, or another control sign that no header may hold."""
    if "\n" in value or "\r" in value:
        raise ValidationError("This must be one line; a line break here would start another header.")
    if found := next((sign for sign in value if mime.is_control(sign)), ""):
        raise ValidationError(f"There is a control sign in it (U+{ord(found):04X}), often pasted unseen; type it anew.")


def sender(value: str) -> None:
    """For form fields; raises ValidationError unless it is `address` or `Name <address>`. Of line breaks `single_line` tells."""
    if "\n" in value or "\r" in value:
        return  # how Python reads an address with one differs between its releases
    try:
        validate_email(mime.sender_of(value)[1])
        if len(getaddresses([value])) > 1:
            raise ValidationError("")
    except (SendError, ValidationError):
        raise ValidationError(
            f"{value!r} is not a sender; write for example Acorn Shop <hello@shop.example>."
        ) from None


class NamesField(forms.MultipleChoiceField):
    """Names of files, each once. Whether there are such files depends on the brand: the checks tell."""

    def __init__(self, *, most: int, **options: Any) -> None:
        self.most = most
        super().__init__(**options)

    def to_python(self, value: Any) -> list[str]:
        """Raises ValidationError unless it is a list of names."""
        if not value:
            return []
        if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
            raise ValidationError('Write a list of names of files, e.g. ["terms.pdf"].')
        names = [unicodedata.normalize("NFC", name).strip() for name in value]
        return list(dict.fromkeys(filter(None, names)))

    def validate(self, value: list[str]) -> None:
        """Raises ValidationError for too many."""
        if len(value) > self.most:
            raise ValidationError(f"These are {len(value)} files; a mail carries {self.most} at most.")
        if long := next((name for name in value if len(name) > LONGEST_NAME), None):
            raise ValidationError(f"{long[:30]}… is no name of a file: it is too long.")


class MailContent(forms.Form):
    """The fields of a mail; HTML may be written as such or as MJML."""

    subject = forms.CharField(max_length=300, validators=[single_line])
    preheader = forms.CharField(
        required=False,
        max_length=300,
        validators=[single_line],
        help_text="Shown beside the subject in lists of mails; hidden in the mail itself.",
    )
    mjml = forms.CharField(
        label="MJML",
        required=False,
        max_length=LONGEST_SOURCE,
        widget=forms.Textarea,
        help_text="Instead of HTML: a language for mails that look right in every program. <mjml>…</mjml>",
    )
    html = forms.CharField(
        label="HTML",
        required=False,
        max_length=LONGEST_SOURCE,
        widget=forms.Textarea,
        help_text="The mail as most people see it.",
    )
    text = forms.CharField(
        label="Plain text",
        required=False,
        max_length=LONGEST_SOURCE,
        widget=forms.Textarea,
        help_text="Left empty, it is made from the HTML or MJML.",
    )
    from_name = forms.CharField(
        label="From (name)", required=False, max_length=120, validators=[single_line], help_text="Empty: the account's."
    )
    from_email = forms.EmailField(
        label="From (address)",
        required=False,
        help_text="Empty: the account's. The provider must know the domain as yours.",
    )
    reply_to = forms.CharField(
        label="Reply to", required=False, validators=[single_line, sender], help_text="Empty: the account's."
    )
    attachments = NamesField(
        most=MOST,
        required=False,
        help_text=f"Files of the brand that the mail carries: {MOST} and 10 MB at most.",
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("attachments"):
            data.pop("attachments", None)
        if data.get("mjml") and data.get("html"):
            self.add_error("mjml", "Write the mail as MJML or as HTML, not both.")
        if not any(data.get(name) or name in self.errors for name in ("mjml", "html", "text")):
            raise ValidationError("A mail needs HTML or plain text; write at least one of them.")
        return data


def compiled(fields: Mapping[str, Any]) -> tuple[dict[str, Any], list[Finding]]:
    """The fields that are rendered at the send, and what is wrong with the MJML. All of them must parse as Liquid."""
    given = {name: value for name, value in fields.items() if value and name not in ("mjml", "preheader")}
    findings: list[Finding] = []
    html, source = str(fields.get("html") or ""), fields.get("mjml")
    if source:
        html, findings = mjml.compiled(str(source))
    elif html:
        html = styles.inlined(html)
    if len(html) > LONGEST_SOURCE:
        sentence = f"becomes HTML of more than {LONGEST_SOURCE:,} characters; take something out."
        given.pop("html", None)
        return given, [*findings, Finding("mjml" if source else "html", sentence, "too_long")]
    if html:
        given["text"] = given.get("text") or plain.from_html(html)
        given["html"] = with_preheader(html, str(fields.get("preheader") or ""))
    return given, findings
