"""`manage.py worker`: carries out due work until it is stopped."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import crew, supervisor


class Command(BaseCommand):
    """Starts the supervisor; the hidden options start its two children (config/supervisor.py tells why there are any)."""

    help = (
        "Carry out due work: django-q2's cluster and the pulse, supervised. SIGTERM or Ctrl-C stops it within seconds."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """The command line; both options are the supervisor's own."""
        parser.add_argument("--part", choices=["cluster", "pulse"], help=argparse.SUPPRESS)
        parser.add_argument("--group", type=int, default=0, help=argparse.SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until stopped."""
        if options["part"] == "cluster":
            crew.run_cluster()
        elif options["part"] == "pulse":
            crew.PulseProcess(options["group"]).run()
        else:
            self._supervise()

    def _supervise(self) -> None:
        self.check()  # once, and not again in each child
        try:
            supervisor.Supervisor().run()
        except supervisor.AlreadyRunning as error:
            raise CommandError(str(error)) from error
