"""What the machinery itself must remember: who is alive, and which doorbell has been rung."""

from django.db import models


class LedgerKey(models.Model):
    """Exists only inside a transaction that may change append-only tables (SQLite; see config.ledger)."""


class Heartbeat(models.Model):
    """The last sign of life of one worker process group, by its name; the supervisor restarts a group that falls silent."""

    name = models.CharField(max_length=120, primary_key=True)
    beat_at = models.DateTimeField()
    started_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Ticket(models.Model):
    """One lane of a pump: while `taken_until` lies ahead, a task for it is queued or running, so no second one is enqueued."""

    pump = models.CharField(max_length=60)
    lane = models.PositiveSmallIntegerField()
    taken_until = models.DateTimeField(null=True)
    number = models.PositiveBigIntegerField(
        default=0, help_text="Fencing token: counts the tasks enqueued on this lane."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pump", "lane"], name="one_ticket_per_lane")]

    def __str__(self) -> str:
        return f"{self.pump} #{self.lane}"
