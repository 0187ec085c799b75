"""What a person's page shows of this floor: the journeys that they are or were in."""

from datetime import datetime
from typing import Any

from django.db.models import Case, Value, When
from django.http import HttpRequest

from contacts import panels
from contacts.models import Contact
from journeys.models import Enrolment

SHOWN = 10


def enrolments(request: HttpRequest, contact: Contact, now: datetime) -> dict[str, Any]:
    """Those that they are in first, then the newest."""
    live = Case(When(state__in=Enrolment.LIVE, then=Value(0)), default=Value(1))
    found = contact.enrolments.select_related("journey", "version", "step").order_by(live, "-pk")
    return {"enrolments": found[:SHOWN], "zone": panels.zone_of(contact)}


panels.board.register(
    panels.Card("journeys", "Journeys", "admin/journeys/panel.html", enrolments, "journeys.view_enrolment", order=30)
)
