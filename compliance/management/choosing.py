"""Whom a command is about, and who answers for it."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError

from contacts.models import Contact


def add_arguments(parser: ArgumentParser) -> None:
    """`--external-id` or `--contact`, and `--user`."""
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("--external-id", help="the person's ID in your own systems")
    who.add_argument("--contact", type=int, help="the contact's number")
    parser.add_argument("--user", required=True, help="user name of the person who answers for it")


def contact(options: dict[str, Any]) -> Contact:
    """The contact that was named. Raises CommandError."""
    number, external_id = options["contact"], options["external_id"]
    people = Contact.objects.filter(pk=number) if number else Contact.objects.filter(external_id=external_id or None)
    found = people.first()
    if found is None:
        raise CommandError(f"There is no contact {number or external_id!r}.")
    return found


def user(options: dict[str, Any]) -> Any:
    """The user that was named. Raises CommandError."""
    found = get_user_model().objects.filter(username=options["user"]).first()
    if found is None:
        raise CommandError(f"There is no user {options['user']!r}.")
    return found
