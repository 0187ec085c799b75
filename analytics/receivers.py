"""Facts from below, counted in the transaction that made them, so that figures and rows never disagree."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.dispatch import receiver

from analytics import tallies
from contacts.signals import events_recorded
from journeys.signals import journeys_counted

if TYPE_CHECKING:
    from contacts.timeline import NewEvent


@receiver(events_recorded)
def count_messages(recorded: Sequence[tuple[int, "NewEvent"]], now: datetime, **rest: Any) -> None:
    """`message.*` facts, by the version and step that asked for the message."""
    counts: Counter[tuple[int, str, str]] = Counter()
    for _, event in recorded:
        if event.name.startswith("message.") and (version := event.properties.get("version")):
            counts[version, event.properties.get("step", ""), outcome_of(event.name, event.properties)] += 1
    if counts:
        tallies.add(counts, now)


def outcome_of(name: str, properties: Any) -> str:
    """`message.blocked` with its reason, every other fact by its own word."""
    word = name.removeprefix("message.")
    return f"blocked:{properties.get('reason', '')}" if word == "blocked" else word


@receiver(journeys_counted)
def count_journeys(
    counts: dict[tuple[int, str, str], int],
    now: datetime,
    values: dict[tuple[int, str, str], Decimal] | None = None,
    **rest: Any,
) -> None:
    """Entries, exits and ends, as the engine adds them up per batch."""
    if counts:
        tallies.add(counts, now, values)
