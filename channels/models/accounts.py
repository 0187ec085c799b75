"""Senders: an account with a provider, and the sandbox that stands in for all of them."""

from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from config.crypto import EncryptedJSONField
from contacts.models import Brand


class Account(models.Model):
    """How a brand reaches people on a channel: provider, sender and credentials (encrypted at rest)."""

    class Registration(models.TextChoices):
        NOT_NEEDED = "not_needed", "not needed"
        PENDING = "pending", "applied for"
        REGISTERED = "registered", "registered"
        REJECTED = "rejected", "rejected"

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT)
    channel = models.CharField(max_length=20, help_text="Key of a channel kind.")
    key = models.SlugField(unique=True, help_text="Part of this account's webhook addresses.")
    name = models.CharField(max_length=120)
    config = EncryptedJSONField(default=dict, blank=True)
    per_second = models.PositiveIntegerField(
        "limit per second", default=0, help_text="Messages a second; 0 means no limit."
    )
    registration = models.CharField(
        max_length=10,
        choices=Registration,
        default=Registration.NOT_NEEDED,
        help_text="With carriers (10DLC, toll-free verification). Nothing leaves while it is applied for or rejected.",
    )
    recipients_limit = models.PositiveIntegerField(
        "people in 24 hours",
        default=0,
        help_text="Different people in any 24 hours, as WhatsApp's tiers: 250, 2000, 10000, 100000; 0 means no limit.",
    )
    daily_limit = models.PositiveIntegerField(
        "limit per day",
        default=0,
        help_text="Messages a day as US carriers count them, from midnight in Los Angeles, e.g. 2000; 0 means no limit.",
    )
    next_slot_at = models.DateTimeField(
        null=True, editable=False, help_text="When the next message may leave under the limit."
    )
    enabled = models.BooleanField(default=True)
    is_default = models.BooleanField(
        "default", default=True, help_text="The account that the brand's messages on this channel leave by."
    )
    history = HistoricalRecords(excluded_fields=["config", "next_slot_at"])

    class Meta:
        ordering = ["brand", "channel", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["brand", "channel"], condition=Q(is_default=True, enabled=True), name="one_default_account"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SandboxMessage(models.Model):
    """A message caught by the sandbox: read it in the admin, nobody else ever gets it."""

    channel = models.CharField(max_length=20)
    sender = models.CharField(max_length=320)
    recipient = models.CharField(max_length=320, db_index=True)
    subject = models.CharField(max_length=998, blank=True)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    raw = models.TextField(blank=True, help_text="As it came over the wire.")
    message = models.ForeignKey(
        "channels.Message",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        db_constraint=False,
        help_text="The message it is a copy of.",
    )
    received_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.subject or self.text[:60]
