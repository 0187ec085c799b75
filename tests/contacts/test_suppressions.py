"""Addresses that must not be written to: by their hash, for a channel and brand or for all."""

from datetime import timedelta

import pytest

from contacts import addresses, suppressions
from contacts.models import Contact, Suppression
from contacts.suppressions import Suppress
from tests.builders import NOW, brand, contact

pytestmark = pytest.mark.django_db
ADA = addresses.digest("email", "ada@example.test")
BOB = addresses.digest("email", "bob@example.test")


def ada(reason: str = "opt_out", **more) -> Suppress:
    return Suppress(ADA, "email", reason, **more)


def test_it_is_found_by_hash_alone():
    assert suppressions.add([ada(source="STOP")], NOW) == 1
    found = suppressions.matching([ADA, BOB], NOW)
    assert list(found) == [ADA]
    [match] = found[ADA]
    assert (match.reason, match.channel, match.brand_id, match.created_at) == ("opt_out", "", None, NOW)
    assert Suppression.objects.get().source == "STOP"


@pytest.mark.parametrize(
    ("channel", "brand_key", "covered"),
    [
        ("", "", True),
        ("email", "", True),
        ("sms", "", False),
        ("", "acme", True),
        ("", "other", False),
        ("email", "acme", True),
        ("email", "other", False),
    ],
)
def test_what_it_covers(channel, brand_key, covered):
    acme, other = brand("acme"), brand("other")
    suppressions.add([ada(channel=channel, brand_id={"acme": acme.pk, "other": other.pk}.get(brand_key))], NOW)
    assert suppressions.matching([ADA], NOW)[ADA][0].covers("email", acme.pk) is covered


def test_the_same_twice_stays_one():
    assert suppressions.add([ada(), ada()], NOW) == 1
    assert suppressions.add([ada()], NOW) == 0
    assert suppressions.add([ada("bounce"), ada(channel="email"), ada(brand_id=brand().pk)], NOW) == 3
    assert Suppression.objects.count() == 4


def test_a_lifted_one_is_kept_and_no_longer_counts():
    suppressions.add([ada(), ada("bounce")], NOW)
    one = Suppression.objects.get(reason="opt_out")
    assert suppressions.lift([one.pk], "START", NOW + timedelta(hours=1)) == 1
    assert suppressions.lift([one.pk], "again", NOW + timedelta(hours=2)) == 0
    one.refresh_from_db()
    assert (one.lifted_at, one.lifted_because) == (NOW + timedelta(hours=1), "START")
    assert [match.reason for match in suppressions.matching([ADA], NOW + timedelta(days=1))[ADA]] == ["bounce"]


def test_it_can_be_suppressed_again_after_that():
    suppressions.add([ada()], NOW)
    suppressions.lift(Suppression.objects.values_list("pk", flat=True), "START", NOW)
    assert suppressions.add([ada()], NOW) == 1


def test_what_lies_ahead_does_not_count_yet():
    suppressions.add([ada()], NOW + timedelta(hours=1))
    assert suppressions.matching([ADA], NOW) == {}


def test_it_outlives_the_person():
    person = contact("u1", email="ada@example.test")
    suppressions.add([ada("erased")], NOW)
    Contact.objects.filter(pk=person.pk).delete()
    assert ADA in suppressions.matching([ADA], NOW)


def test_nothing_asked_is_no_query(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert suppressions.matching([], NOW) == {}


def test_many_are_one_question(django_assert_num_queries):
    digests = [addresses.digest("email", f"u{n}@example.test") for n in range(2000)]
    suppressions.add([Suppress(digest, "email", "bounce") for digest in digests], NOW)
    with django_assert_num_queries(1):
        assert len(suppressions.matching([*digests, *digests], NOW)) == 2000
