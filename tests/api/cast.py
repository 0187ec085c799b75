"""Who speaks to the API in these stories, and how they say it."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import Group, User
from django.test import Client

from config.models import SCOPES, ApiToken
from tests import builders

ADDING = ("contacts.add_contact", "contacts.change_contact", "contacts.view_contact", "contacts.view_address")


def marketer(name: str = "maria") -> User:
    """Somebody with the role Marketer, as the product has it."""
    found = builders.user(name)
    found.groups.add(Group.objects.get(name="Marketer"))
    return found


def token(user: User, *scopes: str, expiry: timedelta | None = None) -> str:
    """A token of `user`, as it is shown once."""
    return ApiToken.objects.create(user=user, expiry=expiry, name="Test", scopes=list(scopes))[1]


class Caller:
    """Another system with a token. Answers are (status, body)."""

    def __init__(self, secret: str) -> None:
        self.client, self.secret = Client(headers={"Authorization": f"Bearer {secret}"}), secret

    def get(self, path: str, **parameters: Any) -> tuple[int, Any]:
        return self._told(self.client.get(f"/api/{path}", parameters))

    def post(self, path: str, body: Any = None) -> tuple[int, Any]:
        return self._told(self.client.post(f"/api/{path}", body, content_type="application/json"))

    def patch(self, path: str, body: Any) -> tuple[int, Any]:
        return self._told(self.client.patch(f"/api/{path}", body, content_type="application/json"))

    def delete(self, path: str) -> tuple[int, Any]:
        return self._told(self.client.delete(f"/api/{path}"))

    def rows(self, path: str, **parameters: Any) -> list[dict]:
        """What a list shows on its first page."""
        status, body = self.get(path, **parameters)
        assert status == 200, body
        return body["results"]

    def _told(self, response: Any) -> tuple[int, Any]:
        return response.status_code, response.json() if response.content else None


def caller(user: User, *scopes: str) -> Caller:
    """`user`'s system, with all scopes unless some are given."""
    return Caller(token(user, *(scopes or SCOPES)))
