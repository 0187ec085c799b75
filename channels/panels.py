"""What a person's page shows of this floor: their newest messages, and why each did or did not leave."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest

from contacts import panels
from contacts.models import Contact

SHOWN = 10


def messages(request: HttpRequest, contact: Contact, now: datetime) -> dict[str, Any]:
    """The newest messages that anybody asked for."""
    newest = contact.messages.select_related("template", "version").order_by("-pk")[:SHOWN]
    return {"messages": newest, "contact": contact, "zone": panels.zone_of(contact)}


panels.board.register(
    panels.Card("messages", "Messages", "admin/channels/panel.html", messages, "channels.view_message", order=40)
)
