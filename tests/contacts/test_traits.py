"""Traits as senders write them: what is used, what is kept, and what is told to be wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import bulk
from contacts.traits import clean


def test_segments_names_go_where_they_belong():
    found = clean(
        {
            "email": " Ada@Example.test",
            "phone": "(212) 555-0123",
            "firstName": "Ada",
            "last_name": "Lovelace",
            "address": {"country": "us", "state": "New York", "city": "Albany", "postalCode": "12201"},
            "locale": "en_us",
            "timezone": "America/New_York",
            "plan": "pro",
        }
    )
    assert (found.email, found.phone) == ("ada@example.test", "+12125550123")
    assert (found.country, found.region) == ("US", "NY")
    assert (found.locale, found.timezone) == ("en-US", "America/New_York")
    assert found.attributes == {
        "first_name": "Ada", "last_name": "Lovelace", "city": "Albany", "postal_code": "12201", "plan": "pro"
    }  # fmt: skip
    assert found.problems == ()


def test_flat_country_and_region_are_taken_too():
    found = clean({"country": "Germany", "region": "DE-BY"})
    assert (found.country, found.region, found.attributes) == ("DE", "BY", {})


@pytest.mark.parametrize(
    ("traits", "words"),
    [
        ({"email": "nope"}, "email: 'nope' is not an e-mail address"),
        ({"email": 5}, "email: 5 is not a text"),
        ({"phone": "call me maybe"}, "phone: 'call me maybe' is not a phone number"),
        ({"phone": "0612345678"}, "phone: '0612345678' does not say which country"),
        ({"timezone": "Mars/Olympus Mons"}, "timezone: 'Mars/Olympus Mons' is not a time zone"),
        ({"locale": "English, please"}, "locale: 'English, please' is not a locale"),
        ({"address": {"country": "Atlantis"}}, "address.country: 'Atlantis' is not a country"),
        ({"country": ["US"]}, "country: ['US'] is not a text"),
    ],
)
def test_a_bad_trait_is_told_and_everything_else_is_applied(traits, words):
    found = clean({**traits, "plan": "pro"})
    assert len(found.problems) == 1
    assert words in found.problems[0]
    assert found.attributes == {"plan": "pro"}
    assert (found.email, found.phone, found.timezone, found.locale, found.country) == ("",) * 5


def test_a_state_without_a_code_is_kept_as_it_is():
    assert clean({"address": {"country": "DE", "state": "Oberpfalz"}}).attributes == {"state": "Oberpfalz"}


def test_null_removes_an_attribute_and_leaves_addresses_alone():
    found = clean({"plan": None, "email": None, "phone": ""})
    assert found.attributes == {"plan": None}
    assert found.problems == ()


def test_nothing_said_is_false():
    assert not clean({})
    assert not clean({"email": "nope"})
    assert clean({"plan": None})


def test_what_no_database_stores_is_mended():
    found = clean({"a": "x\x00y", "b": float("nan"), "c": ["\ud83c"], "d\x00": {"e\x00": 1}})
    assert found.attributes == {"a": "xy", "b": None, "c": ["?"], "d": {"e": 1}}


@given(st.dictionaries(
    st.sampled_from(["email", "phone", "address", "country", "region", "locale", "timezone", "device_timezone", "ip_timezone", "plan", "firstName"]),
    st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
                 lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
                     st.sampled_from(["country", "state", "city", "x"]), inner, max_size=3), max_leaves=5)))  # fmt: skip
def test_no_traits_at_all_raise(traits):
    found = clean(traits)
    assert "\\u0000" not in bulk.dumps(found.attributes)
    assert len(found.locale) <= 20
    assert len(found.region) <= 3
