"""The people who log in: one per role, with passwords that everybody may know."""

from typing import NamedTuple

from django.contrib.auth.models import Group, User


class Login(NamedTuple):
    """A demo login and what it shows."""

    name: str
    password: str
    role: str
    shows: str


LOGINS = (
    Login("marketer", "marketer-demo", "marketer", "journeys, templates and their figures"),
    Login("legal", "legal-demo", "legal reviewer", "reviews, policies and the reasons of the gate"),
    Login("operator", "operator-demo", "operator", "accounts, stuck work, the kill switch"),
    Login("admin", "admin-demo", "admin", "everything"),
)


def load() -> dict[str, User]:
    """The demo users by name; those that are missing are made."""
    return {login.name: User.objects.filter(username=login.name).first() or _make(login) for login in LOGINS}


def _make(login: Login) -> User:
    user = User.objects.create_user(login.name, f"{login.name}@example.test", login.password, is_staff=True)
    if login.role == "admin":
        user.is_superuser = True
        user.save()
    else:
        user.groups.set(Group.objects.filter(name__iexact=login.role))
    return user
