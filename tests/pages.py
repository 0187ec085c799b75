"""What the cast of the admin gets from an address: who is let in, and what a page costs."""

from functools import partial
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests import staff

OUTSIDER = "outsider"


def who(address: str, method: str = "get", data: dict[str, Any] | None = None, allowed: int = 200) -> set[str]:
    """The roles that are let in; everybody else must be refused, and whoever is not logged in sent to the log-in page."""
    assert getattr(Client(), method)(address, data or {}).status_code == 302
    found = {role or OUTSIDER: _status(role, address, method, data or {}) for role in ("", *staff.ROLES)}
    assert set(found.values()) <= {allowed, 403}, found
    return {role for role, status in found.items() if status == allowed}


def queries(client: Client, address: str) -> int:
    """How many queries the page costs, once what is made at first use is made."""
    client.get(address)
    with CaptureQueriesContext(connection) as found:
        assert client.get(address).status_code == 200
    return len(found)


def _status(role: str, address: str, method: str, data: dict[str, Any]) -> int:
    name = f"visitor-{role.lower().replace(' ', '-')}"
    person = User.objects.filter(username=name).first() or staff.user(role, name)
    client = Client()
    client.force_login(person)
    return int(partial(getattr(client, method), address)(data).status_code)
