"""How words and journeys become approved: how each review went, and who said yes to exactly what."""

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import F, Q
from django.utils.text import capfirst

from channels.models import MessageClass, TemplateVersion
from contacts.models import Brand


class Review(models.Model):
    """One way of one thing through its reviewers. While it is open or approved, its subject is locked and sealed."""

    class State(models.TextChoices):
        OPEN = "open", "waiting for reviewers"
        APPROVED = "approved", "approved"
        CHANGES = "changes_requested", "changes requested"
        REJECTED = "rejected", "rejected"
        WITHDRAWN = "withdrawn", "taken back by its author"
        REVOKED = "revoked", "approval withdrawn"
        REOPENED = "reopened", "approval lost: something changed"
        EXPIRED = "expired", "approval expired"
        REPLACED = "replaced", "replaced by a newer one"

    LIVE = (State.OPEN, State.APPROVED)

    kind = models.CharField(max_length=20, help_text="Key of a kind of thing that is reviewed.")
    object_id = models.BigIntegerField()
    title = models.CharField(max_length=200)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+")
    channel = models.CharField(max_length=20, blank=True)
    message_class = models.CharField("class", max_length=15, choices=MessageClass, blank=True)
    fingerprint = models.CharField(max_length=64, help_text="What was submitted, with everything that it depends on.")
    parts = models.JSONField(default=dict, help_text="The same, part by part: tells what changed.")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    submitter = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    authors = models.JSONField(
        default=list, help_text="IDs of all who wrote in it or handed it in: none of them decides."
    )
    because = models.CharField(max_length=300, blank=True, help_text="Why it has to be reviewed again.")
    risks = models.JSONField(default=list, help_text="What reviewers should look at, as sentences.")
    policies = models.JSONField(default=list, help_text="Names of the policies that asked for these steps.")
    valid_days = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=20, choices=State, default=State.OPEN)
    submitted_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, help_text="When the current step should be decided.")
    reminded_at = models.DateTimeField(null=True)
    approved_at = models.DateTimeField(null=True)
    valid_until = models.DateTimeField(null=True, help_text="The approval holds until then; empty: until a change.")
    closed_at = models.DateTimeField(null=True)
    closed_because = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-id"]
        permissions = [("break_glass", "Can ask for an urgent release without a full review")]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state="open"), name="reviews_open"),
            models.Index(fields=["valid_until"], condition=Q(state="approved"), name="reviews_expiring"),
            models.Index(fields=["kind", "object_id"], name="reviews_by_object"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "object_id"], condition=Q(state__in=["open", "approved"]), name="one_live_review"
            ),
            models.CheckConstraint(
                condition=~Q(state="approved") | Q(approved_at__isnull=False), name="approved_reviews_have_a_date"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def concerns(self, user_id: int | None) -> bool:
        """Whether this user wrote in it or handed it in, and so decides nothing about it."""
        return user_id in (self.author_id, self.submitter_id, *self.authors)


class ReviewStep(models.Model):
    """One station of a review, as the policies asked for it when it was submitted."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=60)
    group = models.ForeignKey(Group, on_delete=models.PROTECT, null=True, related_name="+")
    approvers = models.PositiveSmallIntegerField(default=1)
    due_hours = models.PositiveIntegerField(default=24)
    done_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["review", "position"], name="one_review_step_per_position")]

    def __str__(self) -> str:
        return self.name


class Approval(models.Model):
    """A reviewer's word about exact content: it binds to the fingerprint, so changed content is unapproved by construction."""

    class Verdict(models.TextChoices):
        APPROVE = "approve", "approved"
        CHANGES = "changes", "changes requested"
        REJECT = "reject", "rejected"

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="approvals")
    step = models.CharField(max_length=60, blank=True, help_text="Name of the step that it was said in.")
    version = models.ForeignKey(
        TemplateVersion, on_delete=models.PROTECT, related_name="approvals", null=True, help_text="For templates."
    )
    fingerprint = models.CharField(max_length=64)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    approver = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    approved = models.BooleanField()
    verdict = models.CharField(max_length=10, choices=Verdict, default=Verdict.APPROVE)
    reason = models.TextField(blank=True)
    decided_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        permissions = [("decide_approval", "Can approve or refuse what others have written")]
        constraints = [
            models.CheckConstraint(condition=~Q(approver=F("author")), name="nobody_approves_his_own_work"),
            models.CheckConstraint(
                condition=Q(approved=True, verdict="approve") | (Q(approved=False) & ~Q(verdict="approve")),
                name="a_verdict_is_a_yes_or_a_no",
            ),
            models.UniqueConstraint(
                fields=["review", "approver"], condition=Q(approved=True), name="one_yes_per_person_and_review"
            ),
        ]

    def __str__(self) -> str:
        return f"{capfirst(self.get_verdict_display())}: {self.review}"


class ReviewComment(models.Model):
    """Something said about a review, at a step, a field or a line of its subject."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    anchor = models.CharField(
        "about", max_length=120, blank=True, help_text="A field, a line or a step, e.g. subject, html:12 or step:wait."
    )
    text = models.TextField(max_length=5000)
    created_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.text[:60]


class UrgentRelease(models.Model):
    """Break-glass: something leaves before its review is complete, for a reason, by two people, for a limited time."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="releases")
    fingerprint = models.CharField(max_length=64)
    reason = models.TextField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    until = models.DateTimeField(help_text="At most three days ahead.")
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    ended_because = models.CharField(max_length=300, null=True, editable=False)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=F("asked_by")), name="urgent_takes_two_people"
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None, confirmed_at=None)
                | Q(confirmed_by__isnull=False, confirmed_at__isnull=False),
                name="confirmed_by_somebody_at_some_time",
            ),
            models.CheckConstraint(condition=Q(until__gt=F("asked_at")), name="urgent_ends_after_it_begins"),
            models.UniqueConstraint(
                fields=["review"], condition=Q(ended_at=None), name="one_urgent_release_per_review"
            ),
        ]

    def __str__(self) -> str:
        return f"Urgent: {self.review}"
