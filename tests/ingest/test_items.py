"""One item: what happened, to whom, when; or a sentence about what is wrong with it."""

import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.ingest import items, names
from contacts.ingest.refusals import BadItem

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def parsed(payload, *, kind="", sent_at=None, context=None):
    request = {"sentAt": sent_at, "context": context}
    return items.parse(payload, kind, items.envelope(7, request, NOW))


def track(**fields):
    return {"type": "track", "userId": "u1", "event": "Order Completed", "messageId": "m1", **fields}


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("Order Completed", "order.completed"),
        ("  Product   Added ", "product.added"),
        ("order.completed", "order.completed"),
        ("checkout_started", "checkout_started"),
        ("ARTIKEL\tGEKÜHLT", "artikel.gekühlt"),
    ],
)
def test_names_of_the_segment_spec_become_ours(name, ours):
    assert parsed(track(event=name)).name == ours


@given(st.text(max_size=100))
def test_normalising_twice_changes_nothing(name):
    once = names.normalised(name)
    assert names.normalised(once) == once


@pytest.mark.parametrize(
    ("payload", "name"),
    [
        ({"type": "identify", "userId": "u1", "traits": {"plan": "pro"}}, "contact.identified"),
        ({"type": "page", "anonymousId": "a1", "name": "Home"}, "page.viewed"),
        ({"type": "screen", "anonymousId": "a1", "name": "Start"}, "screen.viewed"),
        ({"type": "group", "userId": "u1", "groupId": "g1"}, "group.joined"),
        ({"type": "alias", "userId": "u1", "previousId": "a1"}, "contact.aliased"),
    ],
)
def test_each_call_becomes_one_event(payload, name):
    assert parsed(payload).name == name


def test_the_address_may_name_the_call_instead_of_the_type():
    assert parsed({"userId": "u1", "event": "Signup"}, kind="track").name == "signup"


def test_the_key_is_the_message_id_under_its_source():
    assert parsed(track(messageId="abc")).key == "7:abc"


def test_without_a_message_id_the_content_is_the_key():
    first = track(messageId=None, timestamp="2026-11-24T11:00:00Z")
    again = dict(reversed(first.items()))
    other = {**first, "properties": {"revenue": 1}}
    assert parsed(first).key == parsed(again).key != parsed(other).key


def test_without_a_timestamp_either_the_same_thing_a_minute_later_is_news():
    payload = track(messageId=None)
    later = items.envelope(7, {}, NOW + timedelta(minutes=1))
    assert parsed(payload).key == parsed(payload).key != items.parse(payload, "", later).key


def test_a_wrong_clock_is_corrected_by_sent_at():
    item = parsed(track(timestamp="2026-11-24T08:00:00Z"), sent_at="2026-11-24T10:00:00Z")
    assert item.occurred_at == NOW - timedelta(hours=2)


def test_nothing_happens_in_the_future():
    assert parsed(track(timestamp="2027-01-01T00:00:00Z")).occurred_at == NOW


def test_without_a_timestamp_it_happened_on_arrival():
    assert parsed(track()).occurred_at == NOW


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-24T09:30:00.123Z", datetime(2026, 11, 24, 9, 30, 0, 123000, tzinfo=UTC)),
        ("2026-11-24T09:30:00+01:00", datetime(2026, 11, 24, 8, 30, tzinfo=UTC)),
        ("2026-11-24T09:30:00", datetime(2026, 11, 24, 9, 30, tzinfo=UTC)),
        ("2026-11-24T09:30:00.123456789Z", datetime(2026, 11, 24, 9, 30, 0, 123456, tzinfo=UTC)),
    ],
)
def test_instants_as_sdks_write_them(text, instant):
    assert parsed(track(timestamp=text)).occurred_at == instant


def test_a_sent_at_that_is_no_instant_corrects_nothing():
    item = parsed(track(timestamp="2026-11-24T08:00:00Z"), sent_at="yesterday")
    assert item.occurred_at == datetime(2026, 11, 24, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ("text", "JSON object"),
        (None, "JSON object"),
        ({"userId": "u1"}, "type missing"),
        ({"type": "purchase", "userId": "u1"}, "'purchase' is not known"),
        ({"type": ["track"], "userId": "u1"}, "is not known"),
        ({"type": "track", "event": "x"}, "userId nor anonymousId"),
        (track(userId={"id": 1}), "userId must be"),
        (track(userId=True), "userId must be"),
        (track(userId="u" * 201), "userId is longer"),
        (track(messageId="m" * 201), "messageId is longer"),
        (track(event=""), "must name what happened"),
        (track(event=None), "must name what happened"),
        (track(event=5), "must name what happened"),
        (track(event="x" * 201), "event is longer"),
        (track(properties=[1]), "properties must be a JSON object"),
        (track(context="x"), "context must be a JSON object"),
        (track(timestamp="tomorrow"), "timestamp 'tomorrow' is no instant"),
        (track(timestamp=1700000000), "timestamp 1700000000 is no instant"),
        (track(timestamp="0001-01-01T00:00:00+14:00"), "is no instant"),
        ({"type": "group", "userId": "u1"}, "groupId is missing"),
        ({"type": "alias", "userId": "u1"}, "previousId"),
        ({"type": "identify", "userId": "u1", "traits": "x"}, "traits must be"),
    ],
)
def test_each_bad_shape_gets_a_sentence(payload, words):
    with pytest.raises(BadItem, match=words):
        parsed(payload)


@pytest.mark.parametrize(
    "event", ["message.sent", "Message Delivered", "journey.finished", "segment.entered", "consent.x"]
)
def test_nobody_outside_may_forge_what_waymark_records(event):
    with pytest.raises(BadItem, match="only Waymark itself"):
        parsed(track(event=event))


def test_a_deep_item_is_refused_by_itself():
    deep: dict = {}
    for _ in range(500):
        deep = {"deeper": deep}
    with pytest.raises(BadItem, match="nested too deeply"):
        parsed(track(properties=deep))


def test_numbers_are_taken_as_ids():
    assert parsed(track(userId=42)).user_id == "42"


def test_traits_come_from_identify_and_from_the_context_of_any_call():
    assert parsed(track(context={"traits": {"plan": "pro"}})).traits == {"plan": "pro"}
    identify = {"type": "identify", "userId": "u1", "traits": {"plan": "max"}, "context": {"timezone": "Europe/Paris"}}
    assert parsed(identify).traits == {"plan": "max", "device_timezone": "Europe/Paris"}
    looked_up = {**identify, "context": {"ip_timezone": "Europe/Madrid", "ip": "192.0.2.1"}}
    assert parsed(looked_up).traits == {"plan": "max", "ip_timezone": "Europe/Madrid"}
    assert parsed(track(context={"timezone": "Europe/Paris"})).traits == {}


def test_the_context_of_the_batch_stands_in_for_that_of_the_item():
    assert parsed(track(), context={"ip": "192.0.2.1"}).context == {"ip": "192.0.2.1"}


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
                        st.sampled_from(["type", "userId", "event", "track", "timestamp", "context", "properties"]), inner)))  # fmt: skip
def test_no_shape_at_all_raises_anything_else(value):
    for kind in ("", *items.CALLS):
        with contextlib.suppress(BadItem):
            parsed(value, kind=kind)
