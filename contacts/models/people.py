"""Brands, and the people they talk to."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from contacts import locales, zones


class Brand(models.Model):
    """Under whose name we write: sender, postal address, and the zone of the house when a person's own is unknown."""

    key = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    postal_address = models.CharField(
        max_length=300, blank=True, help_text="Shown in the footer of marketing e-mail; US and Canadian law ask for it."
    )
    website = models.URLField(blank=True)
    timezone = models.CharField(
        max_length=64,
        default="UTC",
        validators=[zones.validate],
        help_text="Used when a contact's own zone is unknown, e.g. Europe/Paris.",
    )
    default_locale = models.CharField(
        "default language",
        max_length=20,
        blank=True,
        validators=[locales.validate],
        help_text="For people whose own language is unknown or has no version, e.g. en-GB. Empty: the version for everyone.",
    )
    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]
        permissions = [  # given on one brand (config.permissions); held for all, they mean nothing
            ("view_in_brand", "Can look at everything of the brand"),
            ("edit_in_brand", "Can edit templates, segments and journeys of the brand"),
            ("submit_in_brand", "Can submit work of the brand for approval"),
            ("approve_in_brand", "Can approve work of the brand"),
            ("publish_in_brand", "Can publish journeys of the brand"),
            ("send_test_in_brand", "Can send tests of the brand's templates"),
        ]

    def __str__(self) -> str:
        return self.name


class Contact(models.Model):
    """A person. Changes through events, imports and the API; what happened is on the timeline, not in a history table."""

    class ZoneSource(models.TextChoices):
        UNKNOWN = "", "unknown"
        PERSON = "person", "set by the person"
        DEVICE = "device", "the person's device"
        ADDRESS = "address", "postal address"
        PHONE = "phone", "phone number"
        COUNTRY = "country", "country"

    external_id = models.CharField(
        "external ID", max_length=200, blank=True, help_text="The person's ID in your own systems (userId)."
    )
    attributes = models.JSONField(default=dict, blank=True)
    locale = models.CharField(max_length=20, blank=True, help_text="Language and region, e.g. en-GB.")
    country = models.CharField(max_length=2, blank=True, help_text="ISO 3166-1 alpha-2, e.g. US.")
    region = models.CharField(max_length=10, blank=True, help_text="ISO 3166-2 without the country, e.g. NY.")
    timezone = models.CharField("time zone", max_length=64, blank=True, validators=[zones.validate])
    timezone_source = models.CharField(max_length=10, choices=ZoneSource, default=ZoneSource.UNKNOWN, blank=True)
    created_at = models.DateTimeField(db_index=True)
    updated_at = models.DateTimeField()
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.CASCADE,
        null=True,
        editable=False,
        db_index=False,
        related_name="merged",
        help_text="The contact that this one turned out to be; this row only waits for an undo then, and goes with that one's erasure.",
    )

    class Meta:
        ordering = ["-id"]
        permissions = [("merge_contact", "Can merge two contacts, and undo it")]
        indexes = [
            models.Index(fields=["merged_into"], condition=Q(merged_into__isnull=False), name="contacts_merged"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["external_id"], condition=~Q(external_id=""), name="one_contact_per_external_id"
            ),
            models.CheckConstraint(
                condition=Q(merged_into=None) | Q(external_id=""), name="merged_contacts_have_no_external_id"
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.external_id or f"Contact {self.pk}"

    @property
    def name(self) -> str:
        """First and last name, or the attribute `name`; empty when neither is known."""
        parts = [str(self.attributes.get(part) or "") for part in ("first_name", "last_name")]
        return " ".join(filter(None, parts)) or str(self.attributes.get("name") or "")

    def clean(self) -> None:
        if not isinstance(self.attributes, dict):
            raise ValidationError({"attributes": 'Attributes are a JSON object, e.g. {"plan": "pro"}.'})
        from contacts.models.merges import FormerId  # which is about contacts

        taken = FormerId.objects.filter(value=self.external_id).exclude(contact=self.pk).first()
        if self.external_id and taken:
            raise ValidationError(
                {"external_id": f"This is an ID of contact {taken.contact_id} since a merge; choose another."}
            )


class AnonymousId(models.Model):
    """A visitor's ID from before they were known (anonymousId), and whose it turned out to be."""

    value = models.CharField(max_length=200)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="anonymous_ids")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["value"], name="one_owner_per_anonymous_id")]

    def __str__(self) -> str:
        return self.value


class Address(models.Model):
    """Where a person can be reached. `value` is normalised (lower-case mail address, E.164 number, a device's token)."""

    class Kind(models.TextChoices):
        EMAIL = "email", "e-mail"
        PHONE = "phone", "phone"
        PUSH = "push", "device"

    class Validity(models.TextChoices):
        UNKNOWN = "unknown", "not yet used"
        VALID = "valid", "valid"
        INVALID = "invalid", "invalid"

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="addresses", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind)
    value = models.CharField(max_length=320)
    digest = models.CharField(max_length=43, help_text="Keyed hash of kind and value: what the suppression list knows.")
    validity = models.CharField(max_length=10, choices=Validity, default=Validity.UNKNOWN)
    validity_reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(
        help_text="When the person gave it, or gave it again after another; the newest of a kind is the one in use."
    )

    class Meta:
        verbose_name_plural = "addresses"
        indexes = [
            models.Index(fields=["kind", "value"], name="address_by_value"),
            models.Index(fields=["digest"], name="address_by_digest"),
        ]
        constraints = [models.UniqueConstraint(fields=["contact", "kind", "value"], name="one_address_per_contact")]

    def __str__(self) -> str:
        return self.value
