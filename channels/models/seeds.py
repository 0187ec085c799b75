"""Test sends: to whom they may go, and who asked for each."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from simple_history.models import HistoricalRecords

from channels.base import channels
from channels.models.messages import Message
from channels.models.templates import TemplateVersion
from contacts import addresses
from contacts.models import Brand, Contact

MOST = 50
"""Addresses of a seed list."""


class SeedList(models.Model):
    """Addresses of colleagues and test devices that tests of a channel go to. They are nobody's contacts."""

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT)
    name = models.CharField(max_length=120)
    channel = models.CharField(max_length=20)
    addresses = models.JSONField(default=list, help_text="At most 50, for example of colleagues and test devices.")
    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["brand", "name"], name="one_seed_list_per_name")]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Write the addresses in their one spelling. Raises ValidationError."""
        kind = channels[self.channel].address_kind if self.channel in channels else None
        if kind not in ("email", "phone"):
            raise ValidationError({"channel": "Tests go by channels that write to e-mail addresses or phone numbers."})
        if not isinstance(self.addresses, list) or not 0 < len(self.addresses) <= MOST:
            raise ValidationError({"addresses": f"Write from 1 to {MOST} addresses."})
        try:
            found = [addresses.normalise(kind, str(value)) for value in self.addresses]
        except ValueError as error:
            raise ValidationError({"addresses": str(error)}) from error
        self.addresses = list(dict.fromkeys(found))


class TestSend(models.Model):
    """A version's words on their way to one address of our own: a message without a person, and what is known of it besides.

    What became of it, why, and what it said stands where it does for every message: in its state, decisions and copy.
    """

    message = models.OneToOneField(Message, on_delete=models.CASCADE, primary_key=True, related_name="test")
    version = models.ForeignKey(TemplateVersion, on_delete=models.PROTECT, related_name="test_sends")
    recipient = models.CharField(max_length=320)
    reader = models.ForeignKey(
        Contact, on_delete=models.PROTECT, null=True, related_name="tests_read", help_text="As whom the words are read."
    )
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-message_id"]

    def __str__(self) -> str:
        return f"Test {self.message_id} of {self.version}"
