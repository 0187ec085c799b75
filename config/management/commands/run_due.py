"""`manage.py run_due`: all due work once, without a worker, for cron and for virtual time."""

from argparse import ArgumentTypeError
from datetime import datetime
from time import perf_counter
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from config import clock, pumps


def instant(text: str) -> datetime:
    """An ISO 8601 instant with its offset. Raises ArgumentTypeError with a sentence."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not an instant; write for example 2026-11-24T18:00:00Z.") from None
    if found.tzinfo is None:
        raise ArgumentTypeError(f"{text!r} has no offset, so it could be any of 26 hours; write for example {text}Z.")
    return found


class Command(BaseCommand):
    """Drains every pump."""

    help = "Do all work that is due, once, and print what was done. Safe beside a worker, and beside itself."

    def add_arguments(self, parser: CommandParser) -> None:
        """The command line."""
        parser.add_argument("--now", type=instant, help="do as if it were this instant, e.g. 2026-11-24T18:00:00Z")

    def handle(self, *args: Any, **options: Any) -> None:
        """Drain and tell."""
        now, begun = options["now"] or clock.now(), perf_counter()
        with clock.at(now):
            worked = pumps.drain(now)
        for pump, rows in worked.items():
            self.stdout.write(f"{pump:<24}{rows:>10,}")
        self.stdout.write(f"{sum(worked.values()):,} rows in {perf_counter() - begun:.2f} s")
