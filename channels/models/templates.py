"""What may be said: message templates and their immutable versions."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

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
        permissions = [
            ("send_test", "Can send tests"),
            # given on one template (config.permissions)
            ("submit_messagetemplate", "Can submit versions of the template"),
            ("approve_messagetemplate", "Can approve versions of the template"),
            ("send_test_messagetemplate", "Can send tests of the template"),
        ]

    def __str__(self) -> str:
        return self.name


class TemplateVersion(models.Model):
    """The content of a template in one language. A draft can be edited; from submission on it never changes."""

    class State(models.TextChoices):
        DRAFT = "draft", "draft"
        SUBMITTED = "submitted", "waiting for approval"
        IN_REVIEW = "in_review", "in review"
        APPROVED = "approved", "approved"
        CHANGES = "changes_requested", "changes requested"
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
    state = models.CharField(max_length=20, choices=State, default=State.DRAFT, editable=False)
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
        """SHA-256 (hex) over everything that is sent and what it depends on, as stored now: what an approval binds to."""
        from channels import sealing  # it reads this model

        return sealing.one(self).fingerprint
