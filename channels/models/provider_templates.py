"""Templates that the provider approves as well: what it says of them."""

from django.db import models

from channels.models.accounts import Account


class ProviderTemplate(models.Model):
    """A template at a provider (WhatsApp's), as it stands there now. It is no part of the approved words: those are sealed."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, db_index=False)
    name = models.CharField(max_length=100, help_text="The provider's name of it, e.g. its content SID.")
    status = models.CharField(max_length=30, blank=True, help_text="The provider's word; empty: not asked yet.")
    category = models.CharField(max_length=30, blank=True, help_text="marketing, utility or authentication.")
    reason = models.CharField(max_length=500, blank=True, help_text="Why it was rejected, or could not be asked about.")
    checked_at = models.DateTimeField(null=True)
    next_check_at = models.DateTimeField(null=True, help_text="Empty: at once.")

    class Meta:
        ordering = ["account", "name"]
        indexes = [models.Index(fields=["next_check_at"], name="provider_templates_due")]
        constraints = [models.UniqueConstraint(fields=["account", "name"], name="one_provider_template_per_name")]

    def __str__(self) -> str:
        return self.name
