"""Over a socket, with a client that knows nothing of Django."""

import http.client
import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from config.models import SCOPES
from tests import builders
from tests.api.cast import ADDING, marketer, token

pytestmark = pytest.mark.django_db(transaction=True)


class Line:
    """One connection, kept open."""

    def __init__(self, url: str, secret: str = "") -> None:
        self.http = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
        self.headers = {"Authorization": f"Bearer {secret}"} if secret else {}

    def say(self, method: str, path: str, body: object = None) -> tuple[int, dict]:
        headers = self.headers | ({"Content-Type": "application/json"} if body is not None else {})
        self.http.request(method, path, json.dumps(body) if body is not None else None, headers)
        response = self.http.getresponse()
        assert response.headers["Content-Type"] == "application/json"
        return response.status, json.loads(response.read())


@pytest.fixture
def line(live_server) -> Iterator[Line]:
    shop = builders.user("shop", *ADDING)
    found = Line(live_server.url, token(shop, *SCOPES))
    yield found
    found.http.close()


def test_a_person_is_added_found_and_changed(line) -> None:
    status, added = line.say("POST", "/api/contacts/", {"external_id": "zoë", "traits": {"email": "zoe@example.test"}})
    assert status == 201
    status, found = line.say("GET", "/api/contacts/?email=ZOE%40example.test")
    assert status == 200
    assert found["results"] == [added]
    status, changed = line.say("POST", "/api/contacts/", {"external_id": "zoë", "traits": {"plan": "pro"}})
    assert (status, changed["id"], changed["attributes"]) == (200, added["id"], {"plan": "pro"})


def test_pages_are_followed_by_their_addresses(live_server) -> None:
    for number in range(5):
        builders.contact(f"c{number}")
    line = Line(live_server.url, token(marketer(), "contacts:read"))
    _, page = line.say("GET", "/api/contacts/?page_size=2")
    names = [row["external_id"] for row in page["results"]]
    while page["next"]:
        assert page["next"].startswith(live_server.url)
        _, page = line.say("GET", page["next"].removeprefix(live_server.url))
        names += [row["external_id"] for row in page["results"]]
    assert names == ["c4", "c3", "c2", "c1", "c0"]
    line.http.close()


def test_without_a_token_nothing_is_told(live_server) -> None:
    line = Line(live_server.url)
    status, body = line.say("GET", "/api/contacts/")
    assert (status, list(body)) == (401, ["detail"])
    line.headers = {"Authorization": "Bearer wm_guessed"}
    assert line.say("GET", "/api/contacts/")[0] == 401
    line.http.close()


def test_a_refused_body_leaves_the_connection_usable(line) -> None:
    assert line.say("POST", "/api/contacts/", {"traits": {}})[0] == 400
    assert line.say("GET", "/api/contacts/")[0] == 200
