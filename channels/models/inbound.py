"""What people write to us."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from channels.models.accounts import Account
from contacts.models import Contact


class InboundMessage(models.Model):
    """A message from a person to one of our accounts, and what it was understood as.

    It is stored once per provider's id. What it means is the word of the floor above, in the same transaction.
    """

    class Understood(models.TextChoices):
        UNREAD = "", "not read yet"
        STOP = "stop", "an opt-out"
        START = "start", "an opt-in"
        HELP = "help", "asks for help"
        ANSWER = "answer", "an answer to our question"
        AMBIGUOUS = "ambiguous", "perhaps an opt-out"
        NONE = "none", "nothing of these"
        TEST = "test", "an answer to a test"

    account = models.ForeignKey(Account, on_delete=models.PROTECT, db_index=False)
    channel = models.CharField(max_length=20)
    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, null=True, related_name="inbound_messages", help_text="Who wrote it."
    )
    sender = models.CharField(max_length=320, help_text="The address that it came from.")
    recipient = models.CharField(max_length=320, blank=True, help_text="The number of ours that it was sent to.")
    body = models.TextField(blank=True)
    provider_id = models.CharField(max_length=200)
    received_at = models.DateTimeField()
    opt_out_type = models.CharField(
        max_length=20,
        blank=True,
        help_text="STOP, START or HELP if the provider has understood, and answered, it itself.",
    )
    understood = models.CharField("understood as", max_length=10, choices=Understood, blank=True)
    why = models.CharField(max_length=200, blank=True, help_text="What it was understood by.")
    reviewed_at = models.DateTimeField(null=True)
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-id"]
        permissions = [("review_inboundmessage", "Can decide whether a message is an opt-out")]
        indexes = [
            models.Index(
                fields=["received_at"], condition=Q(understood="ambiguous", reviewed_at=None), name="inbound_to_review"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["account", "provider_id"], name="one_inbound_message_per_provider_id")
        ]

    def __str__(self) -> str:
        return self.body[:60] or f"Inbound message {self.pk}"
