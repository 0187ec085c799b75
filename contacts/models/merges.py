"""Contacts that turned out to be one person, and how to part them again."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from contacts.models.people import Contact


class FormerId(models.Model):
    """An external ID that a merged contact had: it still names the person, who is known by another one now."""

    value = models.CharField(max_length=200)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="former_ids")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["value"], name="one_owner_per_former_id")]

    def __str__(self) -> str:
        return self.value


class Merge(models.Model):
    """One contact was merged into another. `moved` lists what went over, so that it can go back.

    `other` stays as a row without ids or addresses that points at `kept`: its lines of the consent ledger are sealed with its number.
    """

    kept = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="merges")
    other = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="merges_away")
    source = models.CharField(max_length=60, help_text="How we know that they are one: admin, api, identify, alias.")
    merged_at = models.DateTimeField()
    merged_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    moved = models.JSONField(default=dict, help_text="What went over, by kind.")
    settled_at = models.DateTimeField(null=True, help_text="When what was still being written then was brought after.")
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["merged_at"], condition=Q(settled_at=None, undone_at=None), name="merges_unsettled")
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(kept=F("other")), name="nobody_is_merged_into_themselves"),
            models.UniqueConstraint(fields=["other"], condition=Q(undone_at=None), name="one_merge_at_a_time"),
        ]

    def __str__(self) -> str:
        return f"Contact {self.other_id} into {self.kept_id}"
