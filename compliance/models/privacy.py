"""What people ask for under the GDPR, and what is left of somebody who was erased."""

from typing import Any

from dateutil.relativedelta import relativedelta
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from contacts.models import Contact


class PrivacyRequest(models.Model):
    """Somebody wants to see, correct or erase what we know about them. It is due within a month (art. 12(3) GDPR)."""

    class Kind(models.TextChoices):
        ACCESS = "access", "access (art. 15, 20)"
        RECTIFICATION = "rectification", "rectification (art. 16)"
        ERASURE = "erasure", "erasure (art. 17)"

    kind = models.CharField(max_length=15, choices=Kind)
    contact = models.ForeignKey(
        Contact,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="privacy_requests",
        help_text="Who it is about; empty if nobody with that address is known, and after an erasure.",
    )
    address = models.CharField(
        max_length=320, blank=True, help_text="Mail address or number that they wrote from; goes with an erasure."
    )
    received_at = models.DateTimeField(help_text="The month counts from here.")
    extended_because = models.CharField(
        max_length=300,
        blank=True,
        help_text="Why it needs two further months; the person must be told so within the first.",
    )
    due_at = models.DateTimeField(editable=False, db_index=True)
    note = models.TextField(blank=True, help_text="How it was answered; goes with an erasure.")
    done_at = models.DateTimeField(null=True, blank=True, editable=False)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )

    history = HistoricalRecords(excluded_fields=["contact", "address", "note", "extended_because"])
    """Without what would have to go with an erasure."""

    class Meta:
        verbose_name = "request (GDPR)"
        verbose_name_plural = "requests (GDPR)"
        ordering = ["due_at", "id"]
        permissions = [("export_personal_data", "Can export everything that is known about a person")]
        constraints = [
            models.CheckConstraint(
                condition=Q(done_at=None) | Q(done_by__isnull=False), name="done_requests_have_a_doer"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display().capitalize()} #{self.pk}"

    def clean(self) -> None:
        if not self.contact_id and not self.address and not self.done_at:
            raise ValidationError({"address": "Say who asks: choose a contact, or write the address."})

    def save(self, *args: Any, **options: Any) -> None:
        """The date that it is due follows from the others."""
        self.due_at = self.received_at + relativedelta(months=3 if self.extended_because else 1)
        super().save(*args, **options)


class ErasureRecord(models.Model):
    """Proof that somebody was erased, and the little that is kept to defend legal claims (art. 17(3)(e)). Append-only.

    It names nobody: addresses are keyed hashes, and the person's own IDs are gone.
    """

    contact_number = models.BigIntegerField(help_text="The number that the contact had; numbers are never used again.")
    request = models.ForeignKey(
        PrivacyRequest, on_delete=models.PROTECT, null=True, blank=True, related_name="erasures", db_index=False
    )
    erased_at = models.DateTimeField()
    erased_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    reason = models.CharField(max_length=300)
    addresses = models.JSONField(default=list, help_text="Keyed hashes of the addresses: [{kind, digest}].")
    consents = models.JSONField(default=list, help_text="What was allowed and taken back, without the person.")
    blocked = models.JSONField(default=list, help_text="Messages that were waiting: [{message, template, reason}].")
    counts = models.JSONField(default=dict, help_text="How many rows of each table went.")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Erasure of contact {self.contact_number}"
