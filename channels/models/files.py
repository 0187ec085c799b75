"""Files of a brand that mails carry. A version names them; their bytes are stored once and never change."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from simple_history.models import HistoricalRecords

from channels.models.templates import TemplateVersion
from contacts.models import Brand

LONGEST_NAME = 100


class StoredFile(models.Model):
    """A file that mails of its brand may carry. It can be retired, and then take no part in new versions; nothing else changes.

    The database refuses another name, type or other bytes; what a submitted version names cannot be deleted.
    """

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT)
    name = models.CharField(max_length=LONGEST_NAME, help_text="As its recipients see it.")
    content_type = models.CharField("type", max_length=100, editable=False)
    size = models.PositiveIntegerField(editable=False, help_text="In bytes.")
    sha256 = models.CharField("SHA-256", max_length=64, editable=False, db_index=True)
    uploaded_at = models.DateTimeField(editable=False)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False
    )
    retired_at = models.DateTimeField(null=True, editable=False, help_text="New versions cannot name it from then on.")
    # The last column: rows are read without it, and SQLite need not walk past it.
    data = models.BinaryField()
    history = HistoricalRecords(excluded_fields=["data"])

    class Meta:
        verbose_name = "file"
        ordering = ["name", "-id"]
        constraints = [
            models.UniqueConstraint(
                "brand",
                Lower("name"),
                condition=Q(retired_at=None),
                name="one_file_per_name",
                violation_error_message="This brand has a file of this name; retire that one first, or give this one another name.",
            ),
            models.CheckConstraint(condition=Q(size__gt=0), name="files_are_not_empty"),
        ]

    def __str__(self) -> str:
        return self.name


class AttachmentUse(models.Model):
    """A submitted version carries this file."""

    version = models.ForeignKey(TemplateVersion, on_delete=models.CASCADE, related_name="attachment_uses")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="uses")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["version", "position"]
        constraints = [models.UniqueConstraint(fields=["version", "file"], name="one_use_per_file")]

    def __str__(self) -> str:
        return f"{self.file} in {self.version}"
