"""The one seam to django-q2: everything that enqueues a task does it here, so the engine behind can be changed.

A worker has a queue of its own, so that the pulse rings at its own door, and so that a beat through the queue says
something about this very worker. Other processes enqueue nothing: they commit rows, and the pulses find them.
"""

from typing import Any

from django.conf import settings


def name() -> str:
    """The queue of this machine's worker (WORKER_QUEUE)."""
    return str(settings.Q_CLUSTER["name"])


def enqueue(path: str, *args: Any) -> None:
    """Ask this machine's worker to call the function at the dotted `path`. Its result is not saved, a failure is.

    The call may be lost, doubled or late: it must be harmless in all three cases. Raises what the broker raises.
    """
    from django_q.tasks import async_task

    async_task(path, *args, save=False)
