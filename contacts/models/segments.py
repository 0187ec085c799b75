"""Groups of people by condition."""

from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from contacts.models.people import Brand, Contact


class Segment(models.Model):
    """People for whom a condition holds. Membership is kept, not computed on demand; entries and exits are events."""

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT)
    key = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    condition = models.JSONField(
        default=dict, help_text='For example {"all": [{"kind": "event", "name": "order.completed", "within": "180d"}]}.'
    )
    refresh_every = models.CharField(
        max_length=20, default="1h", help_text="How often time alone can move people in or out, e.g. 1h or 1d."
    )
    refresh_due_at = models.DateTimeField(null=True, blank=True, editable=False, db_index=True)
    refreshed_at = models.DateTimeField(null=True, blank=True, editable=False)
    size = models.PositiveIntegerField(default=0, editable=False)
    history = HistoricalRecords(excluded_fields=["refresh_due_at", "refreshed_at", "size"])

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A contact's stay in a segment; `left_at` closes it."""

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="memberships")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="memberships")
    entered_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["segment", "contact"], condition=Q(left_at=None), name="one_live_membership"
            )
        ]

    def __str__(self) -> str:
        return f"{self.contact_id} in {self.segment_id}"
