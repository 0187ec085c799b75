"""The only way out: hands cleared messages over, and writes down what came of each. Only the gate may call it.

A message is stamped (`started_at`) and that is committed before the first byte of it leaves; a crash in between shows
later as a stamp without an outcome, and such a message is never simply sent again (decision 4).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

from django.conf import settings
from django.db import transaction
from django.db.models import F

from channels import letters, outcomes, sandbox
from channels.base import Outgoing, Receipt, SendError, channels
from channels.letters import Letter
from channels.models import Message
from config import clock
from config.bulk import chunks

CHUNK = 100
"""So many messages may become unknown in a crash."""
CLEARED_LEASE = timedelta(seconds=30)
"""A worker that has not begun its messages for so long is believed dead; taking them from one that lives does no harm."""
LEASE = timedelta(seconds=75)
"""The same for messages that are being handed over: longer than the longest time-out of a channel."""
RENEW_SECONDS = 10.0

State = Message.State


@dataclass(frozen=True, slots=True)
class Handed:
    """A message that was tried, and what came of it."""

    letter: Letter
    outgoing: Outgoing
    outcome: Receipt | SendError


def deliver(ids: Sequence[int], now: datetime) -> int:
    """Hand over these messages, which this worker has cleared; how many were taken. Never raises for one message.

    A message that has been stopped, recalled or taken over by another worker meanwhile is left alone.
    """
    taken = 0
    parts = [part for account in _by_account(letters.load(ids)) for part in chunks(account, CHUNK)]
    renewed = monotonic()
    for number, part in enumerate(parts):
        if monotonic() - renewed > RENEW_SECONDS:
            renewed = monotonic()
            _renew([letter.id for later in parts[number:] for letter in later], CLEARED_LEASE)
        taken += _chunk(part, now)
    return taken


def _renew(ids: Sequence[int], length: timedelta) -> None:
    """This worker still lives; messages that were taken from it meanwhile are not touched."""
    mine = Message.objects.filter(id__among=list(ids), state=State.SENDING)
    begun = mine.filter(started_at__isnull=False) if length == LEASE else mine.filter(started_at=None)
    begun.update(lease_until=clock.now() + length)


def _by_account(found: Iterable[Letter]) -> list[list[Letter]]:
    grouped: dict[int, list[Letter]] = {}
    for letter in found:
        grouped.setdefault(letter.account.pk, []).append(letter)
    return list(grouped.values())


def _chunk(part: Sequence[Letter], now: datetime) -> int:
    """Render, stamp, hand over, record."""
    ready: dict[int, tuple[Letter, Outgoing]] = {}
    handed: list[Handed] = []
    for letter in part:
        outgoing, problem = letters.written(letter, now)
        if problem:
            handed.append(Handed(letter, outgoing, problem))
        else:
            ready[letter.id] = letter, outgoing
    mine = _stamp([letter.id for letter in part])
    batch = [outgoing for pk, (_, outgoing) in ready.items() if pk in mine]
    handed = [one for one in handed if one.letter.id in mine]
    handed += _handed_over(part[0], batch, {pk: letter for pk, (letter, _) in ready.items()}, now)
    outcomes.record(handed, clock.now())
    return sum(isinstance(one.outcome, Receipt) for one in handed)


def _stamp(ids: Sequence[int]) -> set[int]:
    """Mark them as begun, and say which of them were still ours to begin: the race with an opt-out is decided here."""
    begun_at = clock.now()
    with transaction.atomic():
        cleared = Message.objects.filter(id__among=list(ids), state=State.SENDING, started_at=None).order_by("id")
        mine = list(cleared.select_for_update(of=("self",), no_key=True).values_list("id", flat=True))
        Message.objects.filter(id__among=mine).update(
            started_at=begun_at, lease_until=begun_at + LEASE, attempts=F("attempts") + 1
        )
    return set(mine)


def _handed_over(first: Letter, batch: Sequence[Outgoing], by_id: dict[int, Letter], now: datetime) -> list[Handed]:
    if not batch:
        return []
    kind, config = channels[first.account.channel], first.account.config
    found: dict[int, Handed] = {}
    renewed = monotonic()
    try:
        for outgoing, outcome in sandbox.send(kind, config, batch, settings.SEND_CONCURRENCY, now):
            found[outgoing.id] = Handed(by_id[outgoing.id], outgoing, outcome)
            if monotonic() - renewed > RENEW_SECONDS:
                renewed = monotonic()
                _renew([other.id for other in batch], LEASE)
    except Exception as error:
        # A channel must not raise; if it does, whatever it did not report may have left.
        for outgoing in batch:
            lost = SendError("internal_error", f"{type(error).__name__}: {error}", maybe_sent=True)
            found.setdefault(outgoing.id, Handed(by_id[outgoing.id], outgoing, lost))
    return list(found.values())
