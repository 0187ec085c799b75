"""Nouns of floor 5: figures, kept as things happen."""

from django.db import models

from journeys.models import Version


class Tally(models.Model):
    """So many outcomes at a step within an hour. Written as increments (many rows a key), merged later, read as sums.

    Increments take no lock, so counting never slows the hot path; `manage.py recount` makes them anew from the rows.
    """

    version = models.ForeignKey(Version, on_delete=models.CASCADE)
    step = models.CharField(max_length=50, blank=True, help_text="Key of the step; empty for the journey as a whole.")
    outcome = models.CharField(
        max_length=80, help_text="entered, exit:…, sent, blocked, blocked:…, delivered, opened, clicked, converted …"
    )
    hour = models.DateTimeField()
    count = models.BigIntegerField()
    value = models.DecimalField(max_digits=16, decimal_places=2, default=0, help_text="Sum of conversion values.")

    class Meta:
        verbose_name_plural = "tallies"
        indexes = [
            models.Index(fields=["version", "step", "outcome", "hour"], name="tallies_by_step"),
            models.Index(fields=["hour"], name="tallies_by_hour"),
        ]

    def __str__(self) -> str:
        return f"{self.step or 'journey'} {self.outcome} {self.count}"
