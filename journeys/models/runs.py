"""A journey as people go through it."""

from django.db import models
from django.db.models import Q

from contacts.models import Contact
from journeys.models.definitions import Journey, Step, Version


class Enrolment(models.Model):
    """One person's way through one version.

    active → waiting → active … → finished (reached the end) | left (exit criteria) | failed (set aside with its error).
    `due_at` is when the engine looks at it next; a live enrolment has a timer, an awaited event, or both.
    """

    class State(models.TextChoices):
        ACTIVE = "active", "moving"
        WAITING = "waiting", "waiting"
        FINISHED = "finished", "finished"
        LEFT = "left", "left early"
        FAILED = "failed", "set aside"

    LIVE = (State.ACTIVE, State.WAITING)

    journey = models.ForeignKey(Journey, on_delete=models.PROTECT, related_name="enrolments", db_index=False)
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="enrolments", db_index=False)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="enrolments", db_index=False)
    instance_key = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.ACTIVE)
    step = models.ForeignKey(
        Step, on_delete=models.PROTECT, null=True, db_index=False, help_text="Where the person is."
    )
    visit = models.BigIntegerField(null=True, help_text="The open visit of that step.")
    due_at = models.DateTimeField(null=True, help_text="When the engine looks at it next; empty: when an event comes.")
    awaits = models.JSONField(default=list, help_text="Events that would wake it: [{names, where}].")
    woken_by = models.BigIntegerField(null=True, help_text="The event that woke it.")
    context = models.JSONField(default=dict, help_text="Properties of the event that let the person in.")
    since = models.DateTimeField(
        help_text="When the event that let the person in happened; exit criteria and goals look at what came after it."
    )
    entered_by = models.BigIntegerField(null=True, help_text="The event that let the person in.")
    entered_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=120, blank=True)
    error = models.TextField(blank=True)
    converted_at = models.DateTimeField(null=True)
    conversion_value = models.DecimalField(max_digits=14, decimal_places=2, null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["journey", "due_at"],
                condition=Q(state__in=["active", "waiting"], due_at__isnull=False),
                name="enrolments_due",
            ),
            models.Index(fields=["contact", "journey", "entered_at"], name="enrolments_by_contact"),
            models.Index(fields=["version", "step"], name="enrolments_by_step"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["contact", "journey", "instance_key"],
                condition=Q(state__in=["active", "waiting"]),
                name="one_live_enrolment",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["active", "waiting"]) | Q(due_at__isnull=False) | ~Q(awaits=[]),
                name="nobody_is_stranded",
            ),
        ]

    def __str__(self) -> str:
        return f"Enrolment {self.pk}"


class Visit(models.Model):
    """One stay at one step; loops make several."""

    enrolment = models.ForeignKey(Enrolment, on_delete=models.CASCADE, related_name="visits")
    step = models.ForeignKey(Step, on_delete=models.PROTECT, db_index=False)
    entered_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)
    exit = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"Visit {self.pk}"
