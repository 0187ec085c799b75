"""Addresses that must not be written to, by their keyed hash. A suppression is lifted, never deleted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from config import bulk
from contacts import signals
from contacts.models import Contact, Suppression


@dataclass(frozen=True, slots=True)
class Suppress:
    """An address to suppress (`digest` as of contacts.addresses). Empty channel: all channels; no brand: every brand."""

    digest: str
    address_kind: str
    reason: str
    channel: str = ""
    brand_id: int | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """A live suppression of an address."""

    id: int
    digest: str
    channel: str
    brand_id: int | None
    reason: str
    created_at: datetime

    def covers(self, channel: str, brand_id: int) -> bool:
        """Whether it forbids this channel and brand."""
        return self.channel in ("", channel) and self.brand_id in (None, brand_id)


def add(wanted: Sequence[Suppress], now: datetime) -> int:
    """Suppress these addresses; how many are new. One that is suppressed for the same reason, channel and brand stays one."""
    known = {
        (match.digest, match.channel, match.brand_id, match.reason)
        for found in matching([item.digest for item in wanted], now).values()
        for match in found
    }
    fresh = {(item.digest, item.channel, item.brand_id, item.reason): item for item in wanted}
    rows = [_row(item, now) for key, item in fresh.items() if key not in known]
    if rows:
        digests = sorted({row["digest"] for row in rows})
        with transaction.atomic():
            _lock_owners(digests)
            bulk.insert(Suppression, rows)
            signals.addresses_suppressed.send(sender=Suppression, digests=digests, now=now)
    return len(rows)


def _lock_owners(digests: Sequence[str]) -> None:
    """The gate holds a contact's row while it judges: its clearance comes wholly before this, and is recalled, or after it."""
    owners = Contact.objects.filter(addresses__digest__among=list(digests)).order_by("pk")
    list(owners.select_for_update(of=("self",), no_key=True).values_list("pk"))


def lift(ids: Iterable[int], because: str, now: datetime) -> int:
    """Lift live suppressions, with the reason for it; how many were."""
    with transaction.atomic():
        live = Suppression.objects.select_for_update().filter(pk__among=list(ids), lifted_at=None)
        lifted = sorted(live.values_list("pk", flat=True))
        if lifted:
            Suppression.objects.filter(pk__among=lifted).update(lifted_at=now, lifted_because=because[:200])
            signals.suppressions_lifted.send(sender=Suppression, ids=lifted, now=now)
    return len(lifted)


def matching(digests: Iterable[str], now: datetime) -> dict[str, list[Match]]:
    """The suppressions that are live at `now`, by digest, oldest first. One query."""
    columns = ("id", "digest", "channel", "brand_id", "reason", "created_at")
    wanted = list(set(digests))
    rows = Suppression.objects.filter(digest__among=wanted, lifted_at=None, created_at__lte=now).order_by("id")
    found: dict[str, list[Match]] = {}
    for values in rows.values_list(*columns) if wanted else ():
        match = Match(*values)
        found.setdefault(match.digest, []).append(match)
    return found


def _row(item: Suppress, now: datetime) -> dict[str, Any]:
    return {
        "digest": item.digest,
        "address_kind": item.address_kind,
        "channel": item.channel,
        "brand_id": item.brand_id,
        "reason": item.reason,
        "source": item.source[:200],
        "created_at": now,
    }
