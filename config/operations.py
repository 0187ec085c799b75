"""The page "Jobs & queues": whether the product does its work, and what keeps it from doing so.

Each floor adds its own cards to `board` in `AppConfig.ready()`; `context(request, now)` returns what they show.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_q.models import Failure

from config import clock, health, pumps
from config.cards import Board, Card
from config.models import Fault, Heartbeat

PERMISSION = "config.view_operations"
SILENT = timedelta(seconds=30)
"""A worker beats every few seconds; after this long the supervisor should have restarted it."""
SHOWN = 20

board = Board()


class Worker(NamedTuple):
    """A worker and its last sign of life."""

    name: str
    beat_at: datetime
    started_at: datetime
    silent: bool


class Work(NamedTuple):
    """A pump: since when its earliest row is overdue (None: it is not), when the next is due, and the fault that makes it rest."""

    name: str
    overdue_since: datetime | None
    next_due: datetime | None
    late: bool
    fault: Fault | None


def page(request: HttpRequest) -> HttpResponse:
    """Raises PermissionDenied without `config.view_operations`."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    now = clock.now()
    context = {
        **admin.site.each_context(request),
        "title": "Jobs & queues",
        "cards": board.draw(request, now),
        "now": now,
    }
    return render(request, "admin/waymark/operations.html", context)


def workers(request: HttpRequest, now: datetime) -> dict[str, Any]:
    """Every worker that ever beat, the silent ones marked."""
    beats = Heartbeat.objects.order_by("name")
    return {"workers": [Worker(b.name, b.beat_at, b.started_at, now - b.beat_at > SILENT) for b in beats], "now": now}


def work(request: HttpRequest, now: datetime) -> dict[str, Any]:
    """Every pump, and the faults of those that rest."""
    faults = {fault.pump: fault for fault in Fault.objects.all()}
    return {"pumps": list(_pumps(faults, now)), "now": now}


def failures(request: HttpRequest, now: datetime) -> dict[str, Any]:
    """The newest failed tasks of django-q2."""
    return {"failures": Failure.objects.order_by("-stopped")[:SHOWN]}


def _pumps(faults: dict[str, Fault], now: datetime) -> Iterable[Work]:
    for pump in pumps.registered():
        due = pump.next_due(now)
        overdue = due if due and due <= now else None
        late = overdue is not None and now - overdue > health.LATE
        yield Work(pump.name, overdue, due, late, faults.get(pump.name))


for _card in (
    Card("workers", "Workers", "admin/waymark/workers.html", workers, order=10),
    Card("pumps", "Work", "admin/waymark/pumps.html", work, order=20),
    Card("failures", "Failed tasks", "admin/waymark/failures.html", failures, order=30, wide=True),
):
    board.register(_card)
