"""Asking people again: one round over those whose consent rests on a wording that was withdrawn."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from channels.models import MessageTemplate
from compliance.models.governance import WithdrawnWording
from contacts.models import Topic


class Repermission(models.Model):
    """A round of asking: who agreed to a withdrawn wording for a topic on a channel gets a link to agree to a new one.

    It goes through the consents by their ids, so that it can be stopped and taken up at any point.
    """

    withdrawn = models.ForeignKey(
        WithdrawnWording,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        help_text="Empty: it counts again, so that nobody is asked any more.",
    )
    topic = models.ForeignKey(Topic, on_delete=models.PROTECT, related_name="+")
    channel = models.CharField(max_length=20, help_text="Of the consents that are asked for.")
    template = models.ForeignKey(MessageTemplate, on_delete=models.PROTECT, related_name="+")
    wording = models.CharField(max_length=120, help_text="Version of the text that people agree to now.")
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    upto = models.BigIntegerField(default=0, help_text="ID of the last consent that was looked at.")
    asked = models.PositiveIntegerField(default=0, help_text="Messages that were asked for; the gate judges each.")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        permissions = [("ask_again", "Can ask people again whose consent rests on a withdrawn wording")]
        constraints = [
            models.UniqueConstraint(
                fields=["withdrawn", "topic", "channel"], condition=Q(finished_at=None), name="one_round_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.topic} by {self.channel}: {self.wording}"
