"""Forms about people; what is wrong is said in sentences."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminSplitDateTimeWidget, UnfoldAdminTextInputWidget

from config import clock
from contacts import addresses, places, reach, suppressions
from contacts.models import Address, Brand, Consent, Contact, Suppression, Topic

BY_HAND = (Suppression.Reason.MANUAL, Suppression.Reason.LEGAL, Suppression.Reason.OPT_OUT)


class ContactForm(forms.ModelForm):
    """A person's own data. `seen` is when it had last changed as the page was opened: what came since is not overwritten."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Contact
        fields = ("external_id", "locale", "country", "region", "timezone", "timezone_source", "attributes", "seen")
        labels = {"timezone_source": "Known from"}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk and "seen" in self.fields:
            self.fields["seen"].initial = self.instance.updated_at.isoformat()

    def clean_attributes(self) -> dict[str, Any]:
        said = self.cleaned_data["attributes"] or {}
        if not isinstance(said, dict):
            raise forms.ValidationError('Attributes are a JSON object, for example {"plan": "pro"}.')
        return said

    def clean_country(self) -> str:
        said = str(self.cleaned_data["country"])
        if said and not places.country(said):
            raise forms.ValidationError(f"{said!r} is no country; write its two letters, for example US.")
        return places.country(said) if said else ""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.instance.pk:
            stored = Contact.objects.select_for_update().get(pk=self.instance.pk)
            if data.get("seen") != stored.updated_at.isoformat():
                raise forms.ValidationError(
                    "This person has changed since you opened the page, by an event or by a colleague. Nothing is saved; "
                    "note what you wrote below, open the page again, and make your change there."
                )
        return data


class AddressForm(forms.ModelForm):
    """An address, brought into its one spelling; a row of the person's form."""

    class Meta:
        model = Address
        fields = ("kind", "value", "validity")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        row_of: Any = self.fields["contact"]
        if data.get("kind") and data.get("value"):
            try:
                data["value"] = addresses.normalise(data["kind"], data["value"], row_of.parent_instance.country)
            except ValueError as error:
                self.add_error("value", str(error))
            else:
                self.instance.digest = addresses.digest(data["kind"], data["value"])
                self.instance.created_at = self.instance.created_at or clock.now()
        return data


class WithdrawalForm(forms.Form):
    """A consent taken back by word of mouth, letter or phone."""

    reason = forms.CharField(
        max_length=300,
        widget=UnfoldAdminTextInputWidget,
        help_text="How the person said so, for example: by phone, ticket 4711. Kept as proof.",
    )


class ConsentForm(WithdrawalForm):
    """A consent given elsewhere, recorded by hand."""

    topic = forms.ModelChoiceField(
        Topic.objects.select_related("brand"), empty_label="Select value", widget=UnfoldAdminSelectWidget
    )
    channel = forms.ChoiceField(choices=reach.choices, widget=UnfoldAdminSelectWidget)
    basis = forms.ChoiceField(choices=[c for c in Consent.Basis.choices if c[0]], widget=UnfoldAdminSelectWidget)
    wording = forms.CharField(
        max_length=120,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="Version of the text that the person agreed to, if there was one.",
    )
    occurred_at = forms.SplitDateTimeField(
        label="Given on",
        required=False,
        widget=UnfoldAdminSplitDateTimeWidget,
        help_text="When the person said so, in your time zone; empty: now.",
    )
    field_order = ("topic", "channel", "basis", "wording", "occurred_at", "reason")

    def clean_occurred_at(self) -> Any:
        given = self.cleaned_data["occurred_at"]
        if given and given > clock.now():
            raise forms.ValidationError("This lies in the future; a consent is recorded after it was given.")
        return given


class SuppressionForm(forms.ModelForm):
    """An address to suppress. Only its keyed hash is kept; an address that is suppressed already stays so."""

    address = forms.CharField(
        max_length=320,
        widget=UnfoldAdminTextInputWidget,
        help_text="Mail address or phone number with country code. Only its hash is kept.",
    )
    channel = forms.ChoiceField(
        choices=lambda: [("", "every channel"), *reach.choices()], required=False, widget=UnfoldAdminSelectWidget
    )
    brand = forms.ModelChoiceField(
        Brand.objects.all(), required=False, empty_label="every brand", widget=UnfoldAdminSelectWidget
    )
    reason = forms.ChoiceField(
        choices=[(reason.value, reason.label) for reason in BY_HAND], widget=UnfoldAdminSelectWidget
    )
    source = forms.CharField(
        label="Why",
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text="For example: letter of 3 November, ticket 4711.",
    )

    class Meta:
        model = Suppression
        fields = ("address_kind", "address", "channel", "brand", "reason", "source")

    def wanted(self) -> suppressions.Suppress:
        """What to add."""
        data = self.cleaned_data
        brand = data["brand"]
        return suppressions.Suppress(
            self.instance.digest,
            data["address_kind"],
            data["reason"],
            data["channel"],
            brand and brand.pk,
            data["source"],
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("address_kind") and data.get("address"):
            try:
                value = addresses.normalise(data["address_kind"], data["address"])
            except ValueError as error:
                self.add_error("address", str(error))
            else:
                self.instance.digest = addresses.digest(data["address_kind"], value)
        return data


class LiftForm(forms.Form):
    """Why a suppression ends."""

    because = forms.CharField(
        label="Why",
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text="Kept with the suppression, for example: bounce was a mistake of the provider.",
    )
