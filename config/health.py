"""`GET /health`: whether the product does its work, for load balancers and monitoring."""

from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from config import clock, pumps
from config.models import Fault, Heartbeat

LATE = timedelta(seconds=60)


@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """200 when the database answers and no due work is late by more than a minute; else 503, with what is wrong."""
    try:
        report = examine(clock.now())
    except DatabaseError:
        report = {"status": "down", "database": "does not answer"}
    return JsonResponse(report, status=200 if report["status"] == "ok" else 503)


def examine(now: datetime) -> dict[str, Any]:
    """The figures behind the answer; ages and delays in seconds. Raises DatabaseError."""
    late = lateness(now)
    return {
        "status": "late" if any(seconds > LATE.total_seconds() for seconds in late.values()) else "ok",
        "database": connection.vendor,
        "late_seconds": late,
        "resting": sorted(Fault.objects.values_list("pump", flat=True)),
        "workers": {
            name: round((now - beat_at).total_seconds(), 1)
            for name, beat_at in Heartbeat.objects.order_by("name").values_list("name", "beat_at")
        },
    }


def lateness(now: datetime) -> dict[str, float]:
    """How long each pump's earliest work has been due; 0 when none is."""
    instants = {pump.name: pump.next_due(now) for pump in pumps.registered()}
    return {name: round((now - due).total_seconds(), 1) if due and due < now else 0.0 for name, due in instants.items()}
