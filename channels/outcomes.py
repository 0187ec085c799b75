"""What came of messages that were handed over, written in one transaction with its facts; and what is done when it is unclear."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction

from channels import archive, facts, feedback
from channels.base import Receipt, SendError
from channels.facts import About, fact
from channels.models import Message
from config import bulk

if TYPE_CHECKING:
    from channels.delivery import Handed

State = Message.State
ATTEMPTS = 8
PAUSES = [timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=3)]
FIRST_LOOK = timedelta(minutes=1)
ONLY_OURS = "state IN ('sending', 'unknown')"
"""A message whose lease ran out while it was handed over became unknown; its late outcome still settles it."""

Row = dict[str, Any]


def record(handed: "Sequence[Handed]", now: datetime) -> None:
    """Write all outcomes of a chunk: sent with its copy, failed for good, tried again later, or unknown."""
    sent = [(one, one.outcome) for one in handed if isinstance(one.outcome, Receipt)]
    errors = [(one, one.outcome) for one in handed if isinstance(one.outcome, SendError)]
    with transaction.atomic():
        _sent([(one.letter.about, receipt) for one, receipt in sent], now)
        _copies([one for one, _ in sent])
        _failed([(one, error) for one, error in errors if _is_final(one, error)], now)
        _again([(one, error) for one, error in errors if not _is_final(one, error) and not error.maybe_sent], now)
        unclear = [(one, error) for one, error in errors if not error.permanent and error.maybe_sent]
        _copies([one for one, _ in unclear])
        bulk.update(Message, [_unknown(one, error, now) for one, error in unclear], only=ONLY_OURS)


def settle_sent(messages: Sequence[tuple[About, Receipt]], now: datetime) -> None:
    """The provider has them after all."""
    with transaction.atomic():
        _sent(messages, now)


def _is_final(one: "Handed", error: SendError) -> bool:
    """Refused for good; or so often in vain that going on would be harassment of the provider.

    A test has the one address that it was asked for: where a person's next device would be tried, it is over.
    """
    if error.permanent or (one.letter.test and error.code in feedback.WRONG_ADDRESS):
        return True
    return not error.maybe_sent and one.letter.attempts + 1 >= ATTEMPTS


def _sent(messages: Sequence[tuple[About, Receipt]], now: datetime) -> None:
    rows = [
        {
            "id": about.id,
            "state": State.SENT.value,
            "provider_id": receipt.provider_id[:200],
            "sent_at": now,
            "due_at": None,
            "lease_until": None,
            "reason": "",
            "error": "",
        }
        for about, receipt in messages
    ]
    bulk.update(Message, rows, only=ONLY_OURS)
    facts.record([fact("sent", about, now) for about, _ in messages], now)


def _copies(handed: "Sequence[Handed]") -> None:
    archive.keep(
        [(one.outgoing.id, one.letter.version_id, {**one.outgoing.content, "to": one.outgoing.to}) for one in handed]
    )


def _failed(handed: "Sequence[tuple[Handed, SendError]]", now: datetime) -> None:
    """A slot under a cap is given back: nobody got anything."""
    bulk.update(Message, [_over(one, error) for one, error in handed], only=ONLY_OURS)
    facts.record([fact("failed", one.letter.about, now, reason=error.code[:60]) for one, error in handed], now)
    _learn(handed, now)


def _learn(handed: "Sequence[tuple[Handed, SendError]]", now: datetime) -> None:
    feedback.learn_from_refusals([(one.letter.about, one.letter.address_id, error.code) for one, error in handed], now)


def _over(one: "Handed", error: SendError) -> Row:
    return {
        "id": one.outgoing.id,
        "state": State.FAILED.value,
        "reason": error.code[:60],
        "error": str(error),
        "due_at": None,
        "cleared_at": None,
        "lease_until": None,
    }


def _again(handed: "Sequence[tuple[Handed, SendError]]", now: datetime) -> None:
    """Back to the door: when the pause is over, every rule judges it again, by what is known of the address then."""
    _learn(handed, now)
    rows = [
        {
            "id": one.outgoing.id,
            "state": State.PENDING.value,
            "reason": error.code[:60],
            "error": str(error),
            "due_at": now + PAUSES[min(one.letter.attempts, len(PAUSES) - 1)],
            "cleared_at": None,
            "lease_until": None,
            "started_at": None,
        }
        for one, error in handed
    ]
    bulk.update(Message, rows, only=ONLY_OURS)


def _unknown(one: "Handed", error: SendError, now: datetime) -> Row:
    return {
        "id": one.outgoing.id,
        "state": State.UNKNOWN.value,
        "reason": error.code[:60],
        "error": str(error),
        "due_at": now + FIRST_LOOK,
        "lease_until": None,
    }
