"""`manage.py recount [KEY …]`: make the figures of journeys anew from their rows."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from analytics.recount import recount
from journeys.models import Journey, Version


class Command(BaseCommand):
    help = "Make the figures of all journeys (or of the named ones) anew from enrolments, visits and events."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("keys", nargs="*", metavar="KEY", help="Key of a journey.")

    def handle(self, *args: Any, **options: Any) -> None:
        keys = options["keys"] or list(Journey.objects.values_list("key", flat=True))
        for key in keys:
            if not Journey.objects.filter(key=key).exists():
                raise CommandError(f"There is no journey {key!r}.")
            for version in Version.objects.filter(journey__key=key).exclude(state=Version.State.DRAFT):
                self.stdout.write(f"{version}: {recount(version)} figures")
