"""Lanes: how many turns one machine's worker has at once, and whose turn it is.

A ticket is claimed by a conditional UPDATE and carries a fencing number. A turn that was believed dead finds another
number on its ticket and stops; until then two turns on one lane do no harm, since pumps lock the rows they take.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

from django.conf import settings
from django.db import connection
from django.db.models import F, Q, QuerySet

from config import clock
from config.models import Ticket

LEASE = timedelta(seconds=10)
RENEW_AFTER = 3.0


@dataclass
class Lane:
    """One taken lane. `number` is the fencing token of its turn."""

    queue: str
    lane: int
    number: int
    renewed: float = 0.0

    def keep(self, read_clock: Callable[[], datetime] = clock.now) -> bool:
        """Whether the turn may go on: renews the lease, with a query every few seconds only."""
        if monotonic() - self.renewed < RENEW_AFTER:
            return True
        self.renewed = monotonic()
        return bool(self._rows().update(taken_until=read_clock() + LEASE))

    def free(self) -> None:
        """Give the lane back, unless another turn has it by now."""
        self._rows().update(taken_until=None)

    def _rows(self) -> QuerySet[Ticket]:
        return Ticket.objects.filter(queue=self.queue, lane=self.lane, number=self.number)


def count() -> int:
    """How many turns may run at once here. SQLite has one writer, so a second turn would only wait for the first."""
    return 1 if connection.vendor == "sqlite" else int(settings.WORKERS)


def take(queue: str, now: datetime) -> Lane | None:
    """Claim a free lane of this queue, or one whose turn was silent for a whole lease; None when all are taken."""
    free = Q(taken_until=None) | Q(taken_until__lte=now)
    for ticket in Ticket.objects.filter(free, queue=queue, lane__lt=count()).order_by("lane"):
        # The race: another pulse of this queue reads the same row; only one of them finds the number unchanged.
        rows = Ticket.objects.filter(free, pk=ticket.pk, number=ticket.number)
        if rows.update(number=F("number") + 1, taken_until=now + LEASE):
            return Lane(queue, ticket.lane, ticket.number + 1)
    return None


def reset(queue: str) -> None:
    """At a start: every lane exists and is free. A turn left in the queue from before is harmless: it is a turn."""
    Ticket.objects.bulk_create([Ticket(queue=queue, lane=lane) for lane in range(count())], ignore_conflicts=True)
    Ticket.objects.filter(queue=queue).update(taken_until=None)
