"""Asking for messages. It is free: only the gate lets one leave."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from channels import facts
from channels.models import Message, MessageTemplate
from config import bulk

State = Message.State
NOT_BEGUN = Q(state=State.PENDING) | Q(state=State.SENDING, started_at=None)
"""Messages that can still be stopped: nothing of them was handed to a provider."""


@dataclass(frozen=True, slots=True)
class Request:
    """A message that somebody wants sent. `key` makes it idempotent: the same key twice is one message.

    `context` is what its words may use as `event`, `labels` say where it comes from. Not before `due_at`, and not after
    `expires_at` (None: whenever). Of one person's messages that are due together the one with the highest `priority` is
    judged first.
    """

    key: str
    contact_id: int
    template_id: int
    due_at: datetime
    context: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[str, Any] = field(default_factory=dict)
    expires_at: datetime | None = None
    priority: int = Message.Priority.NORMAL


def request(wanted: Sequence[Request], now: datetime) -> list[int]:
    """Put these messages in front of the gate, in the caller's transaction; the ids of those that are new.

    Two queries, however many. Raises MessageTemplate.DoesNotExist for an unknown template.
    """
    templates = _templates({one.template_id for one in wanted})
    rows = []
    for one in wanted:
        channel, brand_id, topic_id = templates[one.template_id]
        rows.append(
            {
                "key": one.key,
                "contact_id": one.contact_id,
                "template_id": one.template_id,
                "channel": channel,
                "brand_id": brand_id,
                "topic_id": topic_id,
                "priority": int(one.priority),
                "due_at": one.due_at,
                "expires_at": one.expires_at,
                "context": dict(one.context),
                "labels": dict(one.labels),
                "created_at": now,
            }
        )
    return [pk for (pk,) in bulk.insert(Message, rows, ignore_conflicts=True, returning=("id",))]


def cancel(keys: Collection[str], reason: str, now: datetime) -> int:
    """Block those of these messages that nobody has begun to hand over; how many. What has left cannot be called back."""
    with transaction.atomic():
        found = Message.objects.filter(NOT_BEGUN, key__among=list(keys)).order_by("id")
        rows = list(found.select_for_update(of=("self",), no_key=True).values_list(*facts.COLUMNS))
        block([facts.About(*row) for row in rows], reason, now)
    return len(rows)


def block(messages: Sequence[facts.About], reason: str, now: datetime) -> None:
    """Write that these (locked) are not sent, and tell their timelines why."""
    if not messages:
        return
    ids = [message.id for message in messages]
    Message.objects.filter(id__among=ids).update(
        state=State.BLOCKED, reason=reason, due_at=None, held_by="", cleared_at=None, lease_until=None
    )
    facts.record([facts.fact("blocked", message, now, reason=reason) for message in messages], now)


def recall(stoppable: Q, now: datetime) -> int:
    """Send cleared messages that nobody has begun to hand over back to the gate, which judges them again; how many.

    For everything that makes a clearance stale: a withdrawn consent, a stop, a withdrawn approval.
    """
    with transaction.atomic():
        cleared = Message.objects.filter(stoppable, state=State.SENDING, started_at=None).order_by("id")
        ids = list(cleared.select_for_update(of=("self",), no_key=True).values_list("id", flat=True))
        if ids:
            Message.objects.filter(id__among=ids).update(
                state=State.PENDING, due_at=now, cleared_at=None, lease_until=None
            )
    return len(ids)


def _templates(ids: Collection[int]) -> dict[int, tuple[str, int, int]]:
    rows = MessageTemplate.objects.filter(id__in=ids).values_list("id", "channel", "brand_id", "topic_id")
    found = {pk: (channel, brand_id, topic_id) for pk, channel, brand_id, topic_id in rows}
    if missing := sorted(set(ids) - found.keys()):
        raise MessageTemplate.DoesNotExist(f"There is no message template with the id {missing[0]}.")
    return found
