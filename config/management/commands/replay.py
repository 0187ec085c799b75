"""`manage.py replay FILE`: real purchases through the public endpoint, in virtual time."""

from argparse import ArgumentParser
from pathlib import Path
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from config import clock
from demo import arguments


class Command(BaseCommand):
    """Reads a file of purchases, makes its customers' calls, and lets the clock run."""

    help = (
        "Replay purchases (CDNOW's sample or master file) through the ingest endpoint in virtual time, with all journeys "
        "at work, and print what came of it. The same file again changes nothing: every call has its message id."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command line."""
        parser.add_argument("file", type=Path, help="the purchases, e.g. demo/cdnow_sample.txt")
        parser.add_argument(
            "--from", dest="first", type=arguments.day, help="first day, as in the file, or as replayed"
        )
        parser.add_argument(
            "--to", dest="last", type=arguments.day, help="last day; without it the clock runs on to now"
        )
        parser.add_argument(
            "--speed", type=arguments.speed, default=None, help="max (default), or virtual seconds per second"
        )
        parser.add_argument(
            "--tick", type=arguments.tick, default="1h", help="work due within it is done together (default 1h)"
        )
        shift = parser.add_mutually_exclusive_group()
        shift.add_argument(
            "--shift", action="store_true", default=True, help="the last purchase is yesterday (default)"
        )
        shift.add_argument("--no-shift", dest="shift", action="store_false", help="keep the days of the file")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run it."""
        from demo import performance, plan, purchases

        try:
            found = purchases.read(options["file"])
            days = {name: options[name] for name in ("first", "last", "shift")}
            planned = plan.plan(found, clock.now(), **days)
        except (purchases.BadFile, OSError) as error:
            raise CommandError(str(error)) from error
        performance.perform(planned, options["tick"], options["speed"], Console(file=cast(IO[str], self.stdout)))
