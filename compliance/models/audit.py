"""The audit chain: what was done, numbered and chained by hashes, so that nothing can be changed or taken out unseen."""

from django.db import models
from django.db.models import Q


class Act(models.Model):
    """What an act consists of. `actor` and `subject_id` are no foreign keys: the log outlives what it speaks of.

    `payload` holds ids, keys, counts and digests, never personal data: nothing in here ever has to be erased.
    """

    at = models.DateTimeField()
    kind = models.CharField(max_length=60)
    actor = models.BigIntegerField(null=True, help_text="ID of the user; empty: the product itself.")
    subject_type = models.CharField(max_length=60, blank=True, help_text="What it is about, e.g. compliance.stop.")
    subject_id = models.CharField(max_length=64, blank=True)
    payload = models.JSONField(default=dict)

    class Meta:
        abstract = True


class AuditNote(Act):
    """An act that is not in the chain yet. Written in the transaction of the act, linked a moment later, and then gone."""

    def __str__(self) -> str:
        return f"{self.kind} (not linked yet)"


class AuditEntry(Act):
    """One link of the chain. `hash` is SHA-256 over everything else in the row, the hash of the link before included."""

    number = models.BigIntegerField(primary_key=True, help_text="1, 2, 3 … without gaps.")
    previous = models.CharField(max_length=64, blank=True, help_text="Hash of the entry before; empty for the first.")
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["-number"]
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["kind", "number"], name="audit_by_kind"),
            models.Index(fields=["subject_type", "subject_id", "number"], name="audit_by_subject"),
            models.Index(fields=["actor", "number"], name="audit_by_actor", condition=Q(actor__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"#{self.number} {self.kind}"


class AuditMark(models.Model):
    """How far a ledger is sealed, the chain is linked, and the head is written out; its row is the lock of that work."""

    name = models.CharField(max_length=60, primary_key=True)
    upto = models.BigIntegerField(default=0, help_text="The last ID that is done.")
    bound = models.BigIntegerField(
        default=0, help_text="The ID up to which the next seal goes, once all its writers are done."
    )
    writers = models.JSONField(default=list, help_text="Transactions that may still commit rows up to the bound.")
    due_at = models.DateTimeField(null=True, help_text="Not before this instant.")

    def __str__(self) -> str:
        return f"{self.name} up to {self.upto}"


class ErasedRow(models.Model):
    """The fingerprint that a lawfully erased row leaves behind, so that the seal over it can still be checked."""

    table = models.CharField(max_length=60)
    row_id = models.BigIntegerField()
    hash = models.CharField(max_length=64)
    personal = models.CharField(max_length=43, help_text="Keyed digest of its personal columns.")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["table", "row_id"], name="one_erasure_per_row")]

    def __str__(self) -> str:
        return f"{self.table} #{self.row_id}"
