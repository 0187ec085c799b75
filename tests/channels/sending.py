"""Messages of the tests, and how a kind hands them over."""

from collections.abc import Mapping, Sequence
from typing import Any

from channels.base import Outgoing, Receipt, SendError, channels


def outgoing(
    number: int = 1,
    to: str = "ada@example.test",
    *,
    headers: Mapping[str, str] | None = None,
    metadata: Mapping[str, Any] | None = None,
    **content: str,
) -> Outgoing:
    """A message that is ready to leave."""
    return Outgoing(number, f"visit:{number}", to, content, headers or {}, metadata or {})


def hand_over(
    kind: str, config: Mapping[str, Any], batch: Sequence[Outgoing], concurrency: int = 4
) -> dict[int, Receipt | SendError]:
    """What came of each message, by its id; every message has exactly one outcome."""
    found = list(channels[kind].send(config, batch, concurrency))
    assert sorted(message.id for message, _ in found) == sorted(message.id for message in batch)
    return {message.id: outcome for message, outcome in found}


def one(kind: str, config: Mapping[str, Any], message: Outgoing) -> Receipt | SendError:
    """What came of one message."""
    return hand_over(kind, config, [message])[message.id]


def failed(outcome: Receipt | SendError) -> tuple[str, bool, bool]:
    """Its code, whether it is final, and whether it may have been taken after all."""
    assert isinstance(outcome, SendError), outcome
    return outcome.code, outcome.permanent, outcome.maybe_sent
