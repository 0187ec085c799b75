"""`manage.py bench setup`: the bench's journey in this database, for a driver and a sink from outside."""

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config import clock

SCHEMES = ("http://", "https://", "smtp://")


class Command(BaseCommand):
    """Prepares the journey and says where to post. `python -m bench` measures on a database of its own."""

    help = "Prepare the bench's journey in this database; prints the ingest address and the write key as JSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command line."""
        parser.add_argument("action", choices=["setup"])
        parser.add_argument(
            "--sink", required=True, help="where messages go: http://host:port/path or smtp://host:port"
        )
        parser.add_argument("--look-up", default="", help="GET <this>/<message key> says 200 (it came) or 404")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run it."""
        from bench import world

        if not options["sink"].startswith(SCHEMES):
            raise CommandError(f"--sink {options['sink']!r} must start with one of: {', '.join(SCHEMES)}.")
        source = world.load(options["sink"], options["look_up"], clock.now())
        told = {"address": f"{settings.BASE_URL}/v1/batch", "write_key": source.write_key}
        self.stdout.write(json.dumps(told))
