"""The contact's timeline: the one stream that everything else reads."""

import secrets

from django.db import models
from django.db.models import Q

from contacts.models.people import Brand, Contact


def new_write_key() -> str:
    """A write key for a source: 32 URL-safe characters. Like Segment's it is half public: it may only add events."""
    return secrets.token_urlsafe(24)


class Source(models.Model):
    """A system that sends events: a web site, an app, a shop. Its write key is the user name of the ingest endpoint."""

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT)
    name = models.CharField(max_length=120)
    write_key = models.CharField(max_length=64, unique=True, default=new_write_key)
    enabled = models.BooleanField(default=True)
    consent_grants = models.JSONField(
        default=list,
        blank=True,
        help_text='Events of this source that carry a consent, e.g. [{"event": "signup", "channel": "email", "topic": "news", "basis": "express", "wording": "signup form v3"}].',
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class EventBatch(models.Model):
    """Events that became durable together, and wait together for the journeys to react. Handled exactly once."""

    created_at = models.DateTimeField()
    size = models.PositiveIntegerField()
    handled_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["id"], condition=Q(handled_at=None), name="event_batches_unhandled")]

    def __str__(self) -> str:
        return f"Batch {self.pk}"


class Event(models.Model):
    """Something that happened to a contact. Append-only; written only by `contacts.timeline.record`.

    `key` makes it idempotent: the sender's message id under its source, or our own, e.g. `message.sent:42`.
    """

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="events")
    batch = models.ForeignKey(EventBatch, on_delete=models.PROTECT, related_name="events")
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, null=True, db_index=False)
    name = models.CharField(max_length=200)
    occurred_at = models.DateTimeField(help_text="When it happened, corrected for the sender's clock.")
    received_at = models.DateTimeField()
    key = models.CharField(max_length=240, unique=True)
    properties = models.JSONField(default=dict)

    class Meta:
        ordering = ["-occurred_at", "-id"]
        indexes = [
            models.Index(fields=["contact", "name", "occurred_at"], name="events_by_name"),
            models.Index(fields=["contact", "occurred_at"], name="events_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.contact_id}"


class RejectedEvent(models.Model):
    """An item of a batch that could not be accepted, kept with the reason so that its sender can be mended."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE)
    received_at = models.DateTimeField(db_index=True)
    reason = models.CharField(max_length=300)
    message_id = models.CharField(max_length=240, blank=True)
    payload = models.JSONField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.reason
