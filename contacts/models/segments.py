"""Groups of people by condition."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from config import durations
from contacts.models.people import Brand, Contact

BOOKKEEPING = ["refresh_due_at", "refreshed_to", "refreshed_at", "error", "size"]
SHORTEST = durations.parse("1m")


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
    refresh_due_at = models.DateTimeField(
        null=True, blank=True, editable=False, db_index=True, help_text="Empty: at once."
    )
    refreshed_to = models.BigIntegerField(
        default=0, editable=False, help_text="The last contact looked at in the round under way; 0 between rounds."
    )
    error = models.CharField(
        max_length=500, blank=True, editable=False, help_text="Why the last refresh failed; empty if it did not."
    )
    refreshed_at = models.DateTimeField(null=True, blank=True, editable=False)
    size = models.PositiveIntegerField(default=0, editable=False)
    history = HistoricalRecords(excluded_fields=BOOKKEEPING)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        from contacts import logic  # conditions are built on models

        if problems := logic.check(self.condition):
            raise ValidationError({"condition": problems})
        named = logic.needs(self.condition).segments
        if self.key in _built_on(named):
            raise ValidationError({"condition": f"The segment {self.key!r} would be built on itself."})
        others = Segment.objects.filter(key__in=named).exclude(brand=self.brand_id).values_list("key", flat=True)
        if other := others.order_by("key").first():
            raise ValidationError({"condition": f"The segment {other!r} belongs to another brand."})
        try:
            short = durations.parse(self.refresh_every) < SHORTEST
        except ValueError as error:
            raise ValidationError({"refresh_every": str(error)}) from error
        if short:
            raise ValidationError({"refresh_every": "Once a minute is the most; write for example 1h."})

    def save(self, *args: Any, **options: Any) -> None:
        """A new or changed segment is due at once. An edit leaves alone what a refresh may be writing at this moment."""
        before = (
            Segment.objects.filter(pk=self.pk).values_list("condition", "refresh_every").first() if self.pk else None
        )
        if before and options.get("update_fields") is None and not options.get("force_insert"):
            fields = {field.name for field in self._meta.concrete_fields if not field.primary_key} - set(BOOKKEEPING)
            if before != (self.condition, self.refresh_every):
                self.refresh_due_at, self.refreshed_to = None, 0
                fields |= {"refresh_due_at", "refreshed_to"}
            options["update_fields"] = fields
        super().save(*args, **options)


def _built_on(keys: Iterable[str]) -> set[str]:
    """These segments, and all that they are built on."""
    from contacts import logic

    found: set[str] = set()
    wanted = set(keys)
    while wanted:
        found |= wanted
        trees = Segment.objects.filter(key__in=wanted).values_list("condition", flat=True)
        wanted = {key for tree in trees if not logic.check(tree) for key in logic.needs(tree).segments} - found
    return found


class Membership(models.Model):
    """A contact's stay in a segment; `left_at` closes it."""

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="memberships", db_index=False)
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


class Recheck(models.Model):
    """A note that something happened to a contact that a segment looks at: it is looked at again, and the note goes."""

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, db_index=False)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.contact_id} for {self.segment_id}"
