"""The questions of the what-if page, and the case that they make."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from channels.base import channels
from channels.models import Message, MessageClass
from compliance.models import FrequencyCap, HousePolicy, MatrixRule, QuietHours
from config.adminsite.fields import read_json
from contacts import addresses, places
from contacts.models import Brand, Contact, Topic

Case = dict[str, Any]
CHANNELS = {
    "sms": "SMS",
    "email": "E-mail",
    "whatsapp": "WhatsApp",
    "push": "Push",
    "in_app": "In-app",
    "chat": "Chat",
    "voice": "Voice call",
}
SAID = {
    "": "agreed in writing",
    "express": "agreed expressly",
    "implied_purchase": "bought something (implied)",
    "implied_inquiry": "asked for something (implied)",
    "soft_opt_in": "is a customer (soft opt-in)",
    "contract": "has a contract",
    "pending": "has not confirmed yet (double opt-in)",
    "nothing": "never said anything",
    "withdrawn": "said no",
}
USUAL = timedelta(days=30)
"""How long ago the person said so, where nothing is written."""
MATRIX = ("name", "event", "where", "journeys", "topics", "classes", "channels", "days", "lifted_by")
PERSON = ("country", "region", "postal_code", "phone", "timezone")
FIELDS = {
    **{f"contact.{name}": name for name in PERSON},
    "contact.consents[0].at": "said_at",
    "message.channel": "channel",
    "message.class": "message_class",
    "now": "instant",
}
"""Path of a case → the field that it was made from."""


def _text(label: str, help_text: str) -> forms.CharField:
    return forms.CharField(
        label=label, help_text=help_text, required=False, max_length=64, widget=UnfoldAdminTextInputWidget
    )


def _instant(label: str, help_text: str) -> forms.SplitDateTimeField:
    return forms.SplitDateTimeField(
        label=label, help_text=help_text, required=False, widget=UnfoldAdminSplitDateTimeWidget
    )


class WhatIfForm(forms.Form):
    """A person, a message and an instant. All of the person may stay empty: then it is somebody of whom nothing is known."""

    contact = forms.ModelChoiceField(
        Contact.objects.all(),
        label="As this contact",
        required=False,
        help_text="Their own address, zone, consents, suppressions and earlier messages; the rest about the person stays empty.",
    )
    country = _text("Country", "Two letters or its English name, e.g. US.")
    region = _text("Region", "As in ISO 3166, without the country, e.g. FL.")
    postal_code = _text("Postal code", "US ZIP codes tell the state.")
    phone = _text("Phone number", "With its country code, e.g. +1 850 555 0100.")
    timezone = _text("Time zone", "If the person has set one, e.g. America/New_York.")
    said = forms.ChoiceField(
        label="The person",
        choices=list(SAID.items()),
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text="What they said about this topic on this channel.",
    )
    said_at = _instant("Said on", "In your time zone. Empty: 30 days before.")
    sent = forms.IntegerField(
        label="Earlier messages",
        required=False,
        min_value=0,
        max_value=100,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="Of this class, channel and topic, spread over the 24 hours before.",
    )
    channel = forms.ChoiceField(label="Channel", widget=UnfoldAdminSelectWidget)
    message_class = forms.ChoiceField(
        label="Message class", choices=MessageClass.choices, widget=UnfoldAdminSelectWidget
    )
    topic = forms.ModelChoiceField(
        Topic.objects.select_related("brand").order_by("brand__name", "name"),
        label="Brand and topic",
        required=False,
        empty_label="no brand: the law alone",
        widget=UnfoldAdminSelectWidget,
        help_text="The brand's own policy, quiet hours and caps then count too.",
    )
    instant = _instant("When", "In your time zone. Empty: now.")

    def __init__(self, *args: Any, may_see_contacts: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["channel"].choices = list({**dict(channels.choices()), **CHANNELS}.items())  # type: ignore[attr-defined]
        self.fields["topic"].label_from_instance = lambda topic: f"{topic.brand}: {topic.name}"  # type: ignore[attr-defined]
        if may_see_contacts:
            field = self.fields["contact"]
            field.widget = _autocomplete(field)
        else:
            del self.fields["contact"]

    def clean_country(self) -> str:
        said = str(self.cleaned_data["country"])
        if said and not places.country(said):
            raise forms.ValidationError(f"{said!r} is no country; write its two letters, for example US.")
        return places.country(said)

    def clean_region(self) -> str:
        said, country = str(self.cleaned_data["region"]), self.cleaned_data.get("country", "")
        if said and not places.region(said, country):
            raise forms.ValidationError(f"{said!r} is no region; write its letters, for example FL.")
        return places.region(said, country) if said else ""

    def clean_phone(self) -> str:
        said = str(self.cleaned_data["phone"])
        try:
            return addresses.normalise("phone", said, self.cleaned_data.get("country", "")) if said else ""
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("contact"):
            return data
        described = [self.fields[name].label for name in (*PERSON, "said", "said_at", "sent") if data.get(name)]
        if described:
            told = ", ".join(str(label) for label in described)
            self.add_error("contact", f"Choose a contact, or describe a person; both are given ({told}).")
        if not data.get("topic"):
            self.add_error("topic", "Choose what it would be about: a consent is for a topic of a brand.")
        if data.get("channel") not in channels:
            self.add_error("channel", "No contact can be reached by it yet: there is no such channel in the product.")
        return data

    def case(self, now: datetime) -> Case:
        """The described person and message as a case (docs/what-if.md). `now` where no instant is written."""
        data = self.cleaned_data
        at = data["instant"] or now
        topic: Topic | None = data["topic"]
        message = {"channel": data["channel"], "class": data["message_class"], "topic": topic.key if topic else "news"}
        person = {name: data[name] for name in PERSON if data[name]}
        sent = [{"at": _written(instant), "class": data["message_class"]} for instant in _spread(at, data["sent"] or 0)]
        return {
            "now": _written(at),
            "contact": {**person, "consents": _consents(data["said"], data["said_at"] or at - USUAL)},
            "message": message,
            **(house(topic.brand) if topic else {}),
            **({"sent": sent} if sent else {}),
        }


class ExpertForm(forms.Form):
    """The whole question as JSON."""

    case = forms.CharField(
        label="Case as JSON",
        max_length=50_000,
        widget=UnfoldAdminTextareaWidget({"rows": 16, "spellcheck": "false", "class": "wm-json"}),
        help_text="The shape of POST /api/compliance/evaluate; what is left out is what a well-behaved message has.",
    )

    def clean_case(self) -> Any:
        return read_json(self.cleaned_data["case"])


def house(brand: Brand) -> Case:
    """The brand's own rules, as a case writes them."""
    policy = HousePolicy.objects.filter(brand=brand).first() or HousePolicy(brand=brand)
    quiet = QuietHours.objects.filter(brand=brand, enabled=True).order_by("pk")
    caps = FrequencyCap.objects.filter(brand=brand, enabled=True).order_by("pk")
    matrix = MatrixRule.objects.filter(brand=brand, enabled=True).order_by("pk")
    return {
        "profile": policy.profile,
        "policy": {
            "default_zone": brand.timezone,
            "unknown_place": policy.unknown_place,
            "trust": policy.trust,
            "honour_consent_lift": policy.honour_consent_lift,
            "guard_minutes": policy.guard_minutes,
            "longest_hold": f"{policy.longest_hold_hours}h",
            "cross_channel_fallback": policy.cross_channel_fallback,
            "whatsapp_named_opt_in": policy.whatsapp_named_opt_in,
            "hours": [_open(one) for one in quiet],
            "caps": [_cap(one) for one in caps],
            "matrix": [{name: getattr(one, name) for name in MATRIX} for one in matrix],
        },
    }


def _open(quiet: QuietHours) -> Case:
    """Quiet hours turned round: what is open."""
    hours = {"from": f"{quiet.end:%H:%M}", "to": f"{quiet.start:%H:%M}"}
    return {"channel": quiet.channel, **hours, "classes": quiet.classes}


def _cap(cap: FrequencyCap) -> Case:
    same = {
        name: getattr(cap, name) for name in ("name", "limit", "classes", "channels", "topics", "journeys", "action")
    }
    window = {"calendar": cap.calendar} if cap.calendar else {"window": f"{cap.days}d"}
    return {**same, **window}


def _consents(said: str, at: datetime) -> list[Case]:
    if said == "nothing":
        return []
    if said in ("withdrawn", "pending"):
        return [{"state": said, "at": _written(at)}]
    return [{"basis": said or "express_written", "at": _written(at)}]


def _spread(now: datetime, number: int) -> list[datetime]:
    step = timedelta(hours=24) / (number + 1)
    return [now - step * (index + 1) for index in range(number)]


def _written(instant: datetime) -> str:
    return instant.replace(microsecond=0).isoformat()


class ContactSearch(AutocompleteSelect):
    """Django's, which takes any value for a key: what can be none would break the page."""

    def optgroups(self, name: str, value: Sequence[str], attr: dict[str, Any] | None = None) -> Any:
        return super().optgroups(name, [one for one in value if not one or _is_key(one)], attr)


def _is_key(said: Any) -> bool:
    return str(said).isdecimal() and len(str(said)) < 19


def _autocomplete(field: Any) -> AutocompleteSelect:
    """The admin's own search for contacts: found by ID, address or number, never all of them."""
    widget = ContactSearch(Message._meta.get_field("contact"), admin.site)
    widget.choices = field.choices
    widget.is_required = False
    return widget
