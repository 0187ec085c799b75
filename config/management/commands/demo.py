"""`manage.py demo`: everything at once, for a first look. `make demo` calls it."""

import os
from argparse import ArgumentParser
from typing import IO, Any, cast

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from config import clock
from demo import arguments


class Command(BaseCommand):
    """Migrates, loads the demo once, replays its purchases, and serves it until Ctrl-C."""

    help = "Load the demo (once), replay real purchases up to yesterday, then run web, worker and mail sandbox until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command line."""
        port = os.environ.get("PORT") or "8000"
        parser.add_argument("--port", type=arguments.port, default=port, help="of the web server (PORT, else 8000)")
        parser.add_argument("--tick", type=arguments.tick, default="6h", help="precision of the replay (default 6h)")
        parser.add_argument(
            "--days", type=arguments.days, default=None, help="replay only the last days of the purchases"
        )
        parser.add_argument("--no-serve", dest="serve", action="store_false", help="load and replay only")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run it."""
        from demo import house, processes

        if settings.DELIVERY == "live" or settings.ENVIRONMENT == "production":
            raise CommandError(
                "The demo makes users with known passwords; it needs DELIVERY=sandbox and no production."
            )
        console = Console(file=cast(IO[str], self.stdout))
        os.environ.setdefault("BASE_URL", f"http://localhost:{options['port']}")
        settings.BASE_URL = os.environ["BASE_URL"]
        try:
            if options["serve"]:
                house.require(options["port"])
            call_command("migrate", interactive=False, verbosity=0)
            house.rehearse(clock.now(), options["tick"], options["days"], console)
            if options["serve"]:
                house.open_doors(options["port"], console)
        except KeyboardInterrupt:
            console.print("Stopped. What is loaded stays; the next start goes on from there.")
        except (processes.Died, OSError) as error:
            raise CommandError(str(error)) from error
