"""What people allowed, when, and how we know."""

from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from contacts.models.people import Address, Brand, Contact


class Topic(models.Model):
    """What a message is about, as the person sees it in the preference centre; consent is given per topic and channel."""

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT)
    key = models.SlugField()
    name = models.CharField(max_length=120)
    description = models.CharField(max_length=300, blank=True)
    history = HistoricalRecords()

    class Meta:
        ordering = ["brand", "name"]
        constraints = [models.UniqueConstraint(fields=["brand", "key"], name="one_topic_per_key")]

    def __str__(self) -> str:
        return self.name


class Consent(models.Model):
    """One line of the consent ledger. Append-only: a change of mind is a new line."""

    class State(models.TextChoices):
        GRANTED = "granted", "granted"
        PENDING = "pending", "pending confirmation"
        WITHDRAWN = "withdrawn", "withdrawn"

    class Basis(models.TextChoices):
        WRITTEN = "express_written", "express, in writing"
        EXPRESS = "express", "express"
        PURCHASE = "implied_purchase", "implied by a purchase"
        INQUIRY = "implied_inquiry", "implied by an inquiry"
        SOFT = "soft_opt_in", "soft opt-in"
        CONTRACT = "contract", "contract"
        NONE = "", "none (withdrawal)"

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="consents", db_index=False)
    topic = models.ForeignKey(Topic, on_delete=models.PROTECT)
    channel = models.CharField(max_length=20)
    state = models.CharField(max_length=10, choices=State)
    basis = models.CharField(max_length=20, choices=Basis, blank=True)
    occurred_at = models.DateTimeField(help_text="When the person said so.")
    recorded_at = models.DateTimeField(help_text="When we learnt of it.")
    expires_at = models.DateTimeField(null=True, blank=True)
    source = models.CharField(max_length=120, help_text="Form, import, keyword, one-click, preference centre …")
    wording = models.CharField(max_length=120, blank=True, help_text="Version of the text that the person agreed to.")
    proof = models.JSONField(default=dict, blank=True, help_text="IP address, URL, form, imported file, message id.")

    class Meta:
        verbose_name_plural = "consent ledger"
        permissions = [("override_consent", "Can enter consents by hand, and lift suppressions")]
        ordering = ["-occurred_at", "-id"]
        indexes = [models.Index(fields=["contact", "channel", "topic", "occurred_at"], name="consents_in_time")]

    def __str__(self) -> str:
        return f"{self.channel} {self.state}"


class ConsentState(models.Model):
    """The ledger's newest word per contact × channel × topic: a projection, kept for the gate's one query."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="consent_states", db_index=False)
    topic = models.ForeignKey(Topic, on_delete=models.CASCADE)
    channel = models.CharField(max_length=20)
    consent = models.ForeignKey(Consent, on_delete=models.PROTECT)
    state = models.CharField(max_length=10, choices=Consent.State)
    basis = models.CharField(max_length=20, choices=Consent.Basis, blank=True)
    occurred_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    wording = models.CharField(max_length=120, blank=True)
    flaw = models.CharField(
        max_length=40, blank=True, help_text="Why it cannot be relied on, e.g. no_proof; empty if it can."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["contact", "channel", "topic"], name="one_consent_state")]

    def __str__(self) -> str:
        return f"{self.channel} {self.state}"


class Suppression(models.Model):
    """An address that must not be written to, known only by its keyed hash, so that it survives erasure and re-import."""

    class Reason(models.TextChoices):
        OPT_OUT = "opt_out", "opted out"
        BOUNCE = "bounce", "hard bounce"
        COMPLAINT = "complaint", "complaint"
        MANUAL = "manual", "by hand"
        LEGAL = "legal", "legal request"
        ERASED = "erased", "erased"
        REASSIGNED = "reassigned", "number has a new owner"
        NO_MARKETING = "no_marketing", "wants no marketing"
        REVIEW = "review", "may have opted out"
        PROVIDER = "provider", "blocked by the provider"

    digest = models.CharField(max_length=43)
    address_kind = models.CharField(max_length=10, choices=Address.Kind)
    channel = models.CharField(max_length=20, blank=True, help_text="Empty: every channel that uses such an address.")
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, null=True, blank=True, help_text="Empty: every brand.")
    reason = models.CharField(max_length=20, choices=Reason)
    source = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_because = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["digest"], condition=Q(lifted_at=None), name="suppressions_live")]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} ({self.address_kind})"
