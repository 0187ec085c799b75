"""What may be said: message templates and their immutable versions."""

import hashlib
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from config import bulk
from contacts.models import Brand, Topic


class MessageClass(models.TextChoices):
    """What a message is in the eyes of the law. It belongs to the approved content, never to the journey."""

    MARKETING = "marketing", "marketing"
    SERVICE = "service", "service"
    TRANSACTIONAL = "transactional", "transactional"
    OTP = "otp", "one-time code"


class MessageTemplate(models.Model):
    """A message that journeys can send; its words are in its versions."""

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT)
    key = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    channel = models.CharField(max_length=20, help_text="Key of a channel kind.")
    topic = models.ForeignKey(Topic, on_delete=models.PROTECT, help_text="Which consent it needs.")
    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class TemplateVersion(models.Model):
    """The content of a template in one language. A draft can be edited; from submission on it never changes."""

    class State(models.TextChoices):
        DRAFT = "draft", "draft"
        SUBMITTED = "submitted", "waiting for approval"
        APPROVED = "approved", "approved"
        REJECTED = "rejected", "rejected"
        RETIRED = "retired", "retired"

    template = models.ForeignKey(MessageTemplate, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(editable=False)
    locale = models.CharField(
        max_length=20, blank=True, help_text="Empty: for everyone without a version in their own language."
    )
    message_class = models.CharField("class", max_length=15, choices=MessageClass, default=MessageClass.MARKETING)
    content = models.JSONField(default=dict, help_text="The fields of the channel's content form.")
    variables = models.JSONField(
        default=list, blank=True, help_text="What the words may use: name, type, fallback and sample of each variable."
    )
    compiled = models.JSONField(
        default=dict, blank=True, editable=False, help_text="The fields as they are rendered; made at submission."
    )
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT, editable=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    submitted_at = models.DateTimeField(null=True, editable=False)
    history = HistoricalRecords(excluded_fields=["compiled"])

    class Meta:
        ordering = ["template", "-number"]
        permissions = [("submit_templateversion", "Can submit versions for approval")]
        constraints = [
            models.UniqueConstraint(fields=["template", "number"], name="one_version_per_number"),
            models.UniqueConstraint(
                fields=["template", "locale"], condition=Q(state="approved"), name="one_live_version_per_locale"
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(submitted_at__isnull=False), name="submitted_versions_have_a_date"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.template} v{self.number}"

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) over everything that this version says: what an approval binds to and the gate compares."""
        return fingerprint(
            self.template_id, self.locale, self.message_class, self.content, self.compiled, self.variables
        )


def fingerprint(
    template_id: int,
    locale: str,
    message_class: str,
    content: dict[str, Any],
    compiled: dict[str, Any] | None = None,
    variables: list[Any] | None = None,
) -> str:
    """The seal's hash: canonical JSON (sorted keys) of the content and what it depends on.

    A version from before words were compiled has neither `compiled` nor `variables`, and keeps its hash.
    """
    parts: list[Any] = [template_id, locale, message_class, sorted(content.items())]
    if compiled or variables:
        parts += [sorted((compiled or {}).items()), [sorted(one.items()) for one in variables or []]]
    return hashlib.sha256(bulk.dumps(parts).encode()).hexdigest()
