"""What the page "Jobs & queues" shows of this floor: events that journeys have not reacted to, and refused ones."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest

from config import operations
from config.adminsite.paginator import MOST
from config.cards import Card
from contacts.models import EventBatch, Segment

SHOWN = 20


def batches(request: HttpRequest, now: datetime) -> dict[str, Any]:
    """How many batches wait (counted to 10,001), and the newest with an error."""
    waiting = EventBatch.objects.filter(handled_at=None)
    return {
        "waiting": waiting[: MOST + 1].count(),
        "oldest": waiting.order_by("pk").first(),
        "failed": EventBatch.objects.exclude(error="").order_by("-pk")[:SHOWN],
        "segments": Segment.objects.exclude(error=""),
        "now": now,
    }


operations.board.register(Card("events", "Events", "admin/contacts/operations.html", batches, order=25, wide=True))
