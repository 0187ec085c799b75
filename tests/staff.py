"""A small cast for the admin: one person per role, an administrator, and an outsider."""

from django.contrib.auth.models import Group, User
from django.test import Client

ROLES = ("Marketer", "Legal reviewer", "Operator", "Support agent", "Analyst", "Administrator")


def user(role: str = "", name: str = "", **fields) -> User:
    """Somebody who may log in to the admin, in this role (none: no permission at all)."""
    found = User.objects.create_user(name or role.lower().replace(" ", "-") or "nobody", is_staff=True, **fields)
    if role:
        found.groups.set([Group.objects.get(name=role)])
    return found


def client(role: str = "", name: str = "", **fields) -> Client:
    """A browser in which they have logged in."""
    browser = Client()
    browser.force_login(user(role, name, **fields))
    return browser


def superuser() -> Client:
    """A browser of somebody who may do everything."""
    return client(name="root", is_superuser=True)
