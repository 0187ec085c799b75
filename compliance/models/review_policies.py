"""Which reviews something needs before it may be said."""

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from simple_history.models import HistoricalRecords

from channels.models import MessageClass
from contacts.models import Brand


class ReviewPolicy(models.Model):
    """Which reviews something needs. All policies that match hold together; empty lists match everything.

    Where none matches, the careful default holds: a brand step and a legal step with two approvers.
    """

    name = models.CharField(max_length=120)
    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, null=True, blank=True, help_text="Empty: every brand.")
    kinds = models.JSONField(default=list, blank=True, help_text='What it holds for, e.g. ["template"]; empty: all.')
    channels = models.JSONField(default=list, blank=True, help_text='E.g. ["sms"]; empty: all.')
    classes = models.JSONField(default=list, blank=True, help_text='E.g. ["marketing"]; empty: all.')
    markets = models.JSONField(
        default=list, blank=True, help_text='Languages or countries of the version, e.g. ["fr", "CA"]; empty: all.'
    )
    audience_from = models.PositiveIntegerField(
        "audience of at least", default=0, help_text="Only where so many people or more may get it; 0: always."
    )
    words = models.JSONField(
        default=list, blank=True, help_text='Only where one of these is said, e.g. ["guarantee"]; empty: always.'
    )
    valid_days = models.PositiveIntegerField(
        "valid for", default=0, help_text="Days; then it must be reviewed again. 0: until something changes."
    )
    enabled = models.BooleanField(default=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name_plural = "review policies"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        for name in ("kinds", "channels", "classes", "markets", "words"):
            value = getattr(self, name)
            if not isinstance(value, list) or not all(isinstance(one, str) and one.strip() for one in value):
                raise ValidationError({name: 'Write a list of words, e.g. ["sms"], or leave it empty.'})
        unknown = set(self.classes) - set(MessageClass.values)
        if unknown:
            raise ValidationError({"classes": f"Unknown message class: {', '.join(sorted(unknown))}."})


class PolicyStep(models.Model):
    """One station of a policy: who has to agree, how many of them, and by when."""

    policy = models.ForeignKey(ReviewPolicy, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField(default=1)
    name = models.CharField(max_length=60, help_text="E.g. Brand, Legal, Market.")
    group = models.ForeignKey(
        Group, on_delete=models.PROTECT, null=True, blank=True, help_text="Empty: anybody who may approve."
    )
    approvers = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(9)], help_text="So many different people."
    )
    due_hours = models.PositiveIntegerField(default=24, validators=[MinValueValidator(1)], help_text="Hours to decide.")
    history = HistoricalRecords()

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["policy", "name"], name="one_step_per_name")]

    def __str__(self) -> str:
        return f"{self.policy}: {self.name}"
