"""The settings that every account at Twilio has."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

from config.egress import validate_secure_url


class TwilioAccount(forms.Form):
    """Who sends, with which token, from where. A channel says what its `from_number` may be."""

    account_sid = forms.CharField(
        label="Account SID",
        validators=[RegexValidator(r"^AC[0-9a-fA-F]{32}$", "An account SID is AC and 32 hex digits.")],
    )
    auth_token = forms.CharField(widget=forms.PasswordInput, help_text="Sends, and checks callbacks.")
    from_number = forms.CharField(label="From", required=False)
    messaging_service_sid = forms.CharField(
        label="Messaging service SID",
        required=False,
        validators=[RegexValidator(r"^MG[0-9a-fA-F]{32}$", "A messaging service SID is MG and 32 hex digits.")],
    )
    api_base = forms.CharField(
        label="API address",
        required=False,
        validators=[validate_secure_url],
        help_text="Only for a region or edge of Twilio, e.g. https://api.dublin.ie1.twilio.com.",
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        given = [name for name in ("from_number", "messaging_service_sid") if data.get(name)]
        if len(given) != 1 and not self.errors:
            raise ValidationError("Fill in either the sender's number or the messaging service, not both.")
        return data
