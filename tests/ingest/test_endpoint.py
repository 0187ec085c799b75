"""`/v1/` as a sender sees it: what is taken, what is refused, and what the answer says."""

import base64
import gzip
import json
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from config import clock
from contacts.models import AnonymousId, Contact, Event, RejectedEvent
from tests.builders import source

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop(settings):
    settings.INGEST_RATE = 0
    return source("key-1")


def basic(key, password=""):
    return {"authorization": "Basic " + base64.b64encode(f"{key}:{password}".encode()).decode()}


def post(client, path, body, *, headers=None, content_type="application/json"):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(
        f"/v1/{path}", raw, content_type=content_type, headers=basic("key-1") if headers is None else headers
    )


def track(number=1, **fields):
    return {"type": "track", "userId": f"u{number}", "event": "Signup", "messageId": f"m{number}", **fields}


def refused(response, status, code):
    assert response.status_code == status
    body = response.json()
    assert set(body) == {"success", "code", "message"}
    assert (body["success"], body["code"]) == (False, code)
    return body["message"]


def test_a_batch_is_answered_with_exactly_success(client):
    response = post(client, "batch", {"batch": [track(1), track(2)]})
    assert response.status_code == 200
    assert response.json() == {"success": True}
    assert response["Content-Type"] == "application/json"
    assert sorted(Event.objects.values_list("name", "contact__external_id")) == [("signup", "u1"), ("signup", "u2")]


@pytest.mark.parametrize(
    ("path", "body", "name"),
    [
        ("identify", {"userId": "u1", "traits": {"plan": "pro"}}, "contact.identified"),
        ("track", {"userId": "u1", "event": "Order Completed"}, "order.completed"),
        ("page", {"userId": "u1", "name": "Home"}, "page.viewed"),
        ("screen", {"userId": "u1", "name": "Start"}, "screen.viewed"),
        ("group", {"userId": "u1", "groupId": "g1"}, "group.joined"),
        ("alias", {"userId": "u1", "previousId": "a1"}, "contact.aliased"),
    ],
)
def test_every_call_has_a_long_and_a_short_address(client, path, body, name):
    for number, address in enumerate((path, path[0])):
        assert post(client, address, {**body, "messageId": f"m{number}"}).json() == {"success": True}
    assert list(Event.objects.values_list("name", flat=True)) == [name, name]


def test_the_browser_posts_text_with_the_key_in_the_body(client):
    body = {"writeKey": "key-1", "anonymousId": "a1", "event": "Signup", "type": "track"}
    assert post(client, "t", body, headers={}, content_type="text/plain").status_code == 200
    body = {"writeKey": "key-1", "batch": [track()]}
    assert post(client, "b", body, headers={}, content_type="text/plain").status_code == 200
    assert Event.objects.count() == 2


def test_the_key_may_stand_in_both_places(client):
    assert post(client, "batch", {"writeKey": "key-1", "batch": [track()]}).status_code == 200


def test_gzip(client):
    raw = gzip.compress(json.dumps({"batch": [track()]}).encode())
    assert post(client, "batch", raw, headers={**basic("key-1"), "content-encoding": "gzip"}).status_code == 200
    assert Event.objects.count() == 1


@pytest.mark.parametrize(
    "headers", [{}, basic("wrong"), basic(""), {"authorization": "Basic ???"}, {"authorization": "Bearer x"}]
)
def test_without_a_good_key_nothing_is_taken(client, headers):
    assert "write key" in refused(
        post(client, "batch", {"batch": [track()]}, headers=headers), 401, "invalid_write_key"
    )
    assert not Event.objects.exists()


def test_a_disabled_source_is_refused_at_once(client, shop):
    assert post(client, "batch", {"batch": [track(1)]}).status_code == 200
    shop.enabled = False
    shop.save()
    refused(post(client, "batch", {"batch": [track(2)]}), 401, "invalid_write_key")


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("batch", b"{", "invalid_json"),
        ("batch", b"", "invalid_json"),
        ("batch", b"[]", "invalid_json"),
        ("batch", {}, "invalid_batch"),
        ("batch", {"batch": {}}, "invalid_batch"),
        ("batch", {"batch": [track(n) for n in range(2_501)]}, "too_many_events"),
        ("batch", {"batch": [], "padding": "x" * 501 * 1024}, "too_large"),
        ("batch", {"batch": [track(properties={"text": "x" * 33 * 1024})]}, "event_too_large"),
        ("track", track(properties={"text": "x" * 33 * 1024}), "event_too_large"),
    ],
)
def test_bad_requests_are_refused_whole(client, path, body, code):
    refused(post(client, path, body), 400, code)
    assert not Event.objects.exists()
    assert not RejectedEvent.objects.exists()


def test_garbage_that_calls_itself_gzip(client):
    refused(
        post(client, "batch", b"garbage", headers={**basic("key-1"), "content-encoding": "gzip"}), 400, "invalid_gzip"
    )


def test_an_empty_batch_is_a_success(client):
    assert post(client, "batch", {"batch": []}).json() == {"success": True}


def test_a_full_batch_is_taken(client):
    assert post(client, "batch", {"batch": [track(n) for n in range(2_500)]}).status_code == 200
    assert Event.objects.count() == Contact.objects.count() == 2_500


def test_one_bad_item_is_kept_with_its_reason_and_the_rest_is_taken(client, shop):
    bad = {"type": "track", "userId": "u9", "messageId": "m9"}
    assert post(client, "batch", {"batch": [track(1), bad, "nonsense", track(2)]}).json() == {"success": True}
    assert Event.objects.count() == 2
    rejected = RejectedEvent.objects.order_by("id")
    assert [(row.source, row.message_id, row.payload) for row in rejected] == [
        (shop, "m9", bad),
        (shop, "", "nonsense"),
    ]
    assert "event must name what happened" in rejected[0].reason


def test_a_single_bad_item_is_no_error_either(client):
    assert post(client, "track", {"userId": "u1"}).json() == {"success": True}
    assert RejectedEvent.objects.count() == 1


def test_the_families_that_waymark_records_cannot_be_forged(client):
    post(client, "batch", {"batch": [track(1, event="message.sent"), track(2, event="Journey Finished")]})
    assert not Event.objects.exists()
    assert RejectedEvent.objects.count() == 2


def test_the_same_message_twice_is_one_event(client):
    for _ in range(2):
        assert post(client, "batch", {"batch": [track(1), track(1), track(2)]}).json() == {"success": True}
    assert Event.objects.count() == 2
    assert not RejectedEvent.objects.exists()


def test_two_sources_may_use_the_same_message_id(client):
    source("key-2", name="App")
    post(client, "batch", {"batch": [track()]})
    post(client, "batch", {"batch": [track()]}, headers=basic("key-2"))
    assert Event.objects.count() == 2


def test_a_batch_sent_again_later_does_not_set_traits_back(client):
    first = {"batch": [{"type": "identify", "userId": "u1", "messageId": "m1", "traits": {"plan": "free"}}]}
    post(client, "batch", first)
    post(client, "identify", {"userId": "u1", "messageId": "m2", "traits": {"plan": "pro"}})
    post(client, "batch", first)
    assert Contact.objects.get().attributes["plan"] == "pro"


def test_a_sender_with_a_wrong_clock(client):
    sent_at = "2020-01-01T12:00:00Z"
    post(client, "batch", {"batch": [track(timestamp="2020-01-01T11:00:00Z")], "sentAt": sent_at})
    event = Event.objects.get()
    assert (event.received_at - event.occurred_at).total_seconds() == pytest.approx(3600, abs=1)


def test_an_old_event_from_a_good_clock_stays_old(client):
    now = datetime.now(UTC).isoformat()
    post(client, "batch", {"batch": [track(timestamp="2026-01-01T11:00:00Z")], "sentAt": now})
    assert abs((Event.objects.get().occurred_at - datetime(2026, 1, 1, 11, tzinfo=UTC)).total_seconds()) < 2


def test_identify_fills_the_contact(client):
    traits = {"email": "Ada@Example.test", "firstName": "Ada", "plan": "pro", "address": {"country": "US"}}
    post(client, "identify", {"userId": "u1", "traits": traits})
    contact = Contact.objects.get()
    assert contact.attributes["plan"] == "pro"
    assert contact.country == "US"
    assert contact.addresses.get().value == "ada@example.test"


def test_traits_in_the_context_of_a_track_call_are_applied(client):
    post(client, "track", track(context={"traits": {"plan": "pro"}}))
    assert Contact.objects.get().attributes == {"plan": "pro"}


def test_a_bad_trait_is_told_and_the_event_is_taken(client):
    traits = {"email": "ada@example.test", "phone": "call me maybe", "timezone": "Mars/Olympus Mons"}
    post(client, "identify", {"userId": "u1", "messageId": "m1", "traits": traits})
    assert Event.objects.get().name == "contact.identified"
    assert Contact.objects.get().addresses.get().kind == "email"
    reasons = " ".join(RejectedEvent.objects.values_list("reason", flat=True))
    assert "phone" in reasons
    assert "Mars/Olympus Mons" in reasons


def test_a_visitor_who_says_who_he_is_keeps_his_past(client):
    post(client, "page", {"anonymousId": "a1", "name": "Home"})
    post(client, "identify", {"anonymousId": "a1", "userId": "u1"})
    assert Contact.objects.get().external_id == "u1"
    assert AnonymousId.objects.get().value == "a1"


def test_an_alias_ties_a_visitor_to_a_user(client):
    post(client, "page", {"anonymousId": "a1", "name": "Home"})
    post(client, "alias", {"previousId": "a1", "userId": "u1"})
    assert Contact.objects.get().external_id == "u1"


def test_a_user_who_is_renamed_keeps_his_past(client):
    calls = [
        track(1, userId="old"),
        {"type": "alias", "previousId": "old", "userId": "new", "messageId": "a"},
        track(2, userId="new"),
    ]
    post(client, "batch", {"batch": calls})
    assert Contact.objects.get().external_id == "new"
    assert Event.objects.count() == 3


@given(value=st.recursive(st.none() | st.booleans() | st.floats() | st.text(st.characters(exclude_categories=())),
                          lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)), number=st.uuids())  # fmt: skip
@hypothesis_settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_json_can_say_is_taken(client, value, number):
    calls = [
        track(userId=f"u{number}", messageId=str(number), properties={"value": value}),
        {"type": "track", "bad": value},
    ]
    assert post(client, "batch", {"batch": calls}).status_code == 200
    assert Event.objects.filter(key__endswith=str(number)).exists()


def test_text_that_no_database_stores_is_mended(client):
    raw = b'{"batch": [{"type": "track", "userId": "u1", "event": "Signup", "properties": {"a": "x\\u0000y", "b": "\\ud83c", "c": NaN}}]}'
    assert post(client, "batch", raw).status_code == 200
    assert Event.objects.get().properties == {"a": "xy", "b": "?", "c": None}


def test_a_bottomless_item_is_kept_in_short(client):
    deep: dict = {}
    for _ in range(400):
        deep = {"deeper": deep}
    assert post(client, "batch", {"batch": [track(1, properties=deep), track(2)]}).status_code == 200
    assert Event.objects.count() == 1
    assert "m1" in RejectedEvent.objects.get().payload["cut"]


def test_too_many_requests_get_429_with_seconds(client, settings):
    settings.INGEST_RATE = 3
    with clock.at(clock.now()):  # a new minute would begin a new count
        statuses = [post(client, "track", track(n)).status_code for n in range(8)]
        response = post(client, "track", track(9))
    assert statuses == [200, 200, 200, 429, 429, 429, 429, 429]
    refused(response, 429, "rate_limited")
    assert 1 <= int(response["Retry-After"]) <= 60


@pytest.mark.parametrize("path", ["batch", "t", "identify", "projects/key-1/settings"])
def test_preflight(client, path):
    response = client.options(
        f"/v1/{path}",
        headers={
            "origin": "https://shop.example.test",
            "access-control-request-headers": "authorization,content-type,x-retry-count",
        },
    )
    assert response.status_code == 204
    assert response["Access-Control-Allow-Origin"] == "*"
    allowed = {name.strip() for name in response["Access-Control-Allow-Headers"].split(",")}
    assert {"authorization", "content-type", "x-retry-count"} <= allowed


def test_answers_and_refusals_may_be_read_by_every_origin(client):
    for response in (post(client, "t", track()), post(client, "t", b"{")):
        assert response["Access-Control-Allow-Origin"] == "*"


def test_other_methods(client):
    response = client.get("/v1/batch")
    refused(response, 405, "method_not_allowed")
    assert response["Allow"] == "POST, OPTIONS"


def test_the_browser_learns_where_to_send(client):
    response = client.get("/v1/projects/key-1/settings")
    integration = response.json()["integrations"]["Segment.io"]
    assert (integration["apiKey"], integration["apiHost"]) == ("key-1", "testserver/v1")
    assert response["Access-Control-Allow-Origin"] == "*"
    refused(client.get("/v1/projects/nope/settings"), 401, "invalid_write_key")


def test_the_number_of_queries_does_not_grow_with_the_batch(client, django_assert_max_num_queries):
    post(client, "batch", {"batch": [track(0)]})
    with django_assert_max_num_queries(16):
        post(client, "batch", {"batch": [track(n, context={"traits": {"plan": "pro"}}) for n in range(1, 300)]})
