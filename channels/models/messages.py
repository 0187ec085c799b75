"""Every message that anybody asked for, whether it left or not."""

from typing import Any

from django.db import models
from django.db.models import Q

from channels import packing
from channels.models.accounts import Account
from channels.models.templates import MessageClass, MessageTemplate, TemplateVersion
from contacts.models import Address, Brand, Contact, Topic


class Message(models.Model):
    """A request to tell somebody something, and what became of it.

    pending → sending → sent | failed | unknown; pending → blocked; sending → pending (nothing was handed over yet, or
    the provider asked to try later). Only `compliance.gate` moves a message out of pending, and leaves its decision in
    `clearance`; the database refuses a message beyond pending or blocked without one.
    """

    class State(models.TextChoices):
        PENDING = "pending", "waiting for the gate"
        SENDING = "sending", "cleared, being handed over"
        SENT = "sent", "accepted by the provider"
        BLOCKED = "blocked", "not sent"
        FAILED = "failed", "refused by the provider"
        UNKNOWN = "unknown", "maybe sent"

    class Delivery(models.IntegerChoices):
        """What is known after handing over, by rank: a later word never lowers it."""

        NONE = 0, "nothing heard"
        DELIVERED = 10, "delivered"
        OPENED = 20, "opened"
        CLICKED = 30, "clicked"
        BOUNCED = 40, "bounced"
        COMPLAINED = 50, "complained"

    class Priority(models.IntegerChoices):
        """Which of one person's messages is judged first, and so gets the last slot of a cap."""

        LOW = 1, "low"
        NORMAL = 2, "normal"
        HIGH = 3, "high"
        URGENT = 4, "urgent"

    key = models.CharField(max_length=120, help_text="Who asked, e.g. visit:42. One request, one message.")
    contact = models.ForeignKey(
        Contact,
        on_delete=models.CASCADE,
        null=True,
        related_name="messages",
        db_index=False,
        help_text="None: a test, to an address of our own. It belongs to nobody, so that nothing counts it.",
    )
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, db_index=False)
    template = models.ForeignKey(MessageTemplate, on_delete=models.PROTECT, related_name="messages")
    topic = models.ForeignKey(Topic, on_delete=models.PROTECT, db_index=False)
    channel = models.CharField(max_length=20)
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    priority = models.PositiveSmallIntegerField(
        choices=Priority, default=Priority.NORMAL, help_text="Among the messages of one person that are due together."
    )
    due_at = models.DateTimeField(
        null=True, help_text="When it is looked at next: by the gate, or (maybe sent) at the provider."
    )
    expires_at = models.DateTimeField(
        null=True, help_text="After this instant it is pointless, and blocked as expired."
    )
    held_by = models.CharField(max_length=120, blank=True, help_text="The stop that holds it, e.g. journey:win-back.")
    reason = models.CharField(max_length=60, blank=True, help_text="Code of the deciding verdict or provider error.")
    error = models.TextField(blank=True)
    context = models.JSONField(default=dict, help_text="What its words may use: the event's properties.")
    labels = models.JSONField(default=dict, help_text="Where it comes from: journey, version, step, visit.")
    created_at = models.DateTimeField()
    # set at clearance
    clearance = models.BigIntegerField(null=True, help_text="The compliance decision that let it leave.")
    version = models.ForeignKey(TemplateVersion, on_delete=models.PROTECT, null=True, db_index=False)
    message_class = models.CharField("class", max_length=15, choices=MessageClass, blank=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, db_index=False)
    address = models.ForeignKey(Address, on_delete=models.SET_NULL, null=True)
    cleared_at = models.DateTimeField(null=True, help_text="Counts in frequency caps from here on.")
    # set by delivery
    lease_until = models.DateTimeField(null=True, help_text="Until then its worker is believed alive.")
    started_at = models.DateTimeField(null=True, help_text="Set just before it is handed to the provider.")
    attempts = models.PositiveSmallIntegerField(default=0)
    provider_id = models.CharField(max_length=200, blank=True)
    sent_at = models.DateTimeField(null=True)
    delivery = models.PositiveSmallIntegerField(choices=Delivery, default=Delivery.NONE)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state="pending"), name="messages_due"),
            models.Index(fields=["lease_until"], condition=Q(state="sending"), name="messages_leased"),
            models.Index(fields=["due_at"], condition=Q(state="unknown"), name="messages_unknown"),
            models.Index(fields=["contact", "cleared_at"], name="messages_by_contact"),
            # With the contact, so that the people of a day are counted in the index alone.
            models.Index(
                fields=["account", "cleared_at", "contact"],
                condition=Q(cleared_at__isnull=False),
                name="messages_by_account",
            ),
            models.Index(fields=["provider_id"], condition=~Q(provider_id=""), name="messages_by_provider_id"),
        ]
        constraints = [
            # Not unique=True: that would add a second index for LIKE.
            models.UniqueConstraint(fields=["key"], name="one_message_per_key"),
            models.CheckConstraint(
                condition=Q(state__in=["pending", "blocked"])
                | Q(clearance__isnull=False, version__isnull=False, account__isnull=False),
                name="nothing_leaves_without_clearance",
            ),
            models.CheckConstraint(
                condition=Q(contact__isnull=False) | Q(key__startswith="test:", version__isnull=False),
                name="only_tests_are_nobodys",
            ),
        ]

    def __str__(self) -> str:
        return f"Message {self.pk}"

    @property
    def addressee(self) -> str:
        """To whom, in words."""
        test = getattr(self, "test", None)
        return str(self.contact or (f"{test.shown} (test)" if test else "nobody"))


class RenderedCopy(models.Model):
    """Exactly what was sent, word for word, as what differs from the words of its version (channels.packing)."""

    message = models.OneToOneField(Message, on_delete=models.CASCADE, primary_key=True, related_name="copy")
    version = models.ForeignKey(
        TemplateVersion,
        on_delete=models.PROTECT,
        null=True,
        db_index=False,
        related_name="+",
        help_text="The sealed version that it is read with; none: it stands for itself.",
    )
    packed = models.BinaryField(default=bytes, help_text="The rendered fields, deflated.")
    sha256 = models.BinaryField("SHA-256", default=bytes, help_text="Of the rendered fields as canonical JSON.")

    class Meta:
        verbose_name_plural = "rendered copies"

    def __str__(self) -> str:
        return f"Copy of message {self.message_id}"

    @property
    def content(self) -> dict[str, Any]:
        """The rendered fields: subject, html, text … with the address used. Raises packing.Damaged."""
        source = (self.version.compiled or self.version.content) if self.version else None
        return packing.unpack(bytes(self.packed), bytes(self.sha256), source)
