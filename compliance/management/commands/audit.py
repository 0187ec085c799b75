"""`manage.py audit verify | head | export`: is the audit chain whole, what is its head, and what happened on a day."""

import json
from argparse import ArgumentParser
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from compliance.chain import Report, heads, standing, verify
from compliance.models import AuditEntry
from config import clock

SHOWN = 20


class Command(BaseCommand):
    help = "Verify the audit chain, show its signed head, and export its entries."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        check = verbs.add_parser("verify", help="Check every link and every sealed row; exit code 1 if one is broken.")
        check.add_argument(
            "--from", dest="start", type=int, default=1, metavar="N", help="Believe what lies before entry N."
        )
        head = verbs.add_parser("head", help="Write the signed head to standard output.")
        head.add_argument(
            "--verify", metavar="FILE", help="Check a head from a file against signature and chain instead."
        )
        export = verbs.add_parser("export", help="Write entries as JSON lines to standard output.")
        export.add_argument(
            "--day", type=date.fromisoformat, metavar="YYYY-MM-DD", help="Only those of this day (UTC)."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        getattr(self, f"do_{options['verb']}")(options)

    def do_verify(self, options: dict[str, Any]) -> None:
        """One line if all is sound; otherwise the first broken link and what else was found."""
        if options["start"] < 1:
            raise CommandError("--from: entries are numbered from 1.")
        now = clock.now()
        report = verify(now, options["start"])
        standing.remember(report, now)
        if report.sound:
            self.stdout.write(f"The audit chain is whole: {_looked_at(report)}.")
            return
        for number, finding in enumerate(report.findings[:SHOWN]):
            self.stderr.write(f"First broken link: {finding}" if number == 0 else f"Also: {finding}")
        if len(report.findings) > SHOWN:
            self.stderr.write(f"And {len(report.findings) - SHOWN} more.")
        raise CommandError(f"The audit chain is broken; looked at {_looked_at(report)}.")

    def do_head(self, options: dict[str, Any]) -> None:
        """The last entry's number, hash and instant, with a signature; or whether an earlier one still holds."""
        if file := options["verify"]:
            return self._check(file)
        head = heads.current()
        if head is None:
            raise CommandError("The audit chain is empty; there is no head yet.")
        return self.stdout.write(head.text(), ending="")

    def do_export(self, options: dict[str, Any]) -> None:
        """One JSON object a line, in the order of the chain."""
        entries = AuditEntry.objects.order_by("number")
        if day := options["day"]:
            start = datetime.combine(day, time(), UTC)
            entries = entries.filter(at__gte=start, at__lt=start + timedelta(days=1))
        for entry in entries.iterator(chunk_size=500):
            self.stdout.write(json.dumps(_line(entry), ensure_ascii=False, sort_keys=True))

    def _check(self, file: str) -> None:
        try:
            head = heads.read(Path(file).read_text(encoding="utf-8"))
            heads.check(head)
        except (OSError, UnicodeDecodeError, heads.BadHead) as error:
            raise CommandError(f"{file}: {error}") from error
        self.stdout.write(f"Entry {head.number} is in the chain as it was signed.")


def _looked_at(report: Report) -> str:
    since = f" from entry {report.start} on" if report.start > 1 else ""
    return f"{report.entries:,} entries{since}, {report.rows:,} sealed rows"


def _line(entry: AuditEntry) -> dict[str, Any]:
    return {
        "number": entry.number,
        "at": entry.at.isoformat(),
        "kind": entry.kind,
        "actor": entry.actor,
        "subject": [entry.subject_type, entry.subject_id],
        "payload": entry.payload,
        "previous": entry.previous,
        "hash": entry.hash,
    }
