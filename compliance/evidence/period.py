"""Everything that a brand sent in a period, as lines of JSON: what was said, who approved it, and on whose consent."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q

from channels import archive
from channels.models import Account, Message
from compliance.evidence.files import canonical
from compliance.evidence.gathering import Plain, consent_line, message_line
from compliance.models import Approval, Decision
from contacts.models import Brand, Consent

BATCH = 200
HOW = "SHA-256 over all lines before this one, each with its line feed."
COPY_HOW = "SHA-256 over as_sent, as UTF-8 JSON with keys sorted, without spaces, and text as it is (not escaped)."
RELATED = ("brand", "template", "topic", "version", "account", "address", "copy__version", "test__asked_by")


def lines(brand: Brand, start: datetime, end: datetime, now: datetime) -> Iterator[bytes]:
    """A head, a line for each message that the gate let leave from `start` until before `end`, and an end with a checksum.

    As many rows are in memory as one batch has. A file without its last line was cut off.
    """
    digest, messages, damaged = hashlib.sha256(), 0, 0
    head = {
        "kind": "head",
        "brand": brand.key,
        "from": start,
        "to": end,
        "gathered_at": now,
        "copy_sha256_of": COPY_HOW,
    }
    yield _noted(digest, head)
    for item in _messages(brand, start, end):
        messages, damaged = messages + 1, damaged + ("damaged" in (item["as_sent"] or {}))
        yield _noted(digest, item)
    told = {"kind": "end", "messages": messages, "damaged": damaged, "sha256": digest.hexdigest(), "sha256_of": HOW}
    yield _line(told)


def _noted(digest: Any, item: Plain) -> bytes:
    line = _line(item)
    digest.update(line)
    return line


def _line(item: Plain) -> bytes:
    return canonical(item).encode() + b"\n"


def _messages(brand: Brand, start: datetime, end: datetime) -> Iterator[Plain]:
    """In the order in which they left, by batches of a constant number of queries."""
    accounts = list(Account.objects.values_list("pk", flat=True))
    left = Message.objects.filter(account__in=accounts, brand=brand, cleared_at__gte=start, cleared_at__lt=end)
    after = Q()
    while batch := list(left.filter(after).select_related(*RELATED).order_by("cleared_at", "pk")[:BATCH]):
        yield from _batch(batch)
        last = batch[-1]
        after = Q(cleared_at__gt=last.cleared_at) | Q(cleared_at=last.cleared_at, pk__gt=last.pk)


def _batch(batch: Sequence[Message]) -> Iterator[Plain]:
    decisions = Decision.objects.in_bulk([one.clearance for one in batch])
    known = _consents(decisions.values())
    people = _approvers({one.version_id for one in batch})
    for message in batch:
        decision = decisions.get(message.clearance or 0)
        evidence = decision.evidence if decision else {}
        copy = getattr(message, "copy", None)
        yield {
            "kind": "message",
            "message": message_line(message),
            "contact": message.contact_id,
            "as_sent": archive.fields(copy) if copy else None,
            "copy_sha256": bytes(copy.sha256).hex() if copy else None,
            "version": message.version.number if message.version else None,
            "fingerprint": evidence.get("fingerprint"),
            "approvals": people.get(message.version_id, []),
            "decision": message.clearance,
            "consent": known.get(evidence.get("consent", 0)),
        }


def _consents(decisions: Iterable[Decision]) -> dict[int, Plain]:
    wanted = [one.evidence["consent"] for one in decisions if one.evidence.get("consent")]
    found = Consent.objects.filter(pk__among=wanted).select_related("topic__brand")
    return {one.pk: consent_line(one) for one in found}


def _approvers(versions: set[int | None]) -> dict[int | None, list[Plain]]:
    found: dict[int | None, list[Plain]] = {}
    given = Approval.objects.filter(version__in=versions, approved=True).select_related("approver")
    for one in given.order_by("decided_at", "pk"):
        told = {"approver": one.approver.get_username(), "decided_at": one.decided_at, "fingerprint": one.fingerprint}
        found.setdefault(one.version_id, []).append(told)
    return found
