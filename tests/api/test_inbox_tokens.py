"""Tokens with which a person's app opens their inbox: for servers that may make them."""

import pytest
from django.test import Client

from tests import builders
from tests.api.cast import token

pytestmark = pytest.mark.django_db
WANTED = {"external_id": "ada", "brand": "acme"}


def ask(secret: str, body: dict):
    return Client().post(
        "/api/inbox-tokens/", body, content_type="application/json", headers={"authorization": f"Bearer {secret}"}
    )


@pytest.fixture
def app_server() -> str:
    builders.contact("ada")
    builders.brand()
    return token(builders.user("robot", "channels.open_inbox"), "contacts:write")


def test_the_token_opens_the_inbox(app_server):
    answer = ask(app_server, WANTED)
    assert answer.status_code == 201
    opened = Client().get("/v1/inbox", headers={"authorization": f"Bearer {answer.json()['token']}"})
    assert opened.json() == {"messages": []}


@pytest.mark.parametrize(("change", "problem"), [
    ({"external_id": "eve"}, {"external_id": ["Nobody has this id."]}),
    ({"brand": "nobody"}, {"brand": ["There is no such brand."]}),
    ({"days": 3}, {"days": ["This field is not known."]}),
])  # fmt: skip
def test_what_does_not_fit_is_named(app_server, change, problem):
    answer = ask(app_server, {**WANTED, **change})
    assert (answer.status_code, answer.json()) == (400, problem)


def test_it_needs_its_permission_and_the_right_to_write(app_server):
    assert ask(token(builders.user("reader", "contacts.view_contact"), "contacts:write"), WANTED).status_code == 403
    assert ask(token(builders.user("other", "channels.open_inbox"), "contacts:read"), WANTED).status_code == 403
