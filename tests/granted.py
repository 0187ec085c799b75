"""People whose rights hold only within one brand, or on one template or journey."""

from django.contrib.auth.models import Group, User
from django.test import Client

from config.permissions import grants
from tests import builders


def holder(name: str, thing=None, *codenames: str) -> User:
    """Somebody on the staff without any role, with these rights on one thing."""
    found = builders.user(name)
    for codename in codenames:
        grants.give(thing, found, codename)
    return found


def member(name: str, thing, *codenames: str) -> User:
    """The same through a group of their own."""
    group = Group.objects.create(name=f"Friends of {name}")
    for codename in codenames:
        grants.give(thing, group, codename)
    found = builders.user(name)
    found.groups.add(group)
    return found


def again(user: User) -> User:
    """The user as the next request knows them."""
    return User.objects.get(pk=user.pk)


def browser(user: User) -> Client:
    """They have logged in."""
    found = Client()
    found.force_login(user)
    return found


MARKETER = ("edit_in_brand", "submit_in_brand", "publish_in_brand", "send_test_in_brand")
"""What a marketer of one brand holds on it."""
