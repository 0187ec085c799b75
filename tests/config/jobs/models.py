import os
import time
from datetime import datetime

from django.db import models, transaction

from config import clock

BATCH = 5


class Job(models.Model):
    """Takes `seconds`, outside any transaction, or raises."""

    due_at = models.DateTimeField(db_index=True)
    seconds = models.FloatField(default=0)
    raises = models.BooleanField(default=False)
    taken_until = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    done_by = models.IntegerField(null=True)

    def __str__(self) -> str:
        return f"Job {self.pk}"


def _due(now: datetime) -> models.QuerySet[Job]:
    free = models.Q(taken_until=None) | models.Q(taken_until__lte=now)
    return Job.objects.filter(free, done_at=None, due_at__lte=now).order_by("due_at", "id")


def earliest(now: datetime) -> datetime | None:
    return Job.objects.filter(done_at=None).aggregate(first=models.Min("due_at"))["first"]


def work(now: datetime) -> int:
    with transaction.atomic():
        jobs = list(_due(now).select_for_update(skip_locked=True)[:BATCH])
        Job.objects.filter(pk__in=[job.pk for job in jobs]).update(
            taken_until=datetime.fromtimestamp(now.timestamp() + 5, now.tzinfo)
        )
    for job in jobs:
        if job.raises:
            raise RuntimeError("this job always fails")
        time.sleep(job.seconds)
    Job.objects.filter(pk__in=[job.pk for job in jobs]).update(done_at=clock.now(), done_by=os.getpid())
    return len(jobs)
