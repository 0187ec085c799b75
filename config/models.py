"""What the machinery itself must remember: who is alive, and which doorbell has been rung."""

from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db import models
from knox.models import AbstractAuthToken
from simple_history import register

from config.history import LONGEST, Records, because, given

SCOPES = (
    "contacts:read",
    "contacts:write",
    "journeys:read",
    "journeys:write",
    "messages:read",
    "evidence:read",
    "templates:read",
    "templates:write",
    "reviews:read",
    "reviews:write",
    "retention:read",
    "retention:write",
)


class LedgerKey(models.Model):
    """Exists only inside a transaction that may change append-only tables (SQLite; see config.ledger)."""

    def __str__(self) -> str:
        return "ledgers unlocked"


class Heartbeat(models.Model):
    """The last sign of life of one worker process group, by its name; the supervisor restarts a group that falls silent."""

    name = models.CharField(max_length=120, primary_key=True)
    beat_at = models.DateTimeField()
    started_at = models.DateTimeField()

    class Meta:
        permissions = [("view_operations", "Can see jobs, queues and their errors")]

    def __str__(self) -> str:
        return self.name


class Ticket(models.Model):
    """One lane of a machine's worker: while `taken_until` lies ahead, a turn for it is queued or running, so no second one is enqueued."""

    queue = models.CharField(max_length=120)
    lane = models.PositiveSmallIntegerField()
    taken_until = models.DateTimeField(null=True)
    number = models.PositiveBigIntegerField(
        default=0, help_text="Fencing token: counts the turns enqueued on this lane."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["queue", "lane"], name="one_ticket_per_lane")]

    def __str__(self) -> str:
        return f"{self.queue} #{self.lane}"


class Fault(models.Model):
    """A pump that raised: how often in a row, why, and until when it is left alone. `config.faults` says when that is over."""

    pump = models.CharField(max_length=60, primary_key=True)
    failures = models.PositiveIntegerField(default=1)
    rests_until = models.DateTimeField()
    error = models.TextField()

    def __str__(self) -> str:
        return self.pump


class ApiToken(AbstractAuthToken):
    """A key for another system, kept as a hash; it can do what its user may, within its scopes."""

    name = models.CharField(max_length=120, help_text="What uses it.")
    scopes = models.JSONField(default=list, help_text='For example ["contacts:read", "contacts:write"].')
    revoked_at = models.DateTimeField(null=True, editable=False)
    revoked_because = models.CharField(max_length=LONGEST, null=True, editable=False)

    class Meta:
        verbose_name = "API token"

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        unknown = [scope for scope in self.scopes if scope not in SCOPES]
        if unknown:
            raise ValidationError(
                {"scopes": f"Unknown: {', '.join(map(str, unknown))}. There are: {', '.join(SCOPES)}."}
            )

    def revoke(self, reason: str, now: datetime) -> None:
        """It lets nobody in any more; one that is revoked already stays as it was. Raises ValidationError without a reason."""
        if self.revoked_at is None:
            self.revoked_at, self.revoked_because = now, given(reason, "revoke it")
            because(self, self.revoked_because).save(update_fields=["revoked_at", "revoked_because"])


class Notice(models.Model):
    """Something that one of the staff should know: shown in the admin until it is read, and mailed once."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices")
    sentence = models.CharField(max_length=500)
    link = models.CharField(max_length=300, blank=True, help_text="Path of the page that it is about.")
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    mail_due_at = models.DateTimeField(null=True, help_text="When it is mailed; empty once that is done.")
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["mail_due_at"], condition=models.Q(mail_due_at__isnull=False), name="notices_to_mail"),
            models.Index(fields=["user"], condition=models.Q(read_at=None), name="notices_unread"),
        ]

    def __str__(self) -> str:
        return self.sentence


register(
    User,
    app="config",
    records_class=Records,
    excluded_fields=["password", "last_login"],
    m2m_fields=["groups", "user_permissions"],
)
register(Group, app="config", records_class=Records, m2m_fields=["permissions"])
