"""The law as the gate reads it: numbered sets of rows with their sources. A set that was ever active never changes.

Rows are written by `compliance.law.rule_sets` only; the database itself refuses changes to a set that is no draft.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q


class RuleSet(models.Model):
    """One version of all legal rules. To change something, a draft is copied from the active set and activated."""

    class State(models.TextChoices):
        DRAFT = "draft", "draft"
        ACTIVE = "active", "active"
        RETIRED = "retired", "retired"

    number = models.PositiveIntegerField(unique=True, editable=False)
    state = models.CharField(max_length=7, choices=State, default=State.DRAFT, editable=False)
    note = models.CharField(max_length=300, blank=True, help_text="What changed, and why.")
    created_at = models.DateTimeField(editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )
    activated_at = models.DateTimeField(null=True, editable=False)
    activated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )
    checksum = models.CharField(
        max_length=64, blank=True, editable=False, help_text="SHA-256 over all rows, sealed on activation."
    )

    class Meta:
        ordering = ["-number"]
        permissions = [("change_rules", "Can change the legal rules and activate a rule set")]
        constraints = [
            models.UniqueConstraint(fields=["state"], condition=Q(state="active"), name="one_active_rule_set")
        ]

    def __str__(self) -> str:
        return f"Rule set {self.number} ({self.state})"


class Row(models.Model):
    """What every rule has: where it holds, for which channels and message class, since and until when, and who says so."""

    rule_set = models.ForeignKey(RuleSet, on_delete=models.CASCADE)
    position = models.PositiveIntegerField(editable=False)
    jurisdiction = models.CharField(
        max_length=10, help_text="Country, or country and region, as in ISO 3166: FR, US-FL."
    )
    channels = models.CharField(
        max_length=100, help_text='Separated by spaces, e.g. "sms voice"; "all" for every channel.'
    )
    category = models.CharField("message class", max_length=20, default="marketing")
    source = models.CharField(max_length=400, help_text="Statute, operator's rule or page that says so.")
    effective_from = models.DateField(null=True, blank=True, help_text="First day, by the person's calendar.")
    effective_to = models.DateField(null=True, blank=True, help_text="Last day, by the person's calendar.")
    note = models.TextField(blank=True)

    class Meta:
        abstract = True
        ordering = ["rule_set", "position"]


class LawRow(Row):
    """Hours in which sending is allowed on some weekdays; without hours, it is forbidden on them."""

    weekdays = models.CharField(max_length=40, help_text="e.g. mon-fri, sat, mon-sun.")
    start = models.TimeField(null=True, blank=True, help_text="Allowed from (local time).")
    end = models.TimeField(null=True, blank=True, help_text="Allowed until (local time); 00:00 is the end of the day.")
    holidays_excluded = models.BooleanField(
        default=False, help_text="Nothing on public holidays, observed days included."
    )
    confidence = models.CharField(max_length=6)
    kind = models.CharField(max_length=20, help_text="statute, operator, statute-device, strict or vendor-default.")
    lifted_by_consent = models.CharField(max_length=30, default="no")

    def __str__(self) -> str:
        hours = f"{self.start:%H:%M}-{self.end:%H:%M}" if self.start and self.end else "closed"
        return f"{self.jurisdiction} {self.weekdays} {hours}"


class Ban(Row):
    """A channel that must not be used somewhere, always or for a while (a declared emergency)."""

    code = models.CharField(max_length=40, help_text="Shown as the reason: channel_restricted or state_emergency.")

    def __str__(self) -> str:
        return f"{self.jurisdiction} {self.channels}: {self.code}"


class StatutoryCap(Row):
    """How often a law lets somebody be contacted."""

    limit = models.PositiveIntegerField()
    counts = models.CharField(max_length=10, help_text="What is counted: messages, or different channels.")
    window = models.CharField(max_length=12, help_text="24h (rolling), local-day or local-week.")
    same_subject = models.BooleanField(default=False, help_text="Only messages on the same subject count.")

    def __str__(self) -> str:
        return f"{self.jurisdiction} {self.channels}: {self.limit} {self.counts} per {self.window}"
