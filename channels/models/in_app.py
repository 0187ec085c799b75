"""Messages that a person's app fetches from us."""

from django.db import models

from channels.models.messages import Message
from contacts.models import Brand, Contact


class InAppMessage(models.Model):
    """A message in a person's inbox of one brand, as the app shows it."""

    message = models.OneToOneField(Message, on_delete=models.CASCADE, primary_key=True, related_name="in_app")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="in_app_messages", db_index=False)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, db_index=False)
    content = models.JSONField(help_text="The rendered fields: title, body, label, link.")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, help_text="Not shown from then on.")
    read_at = models.DateTimeField(null=True)
    clicked_at = models.DateTimeField(null=True)
    dismissed_at = models.DateTimeField(null=True, help_text="Not shown from then on.")

    class Meta:
        ordering = ["-created_at"]
        permissions = [("open_inbox", "Can make tokens that open a person's inbox")]
        indexes = [models.Index(fields=["contact", "brand", "-created_at"], name="inbox_of_contact")]

    def __str__(self) -> str:
        return str(self.content.get("title") or f"In-app message {self.pk}")
