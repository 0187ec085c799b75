"""Double opt-in through the API: another system asks, the person answers."""

from urllib.parse import urlsplit

import pytest
from django.test import Client

from config import clock
from contacts.models import Consent, ConsentState, Event
from tests import builders
from tests.api.cast import Caller, caller, marketer
from tests.builders import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def form() -> Caller:
    """The system behind a sign-up form."""
    return caller(builders.user("form", "contacts.view_contact", "contacts.add_consent"), "contacts:write")


@pytest.fixture
def path() -> str:
    builders.topic("news")
    return f"contacts/{builders.contact('ada', email='ada@example.test').pk}/confirmations/"


def said(**changes) -> dict:
    return {
        "brand": "acme",
        "topic": "news",
        "channel": "email",
        "wording": "form v2",
        "form": "footer form",
        **changes,
    }


def test_the_person_confirms_what_was_asked_for(form, path) -> None:
    with clock.at(NOW):
        status, body = form.post(path, said())
    assert (status, body["expires_at"]) == (201, "2026-12-01T12:00:00Z")
    pending = Consent.objects.get()
    assert (pending.state, pending.wording, pending.source) == ("pending", "form v2", "footer form")
    assert Event.objects.get(name="confirmation.requested").properties["confirm_url"] == body["url"]
    with clock.at(NOW):
        assert Client().post(urlsplit(body["url"]).path).status_code == 200
    assert (ConsentState.objects.get().state, ConsentState.objects.get().basis) == ("granted", "express_written")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"channel": "fax"}, "channel"),
        ({"topic": "gossip"}, "topic"),
        ({"brand": "other"}, "topic"),
        ({"wording": ""}, "wording"),
        ({"valid_days": 0}, "valid_days"),
        ({"valid_days": 31}, "valid_days"),
        ({"expires": 3}, "expires"),
        ({"form": "x" * 121}, "form"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_asked(form, path, changes: dict, field: str) -> None:
    status, body = form.post(path, said(**changes))
    assert (status, list(body)) == (400, [field])
    assert not Consent.objects.exists()


@pytest.mark.parametrize("body", [[], "x", None, 3])
def test_a_body_that_is_no_object(form, path, body) -> None:
    assert form.post(path, body)[0] == 400


def test_nobody_of_that_id(form, path) -> None:
    assert form.post("contacts/4711/confirmations/", said())[0] == 404


def test_who_may_ask(path) -> None:
    status, body = caller(marketer()).post(path, said())
    assert (status, body) == (403, {"detail": "This needs the permission contacts.add_consent."})
    asker = builders.user("reader", "contacts.view_contact", "contacts.add_consent")
    assert caller(asker, "contacts:read").post(path, said())[0] == 403
    assert not Consent.objects.exists()
