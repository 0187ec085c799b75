"""Nouns of floor 3: policies, approvals, stops, and the reasons for every judgement."""

from datetime import datetime
from typing import cast

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from channels.models import Message, MessageClass, TemplateVersion
from compliance.base import SEVERITY, Outcome, Verdict
from contacts.models import Brand


class QuietHours(models.Model):
    """Hours in which nothing of this channel is sent, by the contact's own clock. `start` after `end` wraps midnight."""

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE)
    channel = models.CharField(max_length=20)
    start = models.TimeField(help_text="Quiet from (local time), e.g. 21:00.")
    end = models.TimeField(help_text="Quiet until (local time), e.g. 08:00.")
    classes = models.JSONField(default=list, help_text='Message classes it holds for, e.g. ["marketing"].')
    enabled = models.BooleanField(default=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name_plural = "quiet hours"
        constraints = [models.UniqueConstraint(fields=["brand", "channel"], name="one_quiet_window_per_channel")]

    def __str__(self) -> str:
        return f"{self.channel}: quiet {self.start:%H:%M}-{self.end:%H:%M}"

    def clean(self) -> None:
        if self.start == self.end:
            raise ValidationError(
                "Start and end are the same: that would be quiet all day. Use a stop to silence a channel."
            )
        unknown = set(self.classes) - set(MessageClass.values)
        if unknown:
            raise ValidationError({"classes": f"Unknown message class: {', '.join(sorted(map(str, unknown)))}."})


class FrequencyCap(models.Model):
    """At most `limit` marketing messages in any `days` days, over all channels of a brand."""

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE)
    name = models.CharField(max_length=120)
    limit = models.PositiveIntegerField(validators=[MinValueValidator(1)])
    days = models.PositiveIntegerField(validators=[MinValueValidator(1)], help_text="Length of the rolling window.")
    enabled = models.BooleanField(default=True)
    history = HistoricalRecords()

    def __str__(self) -> str:
        return f"{self.name}: {self.limit} in {self.days} days"


class Stop(models.Model):
    """A hand on the door: while it stands, nothing of its scope leaves. Messages stay in place and are judged again after."""

    class Scope(models.TextChoices):
        ALL = "all", "everything"
        BRAND = "brand", "a brand"
        CHANNEL = "channel", "a channel"
        JOURNEY = "journey", "a journey"

    scope = models.CharField(max_length=10, choices=Scope)
    value = models.CharField(max_length=60, blank=True, help_text="Key of the brand, channel or journey.")
    reason = models.CharField(max_length=300)
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )
    set_at = models.DateTimeField(editable=False)
    lifted_at = models.DateTimeField(null=True, editable=False)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scope", "value"], condition=Q(lifted_at=None), name="one_stop_per_scope")
        ]

    def __str__(self) -> str:
        return f"{self.scope}:{self.value}" if self.value else self.scope


class Approval(models.Model):
    """A reviewer's yes to exact content: it binds to the fingerprint, so changed content is unapproved by construction."""

    version = models.ForeignKey(TemplateVersion, on_delete=models.PROTECT, related_name="approvals")
    fingerprint = models.CharField(max_length=64)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    approver = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    approved = models.BooleanField()
    reason = models.TextField(blank=True)
    decided_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        permissions = [("decide_approval", "Can approve or refuse what others have written")]
        constraints = [
            models.CheckConstraint(condition=~Q(approver=F("author")), name="nobody_approves_his_own_work"),
            models.UniqueConstraint(fields=["version"], condition=Q(approved=True), name="one_approval_per_version"),
        ]

    def __str__(self) -> str:
        return f"{'Approval' if self.approved else 'Refusal'} of {self.version}"


class Decision(models.Model):
    """One judgement of the gate, with the verdict of every rule. Append-only."""

    class Outcome(models.TextChoices):
        ALLOW = "allow", "allowed"
        WAIT = "wait", "deferred"
        DENY = "deny", "blocked"

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="decisions")
    decided_at = models.DateTimeField()
    outcome = models.CharField(max_length=5, choices=Outcome)
    reason = models.CharField(max_length=60, blank=True, help_text="Code of the deciding verdict.")
    until = models.DateTimeField(null=True, help_text="When a deferred message is judged again.")
    verdicts = models.JSONField(help_text="One entry a rule: [rule, outcome, code, sentence, until].")
    evidence = models.JSONField(
        default=dict, help_text="Zone and its source, local time, consent entry, content fingerprint, slots used."
    )

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.outcome} {self.reason}".strip()

    def trace(self) -> list[Verdict]:
        """The verdict of every rule, the strictest first, so that the reason stands on top."""
        found = [_verdict(*row) for row in self.verdicts]
        return sorted(found, key=lambda verdict: -SEVERITY[verdict.outcome])


def _verdict(rule: str, outcome: str, code: str, why: str, until: str | None = None) -> Verdict:
    return Verdict(cast("Outcome", outcome), code, why, datetime.fromisoformat(until) if until else None, rule)
