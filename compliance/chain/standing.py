"""How the chain stands, for those who look after it: how long it is, what waits, and when it was last verified."""

from dataclasses import dataclass
from datetime import datetime

from compliance.chain import linking
from compliance.chain.kinds import VERIFIED
from compliance.chain.notes import append
from compliance.chain.verifying import Report
from compliance.models import AuditEntry, AuditNote


@dataclass(frozen=True, slots=True)
class Standing:
    """`broken` is the first broken link that the last verification named; empty if it found none, or there was none."""

    entries: int
    waiting: int
    verified_at: datetime | None
    verified_to: int
    broken: str


def current() -> Standing:
    """The chain's length and last verification; a few look-ups by index."""
    head = linking.head()
    verified = AuditNote.objects.filter(kind=VERIFIED).order_by("-pk").first() or (
        AuditEntry.objects.filter(kind=VERIFIED).order_by("-number").first()
    )
    said = verified.payload if verified else {}
    return Standing(
        entries=head.number if head else 0,
        waiting=AuditNote.objects.count(),
        verified_at=verified.at if verified else None,
        verified_to=int(said.get("upto", 0)),
        broken=str(said.get("broken", "")),
    )


def remember(report: Report, now: datetime) -> None:
    """Put on record that the whole chain was verified, with what was found. A part of it says nothing about the whole."""
    if report.start == 1:
        found = {"upto": report.entries, "rows": report.rows, "findings": len(report.findings)}
        broken = {"broken": str(report.findings[0])[:300]} if report.findings else {}
        append(VERIFIED, now=now, payload={**found, **broken})
