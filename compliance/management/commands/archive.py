"""`manage.py archive export --brand KEY --from DATE --to DATE --user NAME FILE`: what a brand sent, word for word."""

import gzip
from argparse import ArgumentParser
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from compliance import chain
from compliance.evidence import period
from compliance.management import choosing
from config import clock
from contacts.models import Brand


class Command(BaseCommand):
    """Writes one file."""

    help = "Export what a brand sent in a period as gzipped JSON lines, with approvers and consents."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command line."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        export = verbs.add_parser("export", help="Write one file.")
        export.add_argument("--brand", required=True, metavar="KEY", help="key of the brand")
        for name, told in (("from", "first day (UTC)"), ("to", "last day (UTC), included")):
            export.add_argument(
                f"--{name}", dest=name, required=True, type=date.fromisoformat, metavar="YYYY-MM-DD", help=told
            )
        export.add_argument("--user", required=True, help="user name of the person who answers for it")
        export.add_argument("file", help="where to write it, e.g. 2026.jsonl.gz; an existing file is not overwritten")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check who asks, note it, and write."""
        user, now = choosing.user(options), clock.now()
        brand = Brand.objects.filter(key=options["brand"]).first()
        if brand is None:
            raise CommandError(f"There is no brand {options['brand']!r}.")
        if not user.has_perm("compliance.export_personal_data", brand):
            raise CommandError(f"{user} has not the permission to export personal data.")
        if options["to"] < options["from"]:
            raise CommandError("--to is before --from.")
        start, end = _midnight(options["from"]), _midnight(options["to"]) + timedelta(days=1)
        told = {"what": "archive", "from": options["from"].isoformat(), "to": options["to"].isoformat()}
        chain.append("personal.exported", now=now, actor=user.pk, subject=brand, payload=told)
        try:
            with Path(options["file"]).open("xb") as raw, gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as file:
                for line in period.lines(brand, start, end, now):
                    file.write(line)
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be written: {error}.") from error
        self.stdout.write(f"What {brand} sent from {options['from']} to {options['to']} is in {options['file']}.")


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
