"""Does everything still say what it said? The chain link by link, and every seal against the rows that it was made over."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from compliance.chain import evidence, heads, linking
from compliance.chain.canonical import ids, of_entry
from compliance.chain.evidence import Finding
from compliance.chain.kinds import ERASED, LIFTED, SEALED
from compliance.chain.rows import LEDGERS
from compliance.models import AuditEntry, AuditMark, AuditNote, ErasedRow
from contacts.models import Suppression

__all__ = ["Finding", "Report", "verify"]

GRACE = timedelta(hours=1)
"""How long a row may wait for its seal, and a note for its link, before it is a finding."""


@dataclass
class Report:
    """What was looked at, and what is wrong, in the order of the chain: the first finding is the first broken link."""

    start: int
    entries: int = 0
    rows: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


@dataclass
class _Walk:
    """What the entries so far have established."""

    number: int
    previous: str
    upto: dict[str, int]
    erased: dict[str, set[int]] = field(default_factory=lambda: {table: set() for table in LEDGERS})
    lifted: set[int] = field(default_factory=set)


def verify(now: datetime, start: int = 1) -> Report:
    """Check the chain from entry `start` on, and the rows under its seals. Reads only; may run beside everything else.

    What lies before `start` is believed. Whole-chain checks (erasures, liftings, daily heads) need `start` 1.
    """
    report, walk = Report(start), _begin(start)
    marks = {mark.name: mark.upto for mark in AuditMark.objects.all()}
    for entry in AuditEntry.objects.filter(number__gte=start).order_by("number").iterator(chunk_size=100):
        report.entries += 1
        report.findings += _link(entry, walk)
        report.rows += _content(entry, walk, report.findings)
    report.findings += _tail(walk, marks, now)
    if start == 1:
        report.findings += [*_unexplained(walk), *_heads()]
    return report


def _begin(start: int) -> _Walk:
    before = AuditEntry.objects.filter(number__lt=start).order_by("-number")
    last = before.first()
    seals = {table: before.filter(kind=SEALED, subject_id=table).first() for table in LEDGERS}
    upto = {table: int(seal.payload.get("upto", 0)) if seal else 0 for table, seal in seals.items()}
    return _Walk(last.number if last else 0, last.hash if last else "", upto)


def _link(entry: AuditEntry, walk: _Walk) -> Iterator[Finding]:
    """The entry's own hash, its number, and whether it hangs on the one before."""
    if entry.number != walk.number + 1:
        missing = (
            f"entry {walk.number + 1}"
            if entry.number == walk.number + 2
            else f"entries {walk.number + 1} to {entry.number - 1}"
        )
        yield Finding(f"{missing} missing before it", entry.number)
    elif entry.previous != walk.previous:
        yield Finding("it does not hang on the entry before it", entry.number)
    if of_entry(entry) != entry.hash:
        yield Finding("its content is not what its hash was made over", entry.number)
    walk.number, walk.previous = entry.number, entry.hash


def _content(entry: AuditEntry, walk: _Walk, findings: list[Finding]) -> int:
    """What an entry says about rows; how many rows were looked at."""
    payload, table = entry.payload, entry.subject_id
    try:
        if entry.kind == SEALED:
            if payload["after"] != walk.upto[table]:
                findings.append(Finding("it does not begin where the seal before it ended", entry.number, table))
            walk.upto[table] = payload["upto"]
            walk.lifted |= set(ids(payload.get("lifted", "")))
            findings += evidence.of_seal(entry, LEDGERS[table])
            return int(payload["count"])
        if entry.kind == ERASED:
            walk.erased[table] |= set(ids(payload["ids"]))
            findings += evidence.of_erasure(entry, LEDGERS[table])
        if entry.kind == LIFTED:
            walk.lifted |= set(ids(payload["ids"]))
    except (KeyError, TypeError, ValueError) as error:
        findings.append(Finding(f"it cannot be read ({type(error).__name__}: {error})", entry.number))
    return 0


def _tail(walk: _Walk, marks: dict[str, int], now: datetime) -> Iterator[Finding]:
    """What the end of the chain must be: the entry that was linked last, and nothing old that waits."""
    last = linking.head()
    if (last.number if last else 0) < marks.get("entries", 0):
        yield Finding(f"the chain ends before entry {marks['entries']}, which was linked", walk.number + 1)
    old = AuditNote.objects.filter(at__lt=now - GRACE).order_by("pk").first()
    if old:
        yield Finding(f"an act ({old.kind}) has waited for its link since {old.at:%Y-%m-%d %H:%M} UTC")
    for table, ledger in LEDGERS.items():
        waiting = ledger.model._default_manager.filter(pk__gt=walk.upto[table], **{f"{ledger.at}__lt": now - GRACE})
        if first := waiting.order_by("pk").values_list("pk", flat=True).first():
            yield Finding(f"{waiting.count()} rows are older than an hour, and no seal covers them", None, table, first)


def _unexplained(walk: _Walk) -> Iterator[Finding]:
    """Erasures and liftings that no entry tells of; those of this moment are still notes."""
    for note in AuditNote.objects.filter(kind__in=(ERASED, LIFTED)):
        (walk.lifted if note.kind == LIFTED else walk.erased[note.subject_id]).update(ids(note.payload["ids"]))
    for table, row_id in ErasedRow.objects.order_by("pk").values_list("table", "row_id").iterator():
        if row_id not in walk.erased.get(table, ()):
            yield Finding("it is kept as erased, but no entry tells of the erasure", None, table, row_id)
    lifted = Suppression.objects.filter(lifted_at__isnull=False, pk__lte=walk.upto["contacts_suppression"])
    found = set(lifted.values_list("pk", flat=True))
    for pk in sorted(found - walk.lifted):
        yield Finding("it was lifted, but no entry tells of it", None, "contacts_suppression", pk)
    standing = Suppression.objects.filter(pk__in=sorted(walk.lifted - found)).order_by("pk")
    for pk in standing.values_list("pk", flat=True):
        yield Finding("an entry tells that it was lifted, but it stands", None, "contacts_suppression", pk)


def _heads() -> Iterator[Finding]:
    """The signed heads of earlier days must still be in the chain."""
    for path in sorted(heads.folder().glob("head-*.json")):
        try:
            heads.check(heads.read(path.read_text(encoding="utf-8")))
        except (heads.BadHead, OSError) as error:
            yield Finding(f"the head that was kept in {path.name} does not hold: {str(error).rstrip('.')}")
