"""Copies of what was sent go when their brand's policy says so, and the same words where apps and chat widgets fetch them.

The messages stay, with what became of them and why.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Min, Q

from channels import archive
from channels.models import Account, Message
from compliance import chain
from compliance.models import CopyRetention

CUT = "archive.cut"
BATCH = 2_000
PAUSE = timedelta(days=1)

chain.register(CUT, "Copies of sent messages removed")


def next_due(now: datetime) -> datetime | None:
    """When the next policy is looked at."""
    if CopyRetention.objects.filter(days__gt=0, due_at=None).exists():
        return now
    due: datetime | None = CopyRetention.objects.filter(days__gt=0).aggregate(due=Min("due_at"))["due"]
    return due


def planned(policy: CopyRetention, changed: Collection[str]) -> None:
    """Whoever saves the policy has it looked at soon, whatever was planned: it may hold for other days, or messages, now."""
    policy.due_at = None
    if {"brand", "message_class"} & set(changed):
        policy.done_until = None


def run(now: datetime) -> int:
    """One batch of one policy; how many copies went, and one for having looked."""
    with transaction.atomic():
        waiting = CopyRetention.objects.filter(Q(due_at=None) | Q(due_at__lte=now), days__gt=0).order_by("due_at", "pk")
        policy = waiting.select_for_update(skip_locked=True, of=("self",)).select_related("brand").first()
        return 1 + _cut(policy, now) if policy else 0


def _cut(policy: CopyRetention, now: datetime) -> int:
    """Remove the oldest; the policy comes again at once if there may be more, else tomorrow."""
    end = now - timedelta(days=policy.days)
    # Asked by account, since that is what there is an index for.
    left = Message.objects.filter(account__in=list(Account.objects.values_list("pk", flat=True)), cleared_at__lte=end)
    left = left.filter(brand=policy.brand_id, message_class=policy.message_class)
    if policy.done_until:
        left = left.filter(cleared_at__gt=policy.done_until)
    # The gate clears many at one instant: a batch ends with all of the last instant, so that none is passed over.
    last = left.order_by("cleared_at").values_list("cleared_at", flat=True)[BATCH - 1 : BATCH].first()
    upto = last or end
    gone, stored = archive.cut(left.filter(cleared_at__lte=upto), now)
    due_at = now if last else now + PAUSE
    CopyRetention.objects.filter(pk=policy.pk).update(due_at=due_at, done_until=max(upto, policy.done_until or upto))
    if gone or stored:
        told = {"brand": policy.brand.key, "class": policy.message_class, "copies": gone, "upto": upto.isoformat()}
        chain.append(CUT, now=now, subject=policy, payload=told | ({"stored": stored} if stored else {}))
    return gone
