"""`manage.py erase --external-id ID --user NAME --reason WHY`: erase a person (art. 17 GDPR)."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management.base import BaseCommand, CommandError

from compliance import erasure
from compliance.management import choosing
from config import clock


class Command(BaseCommand):
    """Asks before it acts."""

    help = "Erase a person: everything goes but the hash of the addresses and what was allowed and taken back."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command line."""
        choosing.add_arguments(parser)
        parser.add_argument("--reason", required=True, help="kept as proof, so name nobody")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        """Find, ask, erase."""
        contact, user = choosing.contact(options), choosing.user(options)
        if not options["yes"] and input(f"Erase {contact} (contact {contact.pk}) for good? Type yes: ") != "yes":
            raise CommandError("Nothing was erased.")
        try:
            [record] = erasure.erase([contact.pk], user, options["reason"], clock.now())
        except (PermissionDenied, ValidationError) as error:
            raise CommandError(" ".join(getattr(error, "messages", [str(error)]))) from error
        self.stdout.write(f"Contact {record.contact_number} is erased, with {sum(record.counts.values())} rows.")
