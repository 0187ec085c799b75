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
LONGEST_SHOWN = 80
SO_MANY = f"Write from 1 to {MOST} addresses."


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
        """Write the addresses in their one spelling. Raises ValidationError, with a sentence for each line that is wrong."""
        kind = channels[self.channel].address_kind if self.channel in channels else None
        if kind is None:
            raise ValidationError({"channel": "Tests go by channels that write to addresses, numbers or devices."})
        if not isinstance(self.addresses, list):
            raise ValidationError({"addresses": SO_MANY})
        lines = [(number, str(value)) for number, value in enumerate(self.addresses, start=1) if str(value).strip()]
        if not 0 < len(lines) <= MOST:
            raise ValidationError({"addresses": SO_MANY})
        found, wrong = [], []
        for number, value in lines:
            try:
                found.append(addresses.normalise(kind, value))
            except ValueError as error:
                wrong.append(f"Line {number}: {error}")
        if wrong:
            raise ValidationError({"addresses": wrong})
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

    @property
    def shown(self) -> str:
        """The address as pages name it: of a device's token, which may have 320 letters, as much as tells it apart."""
        return (
            self.recipient if len(self.recipient) <= LONGEST_SHOWN else f"{self.recipient[:16]}…{self.recipient[-8:]}"
        )
