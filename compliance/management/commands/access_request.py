"""`manage.py access_request --external-id ID --user NAME FILE`: everything that is known about a person, as a ZIP."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from compliance import access, chain
from compliance.management import choosing
from config import clock


class Command(BaseCommand):
    """Writes one file."""

    help = "Write everything that is known about a person into a ZIP of JSON and CSV (art. 15 and 20 GDPR)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command line."""
        choosing.add_arguments(parser)
        parser.add_argument("file", help="where to write it, e.g. person.zip; an existing file is not overwritten")

    def handle(self, *args: Any, **options: Any) -> None:
        """Find and write."""
        contact, user, now = choosing.contact(options), choosing.user(options), clock.now()
        if not user.has_perm("compliance.export_personal_data"):
            raise CommandError(f"{user} has not the permission to export personal data.")
        chain.append("personal.exported", now=now, actor=user.pk, subject=contact, payload={"what": "access"})
        try:
            with Path(options["file"]).open("xb") as file:
                file.writelines(access.export(contact, now))
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be written: {error}.") from error
        self.stdout.write(f"Everything about contact {contact.pk} is in {options['file']}.")
