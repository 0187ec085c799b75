"""Test sends: to whom they may go, and who asked for each."""

from collections.abc import Collection, Iterator, Sequence

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from simple_history.models import HistoricalRecords

from channels.base import Channel, channels
from channels.models.messages import Message
from channels.models.templates import TemplateVersion
from contacts import addresses, owners
from contacts.models import Brand, Contact

MOST = 50
"""Addresses of a seed list."""
HOW = "somebody whose role allows it marks colleagues as testers (page Testers)."
LONGEST_SHOWN = 80
SO_MANY = f"Write from 1 to {MOST} addresses."


class Tester(models.Model):
    """A contact that is one of our own people, in whose app in-app and chat messages are tested.

    Such a message has no address outside: it lies in somebody's inbox. Who writes seed lists cannot say whose inbox gets
    words that nobody has approved; that is marked by others, with a reason.
    """

    contact = models.OneToOneField(Contact, on_delete=models.CASCADE, related_name="tester")
    because = models.CharField(
        "whose it is", max_length=300, help_text="Whose account it is, and what is tested there."
    )
    marked_at = models.DateTimeField()
    marked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Tester {self.contact}"

    @classmethod
    def named(cls, user_ids: Collection[str]) -> dict[str, int]:
        """The contacts of those of these user IDs that are testers', also by IDs from before a merge; three queries."""
        known = owners.with_external_ids(user_ids)
        marked = set(cls.objects.filter(contact__in=known.values()).values_list("contact", flat=True))
        return {user_id: contact for user_id, contact in known.items() if contact in marked}


class SeedList(models.Model):
    """Addresses of colleagues and test devices, or user IDs of testers, that tests of a channel go to."""

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
        channel = channels.get(self.channel)
        if channel is None or not channel.tested:
            raise ValidationError(
                {"channel": "Tests go by channels that write to addresses, numbers, devices or apps."}
            )
        if not isinstance(self.addresses, list):
            raise ValidationError({"addresses": SO_MANY})
        every = [(number, str(value).strip()) for number, value in enumerate(self.addresses, start=1)]
        lines = [(number, value) for number, value in every if value]
        if not 0 < len(lines) <= MOST:
            raise ValidationError({"addresses": SO_MANY})
        found = list(_judged(channel, lines))
        if wrong := [sentence for _, sentence in found if sentence]:
            raise ValidationError({"addresses": wrong})
        self.addresses = list(dict.fromkeys(value for value, _ in found))


def _judged(channel: Channel, lines: Sequence[tuple[int, str]]) -> Iterator[tuple[str, str]]:
    """Each line's address in its one spelling, and what is wrong with it."""
    testers = Tester.named([value for _, value in lines]) if channel.fetched else {}
    for number, value in lines:
        sentence = ""
        try:
            if channel.address_kind:
                value = addresses.normalise(channel.address_kind, value)
            elif value not in testers:
                sentence = f"Line {number}: {value!r:.80} is no tester's user ID; {HOW}"
        except ValueError as error:
            sentence = f"Line {number}: {error}"
        yield value, sentence


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
    inbox = models.ForeignKey(
        Contact,
        on_delete=models.PROTECT,
        null=True,
        related_name="tests_received",
        help_text="Where people's apps fetch the messages: whose inbox it goes to. The gate asks whether it is a tester's.",
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
