"""An account's limit per second, kept in its row so that all workers of all machines share it."""

import math
from datetime import datetime, timedelta

from django.db import transaction

from channels.models import Account

BURST = timedelta(seconds=1)
"""So far ahead slots are given at once: a provider that takes ten a second takes ten at the beginning of the second."""


def reserve(account: Account, wanted: int, now: datetime) -> list[datetime]:
    """When each of `wanted` messages may leave: `now` for those that fit into the coming second, later for the others.

    Only slots up to BURST are taken from the account; a later instant is a hint for when to ask again.
    """
    with transaction.atomic():
        row = Account.objects.select_for_update(of=("self",), no_key=True).only("next_slot_at").get(pk=account.pk)
        start = max(row.next_slot_at or now, now)
        room = max(0, math.floor((now + BURST - start).total_seconds() * account.per_second + 1e-6))
        granted = min(wanted, room)
        step = timedelta(seconds=1) / account.per_second
        Account.objects.filter(pk=account.pk).update(next_slot_at=start + granted * step)
    first = start + granted * step - BURST
    later = [max(first + index * step, now + timedelta(milliseconds=1)) for index in range(1, wanted - granted + 1)]
    return [now] * granted + later
