"""The contact's timeline: the one stream that everything else reads."""

import secrets
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from contacts.models.consent import Consent, Topic
from contacts.models.people import Brand, Contact

GRANT_EXAMPLE = (
    '[{"event": "signup", "channel": "email", "topic": "news", "basis": "express", "wording": "signup form v3"}]'
)
_RULE = {"event", "channel", "topic", "basis", "wording"}


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
        help_text=f"Events of this source that carry a consent, e.g. {GRANT_EXAMPLE}.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    history = HistoricalRecords(excluded_fields=["write_key"])

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if problems := list(_grant_problems(self.consent_grants, self.brand_id)):
            raise ValidationError({"consent_grants": problems})


def _grant_problems(lines: Any, brand_id: int | None) -> Iterator[str]:
    """What is wrong with the rules of a source, as sentences."""
    if not isinstance(lines, list):
        yield f"Write a list of rules, for example {GRANT_EXAMPLE}."
        return
    topics = set(Topic.objects.filter(brand=brand_id).values_list("key", flat=True)) if brand_id else set()
    for number, line in enumerate(lines, start=1):
        yield from (f"Rule {number}: {sentence}" for sentence in _rule_problems(line, topics))


def _rule_problems(line: Any, topics: set[str]) -> Iterator[str]:
    if not isinstance(line, dict) or not {"event", "channel", "topic"} <= line.keys() <= _RULE:
        yield f"it has event, channel, topic, and if you like basis and wording; for example {GRANT_EXAMPLE}."
        return
    for name, longest in (("event", 200), ("channel", 20), ("wording", 120)):
        value = line.get(name, "-")
        if not isinstance(value, str) or not 0 < len(value) <= longest:
            yield f"{name}: {value!r:.80} must be a text of 1 to {longest} characters."
    if line["topic"] not in topics:
        yield f"topic: {line['topic']!r:.80} is no topic of this brand; there are: {', '.join(sorted(topics)) or 'none'}."
    bases = [basis for basis in Consent.Basis.values if basis]
    if line.get("basis", "express") not in bases:
        yield f"basis: {line['basis']!r:.80} is not known; write one of: {', '.join(bases)}."


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

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="events", db_index=False)
    # Written by contacts.timeline alone, in the transaction that makes the batch; checking both row by row costs more than
    # the insert, and every writer would share a lock on the same brand.
    batch = models.ForeignKey(EventBatch, on_delete=models.PROTECT, related_name="events", db_constraint=False)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, null=True, db_index=False, db_constraint=False)
    name = models.CharField(max_length=200)
    occurred_at = models.DateTimeField(help_text="When it happened, corrected for the sender's clock.")
    received_at = models.DateTimeField()
    key = models.CharField(max_length=240)
    properties = models.JSONField(default=dict)

    class Meta:
        ordering = ["-occurred_at", "-id"]
        indexes = [
            models.Index(fields=["contact", "name", "occurred_at"], name="events_by_name"),
            models.Index(fields=["contact", "occurred_at"], name="events_by_time"),
        ]
        # Not unique=True: that would add a second index for LIKE.
        constraints = [models.UniqueConstraint(fields=["key"], name="one_event_per_key")]

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
