"""How long copies of what was sent are kept."""

from django.core.exceptions import ValidationError
from django.db import models
from simple_history.models import HistoricalRecords

from channels.models import MessageClass
from contacts.models import Brand

LONGEST = 36_500
"""Days: a hundred years."""


class CopyRetention(models.Model):
    """For how many days the words of a brand's messages are kept. Without one for its class, a copy is kept for ever."""

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE)
    message_class = models.CharField("class", max_length=15, choices=MessageClass)
    days = models.PositiveIntegerField(
        default=0,
        help_text="Since the gate let the message leave. 0: for ever. In-app and chat messages are not shown after them.",
    )
    due_at = models.DateTimeField(
        null=True, editable=False, help_text="When it is looked next for copies that are too old; empty: at once."
    )
    done_until = models.DateTimeField(
        null=True, editable=False, help_text="The copies of messages that left until then are gone."
    )
    history = HistoricalRecords(excluded_fields=["due_at", "done_until"])

    class Meta:
        verbose_name = "retention of copies"
        verbose_name_plural = "retention of copies"
        ordering = ["brand", "message_class"]
        indexes = [models.Index(fields=["due_at"], condition=models.Q(days__gt=0), name="copy_retention_due")]
        constraints = [models.UniqueConstraint(fields=["brand", "message_class"], name="one_copy_retention_per_class")]

    def __str__(self) -> str:
        return f"{self.brand}, {self.get_message_class_display()}: {f'{self.days} days' if self.days else 'for ever'}"

    def clean(self) -> None:
        if self.days is not None and self.days > LONGEST:
            raise ValidationError({"days": f"At most {LONGEST:,} days (a hundred years); 0 keeps copies for ever."})
