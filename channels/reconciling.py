"""Messages that were begun and never finished: nobody is doubled, and nobody is stranded."""

from datetime import datetime, timedelta
from logging import getLogger

from django.db import transaction
from django.db.models import Min
from django.db.models.functions import Coalesce

from channels import facts, outcomes
from channels.base import CannotTell, Receipt, channels
from channels.facts import COLUMNS, About, fact
from channels.models import Account, Message

log = getLogger("waymark.delivery")

State = Message.State
BATCH = 100
GIVE_UP_AFTER = timedelta(hours=24)
LONGEST_PAUSE = timedelta(hours=2)
TO = Coalesce("address__value", "test__recipient")


def leases_due(now: datetime) -> datetime | None:
    """When the next lease of a worker runs out."""
    due: datetime | None = Message.objects.filter(state=State.SENDING).aggregate(due=Min("lease_until"))["due"]
    return due


def recover(now: datetime) -> int:
    """Take messages from workers that are gone: what was not begun goes back to the door, what was begun is unknown."""
    with transaction.atomic():
        silent = Message.objects.filter(state=State.SENDING, lease_until__lte=now).order_by("id")
        rows = list(
            silent.select_for_update(skip_locked=True, of=("self",), no_key=True).values_list("id", "started_at")
        )
        fresh = [pk for pk, started_at in rows if started_at is None]
        begun = [pk for pk, started_at in rows if started_at is not None]
        Message.objects.filter(id__among=fresh).update(
            state=State.PENDING, due_at=now, cleared_at=None, lease_until=None
        )
        Message.objects.filter(id__among=begun).update(
            state=State.UNKNOWN, due_at=now, lease_until=None, reason="worker_lost"
        )
    if begun:
        log.warning(
            "%s messages were begun by a worker that is gone; they are looked up before anything else", len(begun)
        )
    return len(rows)


def unknown_due(now: datetime) -> datetime | None:
    """When the next unknown message is looked up."""
    due: datetime | None = Message.objects.filter(state=State.UNKNOWN).aggregate(due=Min("due_at"))["due"]
    return due


def reconcile(now: datetime) -> int:
    """Ask providers about unknown messages whose time has come; how many were asked about.

    Taken: sent. Certainly not taken: back to the door. No answer: later again, for a day; then people decide (and the
    journey goes on by `unknown`).
    """
    claimed = _claim(now)
    accounts = Account.objects.in_bulk({row[0] for row in claimed})
    for account_id, to, about, started_at in claimed:
        _ask(accounts[account_id], to, about, started_at, now)
    return len(claimed)


def _claim(now: datetime) -> list[tuple[int, str, About, datetime]]:
    """Move their next look ahead first, so that two workers do not ask about the same message."""
    with transaction.atomic():
        due = Message.objects.filter(state=State.UNKNOWN, due_at__lte=now).order_by("due_at")
        locked = due.select_for_update(skip_locked=True, of=("self",), no_key=True)
        rows = list(locked.values_list(*COLUMNS, "account_id", "started_at", TO)[:BATCH])
        found = [(row[-3], row[-1] or "", About(*row[: len(COLUMNS)]), row[-2]) for row in rows]
        for _, _, about, started_at in found:
            pause = min(max(now - started_at, outcomes.FIRST_LOOK), LONGEST_PAUSE)
            Message.objects.filter(id=about.id).update(due_at=now + pause)
    return found


def _ask(account: Account, to: str, about: About, started_at: datetime, now: datetime) -> None:
    try:
        receipt = channels[account.channel].look_up(account.config, about.id, about.key, to, started_at)
    except CannotTell as reason:
        if now - started_at >= GIVE_UP_AFTER:
            _give_up(about, str(reason), now)
        return
    if receipt:
        outcomes.settle_sent([(about, receipt)], now)
    else:
        _back_to_the_door(about, now)


def _back_to_the_door(about: About, now: datetime) -> None:
    Message.objects.filter(id=about.id, state=State.UNKNOWN).update(
        state=State.PENDING, due_at=now, cleared_at=None, started_at=None, lease_until=None, reason="never_arrived"
    )


def _give_up(about: About, why: str, now: datetime) -> None:
    with transaction.atomic():
        changed = Message.objects.filter(id=about.id, state=State.UNKNOWN).update(due_at=None, error=why)
        if changed:
            facts.record([fact("unknown", about, now)], now)


def decide_sent(about: About, now: datetime) -> None:
    """Somebody knows that it arrived."""
    outcomes.settle_sent([(about, Receipt(""))], now)


def decide_failed(about: About, now: datetime) -> bool:
    """Somebody decides that it did not arrive and shall not be sent any more. False if it is not unknown (any more)."""
    with transaction.atomic():
        changed = Message.objects.filter(id=about.id, state=State.UNKNOWN).update(
            state=State.FAILED, due_at=None, cleared_at=None, reason="given_up"
        )
        if changed:
            facts.record([fact("failed", about, now, reason="given_up")], now)
    return bool(changed)


def decide_again(about: About, now: datetime) -> bool:
    """Somebody decides to send it again, at the risk of doubling it: it passes the door once more."""
    return bool(
        Message.objects.filter(id=about.id, state=State.UNKNOWN).update(
            state=State.PENDING,
            due_at=now,
            cleared_at=None,
            started_at=None,
            lease_until=None,
            reason="sent_again_by_hand",
        )
    )
