"""A number has a new owner, who has allowed nothing: the old owner's consents end, and nothing is sent to it any more."""

from datetime import datetime
from typing import Any

from django.db import transaction

from channels import facts, outbox
from channels.base import channels
from channels.models import Message
from contacts import consents, owners, suppressions
from contacts.consents import WITHDRAWN, Grant
from contacts.models import Address, ConsentState, Suppression
from contacts.suppressions import Suppress

REASON = Suppression.Reason.REASSIGNED.value


def reassigned(digest: str, now: datetime, *, source: str, proof: dict[str, Any] | None = None) -> bool:
    """Take note that this address (by its keyed hash) belongs to somebody else now; False if that was known: from the same
    source (which should name its finding) also if the suppression was lifted since.

    In one transaction the address is suppressed for every channel and brand, what its old owners allowed on channels that
    use it is closed, and what waits for them there is blocked. An address that nobody had is suppressed just the same.
    """
    with transaction.atomic():
        people = owners.of(digest)
        owners.lock(people)
        if Suppression.objects.filter(digest=digest, reason=REASON, source=source[:200]).exists():
            return False
        kind = Address.objects.filter(digest=digest).values_list("kind", flat=True).first() or Address.Kind.PHONE.value
        if not suppressions.add([Suppress(digest, kind, REASON, source=source)], now):
            return False
        # Somebody who is written to at a newer address has not lost their consent with the old one.
        losers = [pk for pk, mine in owners.current(people, kind).items() if mine == digest]
        ways = [key for key in channels.keys() if channels[key].address_kind == kind]  # noqa: SIM118 (no dict)
        consents.record(_closed(losers, ways, now, source, proof or {}), now)
        waiting = Message.objects.filter(outbox.NOT_BEGUN, contact_id__in=losers, channel__in=ways).order_by("id")
        rows = waiting.select_for_update(of=("self",), no_key=True).values_list(*facts.COLUMNS)
        outbox.block([facts.About(*row) for row in rows], REASON, now)
    return True


def _closed(people: list[int], ways: list[str], now: datetime, source: str, proof: dict[str, Any]) -> list[Grant]:
    allowed = ConsentState.objects.filter(contact_id__in=people, channel__in=ways).exclude(state=WITHDRAWN)
    return [
        Grant(contact, topic, way, "", now, f"reassigned: {source}"[:120], proof=proof, state=WITHDRAWN)
        for contact, topic, way in allowed.order_by("id").values_list("contact_id", "topic_id", "channel")
    ]
