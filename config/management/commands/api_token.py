"""`manage.py api_token USER NAME SCOPE…`: a token for another system, shown once."""

from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.models import SCOPES, ApiToken


class Command(BaseCommand):
    help = "Make an API token. It is printed once and kept as a hash."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", help="User name; the token can do what this user may.")
        parser.add_argument("name", help="What will use it.")
        parser.add_argument("scopes", nargs="+", metavar="SCOPE", help=f"One or more of: {', '.join(SCOPES)}.")
        parser.add_argument("--days", type=int, default=365, help="Valid for so many days (365).")

    def handle(self, *args: Any, **options: Any) -> None:
        user = get_user_model().objects.filter(username=options["user"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['user']!r}.")
        try:
            ApiToken(name=options["name"], scopes=options["scopes"]).clean()
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        _, token = ApiToken.objects.create(
            user=user, expiry=timedelta(days=options["days"]), name=options["name"], scopes=options["scopes"]
        )
        self.stdout.write(token)
