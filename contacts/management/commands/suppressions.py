"""`manage.py suppressions export|import FILE`: the suppression list as CSV."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import clock
from contacts import suppression_files


class Command(BaseCommand):
    help = "Write the suppression list to a CSV file, or add what a file names (addresses or digests) to it."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        export = verbs.add_parser("export", help="Write every suppression that stands, by its hash.")
        export.add_argument("file", type=Path)
        taken = verbs.add_parser("import", help="Suppress what the file names; rows that cannot be taken are listed.")
        taken.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._export(options["file"]) if options["verb"] == "export" else self._import(options["file"])
        except (OSError, suppression_files.BadFile) as error:
            raise CommandError(f"{options['file']}: {error}") from error

    def _export(self, path: Path) -> None:
        with path.open("w", encoding="utf-8", newline="") as out:
            count = suppression_files.write(out, clock.now())
        self.stdout.write(f"{count} suppressions written to {path}.")

    def _import(self, path: Path) -> None:
        """Exits with 1 if any row was rejected, after the others were taken."""
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            report = suppression_files.read(file, f"import of {path.name}", clock.now())
        for line, why in report.rejected:
            self.stderr.write(f"Line {line}: {why}")
        self.stdout.write(str(report))
        if report.rejected:
            raise CommandError("Not every row was taken; mend those that are listed, and import the file again.")
