"""Messages that a chat widget fetches from us. What the person writes back is an InboundMessage, as on every channel."""

from django.db import models

from channels.models.messages import Message
from contacts.models import Brand, Contact


class ChatMessage(models.Model):
    """A message in a person's chat with one brand, as the widget shows it."""

    message = models.OneToOneField(Message, on_delete=models.CASCADE, primary_key=True, related_name="chat")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="chat_messages", db_index=False)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, db_index=False)
    content = models.JSONField(help_text="The rendered text, and its quick replies, each with label and value.")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, help_text="Not shown from then on.")
    read_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True, help_text="When one of its quick replies was chosen.")

    class Meta:
        ordering = ["-created_at"]
        permissions = [("open_chat", "Can make tokens that open a person's chat")]
        indexes = [models.Index(fields=["contact", "brand", "-created_at"], name="chat_of_contact")]

    def __str__(self) -> str:
        return str(self.content.get("body") or f"Chat message {self.pk}")[:60]
