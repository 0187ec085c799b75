"""Sources, events, refusals, the consent ledger and the suppression list."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config import clock
from contacts import addresses, suppressions
from contacts.models import Event, RejectedEvent, Source, Suppression
from tests import staff
from tests.builders import NOW, brand, consent, contact, event, source, topic

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


def rows(browser, path, query=""):
    return list(browser.get(f"/admin/contacts/{path}/?q={query}").context["cl"].result_list)


def problems(response):
    assert response.status_code == 200, "it was saved"
    return " ".join(text for texts in response.context["adminform"].form.errors.values() for text in texts)


# -- sources -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def operator():
    return staff.client("Operator")


def test_a_new_source_gets_a_write_key_and_a_line_to_try_it(operator, settings):
    settings.BASE_URL = "https://waymark.example"
    data = {"name": "Shop", "brand": brand().pk, "enabled": "on", "consent_grants": "[]"}
    operator.post("/admin/contacts/source/add/", data)
    made = Source.objects.get()
    page = operator.get(f"/admin/contacts/source/{made.pk}/change/").content.decode()
    assert len(made.write_key) == 32
    assert f"curl -u {made.write_key}: https://waymark.example/v1/track" in page


def test_the_line_to_try_it_works(operator, client):
    made = source()
    page = operator.get(f"/admin/contacts/source/{made.pk}/change/").content.decode()
    assert '{"userId": "4711", "event": "order.completed", "properties": {"revenue": 49.9}}' in page
    body = f'{{"userId": "4711", "event": "order.completed", "properties": {{"revenue": 49.9}}, "writeKey": "{made.write_key}"}}'
    response = client.post("/v1/track", body, content_type="application/json")
    assert response.json() == {"success": True}
    assert Event.objects.get().contact.external_id == "4711"


@pytest.mark.parametrize(
    ("grants", "sentence"),
    [
        ("[", "This is not JSON: line 1, column 2"),
        ("{}", "Write a list of rules"),
        ('[{"event": "signup"}]', "Rule 1: it has event, channel, topic"),
        ('[{"event": "signup", "channel": "email", "topic": "gossip"}]', "is no topic of this brand; there are: news"),
    ],
)
def test_bad_consent_rules(operator, grants, sentence):
    topic("news")
    data = {"name": "Shop", "brand": brand().pk, "enabled": "on", "consent_grants": grants}
    assert sentence in problems(operator.post("/admin/contacts/source/add/", data))
    assert not Source.objects.exists()


def test_a_write_key_is_not_typed_in(operator):
    made = source("key-1")
    data = {"name": "Shop", "brand": made.brand_id, "enabled": "on", "consent_grants": "[]", "write_key": "mine"}
    assert operator.post(f"/admin/contacts/source/{made.pk}/change/", data).status_code == 302
    made.refresh_from_db()
    assert made.write_key == "key-1"


# -- what came ---------------------------------------------------------------------------------------------------------


def test_a_refused_item_shows_why_and_what_came(operator):
    payload = {"type": "track", "event": "<b>bold</b>", "properties": {"sum": 3}}
    refused = RejectedEvent.objects.create(source=source(), received_at=NOW, reason="no user", payload=payload)
    assert "no user" in operator.get("/admin/contacts/rejectedevent/").content.decode()
    page = operator.get(f"/admin/contacts/rejectedevent/{refused.pk}/change/").content.decode()
    assert "&quot;sum&quot;: 3" in page
    assert "<b>bold</b>" not in page


def test_refused_items_by_source(operator):
    for key in ("a", "b"):
        RejectedEvent.objects.create(source=source(key), received_at=NOW, reason=f"from {key}", payload={})
    wanted = Source.objects.get(write_key="a")
    listed = operator.get(f"/admin/contacts/rejectedevent/?source__id__exact={wanted.pk}").context["cl"].result_list
    assert [item.reason for item in listed] == ["from a"]


@pytest.mark.parametrize("query", ["user-1", "ada@example", "k-1"])
def test_events_of_a_person_or_by_key(operator, query):
    ada = contact("user-1", email="ada@example.test")
    event(ada, "signup", key="k-1")
    event(contact("other"), "signup", key="k-2")
    assert [found.key for found in rows(operator, "event", query)] == ["k-1"]


def test_an_event_shows_its_properties(operator):
    told = event(contact("user-1"), "order.completed", revenue=49.5)
    page = operator.get(f"/admin/contacts/event/{told.pk}/change/").content.decode()
    assert "&quot;revenue&quot;: 49.5" in page
    assert 'name="_save"' not in page


def test_consents_of_a_person(operator):
    ada = contact("user-1", email="ada@example.test")
    consent(ada, proof={"ip": "192.0.2.7"})
    consent(contact("other"))
    [line] = rows(operator, "consent", "ada@example.test")
    assert line.contact == ada
    page = operator.get(f"/admin/contacts/consent/{line.pk}/change/").content.decode()
    assert "192.0.2.7" in page


@pytest.mark.parametrize("path", ["event", "consent", "rejectedevent", "suppression", "source"])
@pytest.mark.parametrize("number", [10, 60])
def test_the_lists_cost_the_same_for_many(operator, path, number):
    shop = source()
    for index in range(number):
        person = contact(f"user-{index}")
        event(person)
        consent(person)
        RejectedEvent.objects.create(source=shop, received_at=NOW, reason="x", payload={})
        suppressions.add([suppressions.Suppress(f"{index:043}", "email", "bounce", brand_id=brand().pk)], NOW)
        source(f"key-{index}-")
    operator.get(f"/admin/contacts/{path}/")
    with CaptureQueriesContext(connection) as queries:
        assert operator.get(f"/admin/contacts/{path}/").status_code == 200
    assert len(queries) <= 11


# -- suppressions ------------------------------------------------------------------------------------------------------


@pytest.fixture
def lawyer():
    return staff.client("Legal reviewer")


def suppress(browser, **fields):
    data = {"address_kind": "email", "address": "Ada@Example.TEST", "reason": "legal", "source": "letter", **fields}
    with clock.at(NOW):
        return browser.post("/admin/contacts/suppression/add/", data)


def test_an_address_is_suppressed_and_forgotten(lawyer):
    assert suppress(lawyer).status_code == 302
    found = Suppression.objects.get()
    assert found.digest == addresses.digest("email", "ada@example.test")
    assert (found.reason, found.source, found.created_at, found.channel, found.brand) == (
        "legal",
        "letter",
        NOW,
        "",
        None,
    )
    page = lawyer.get(f"/admin/contacts/suppression/{found.pk}/change/").content.decode()
    assert "ada@example.test" not in page.lower()


def test_for_one_channel_and_brand_only(lawyer):
    suppress(lawyer, channel="email", brand=brand().pk, reason="manual")
    found = Suppression.objects.get()
    assert (found.channel, found.brand, found.reason) == ("email", brand(), "manual")


def test_the_same_twice_stays_one(lawyer):
    suppress(lawyer)
    assert suppress(lawyer).status_code == 302
    assert Suppression.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"address": "ada"}, "'ada' is not an e-mail address"),
        ({"address_kind": "phone", "address": "0612345678"}, "does not say which country"),
        ({"address": ""}, "This field is required."),
        ({"source": ""}, "This field is required."),
        ({"reason": "bounce"}, "Select a valid choice."),
        ({"channel": "pigeon"}, "Select a valid choice."),
    ],
)
def test_bad_suppressions(lawyer, fields, sentence):
    assert sentence in problems(suppress(lawyer, **fields))
    assert not Suppression.objects.exists()


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("ada@example.test", 1),
        ("ADA@example.test", 1),
        ("ada@", 0),
        ("bob@example.test", 0),
        ("%2B33612345678", 1),
        ("", 2),
    ],
)
def test_a_suppression_is_found_by_its_whole_address(lawyer, query, number):
    suppress(lawyer)
    suppress(lawyer, address_kind="phone", address="+33612345678")
    assert len(rows(lawyer, "suppression", query)) == number


def test_lifting_keeps_it_with_the_reason(lawyer):
    suppress(lawyer)
    found = Suppression.objects.get()
    with clock.at(LATER):
        response = lawyer.post(f"/admin/contacts/suppression/{found.pk}/lift/", {"because": "sent to us by mistake"})
    assert response.status_code == 302
    found.refresh_from_db()
    assert (found.lifted_at, found.lifted_because) == (LATER, "sent to us by mistake (legal-reviewer)")
    assert lawyer.get(f"/admin/contacts/suppression/{found.pk}/lift/").status_code == 404


def test_lifting_needs_a_reason(lawyer):
    suppress(lawyer)
    found = Suppression.objects.get()
    response = lawyer.post(f"/admin/contacts/suppression/{found.pk}/lift/", {"because": " "})
    assert response.context["form"].errors["because"] == ["This field is required."]
    found.refresh_from_db()
    assert found.lifted_at is None


def test_a_marketer_sees_them_and_lifts_none():
    suppressions.add([suppressions.Suppress("x" * 43, "email", "bounce")], NOW)
    found = Suppression.objects.get()
    marketer = staff.client("Marketer")
    page = marketer.get(f"/admin/contacts/suppression/{found.pk}/change/").content.decode()
    assert "hard bounce" in page
    assert "Lift this suppression" not in page
    assert marketer.post(f"/admin/contacts/suppression/{found.pk}/lift/", {"because": "x"}).status_code == 403
