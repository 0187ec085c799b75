"""`among`: a long list as one parameter, with the same answer as `in`."""

import pytest

from contacts.models import Address, Contact, Membership
from tests.builders import NOW, contact, segment

pytestmark = pytest.mark.django_db


def test_it_finds_what_in_finds():
    people = [contact(f"u{n}", email=f"u{n}@example.test") for n in range(5)]
    ids = [people[1].pk, people[3].pk, 10**12, people[3].pk]
    for many in (list, tuple, set):
        assert (
            set(Contact.objects.filter(pk__among=many(ids)))
            == set(Contact.objects.filter(pk__in=ids))
            == {people[1], people[3]}
        )
    assert (
        Address.objects.filter(contact__among=ids).count() == Address.objects.filter(contact_id__among=ids).count() == 2
    )
    assert Contact.objects.filter(addresses__among=list(Address.objects.values_list("pk", flat=True)[:2])).count() == 2
    assert Contact.objects.exclude(pk__among=ids).count() == 3


def test_an_empty_list_finds_nothing():
    contact()
    assert not Contact.objects.filter(pk__among=[]).exists()
    assert Contact.objects.exclude(pk__among=[]).count() == 1


@pytest.mark.parametrize("text", ["plain", "Zoë", "a'b", 'a"b', "a\\b", "a,b", "{a}", "%", "null", "1", "日本"])
def test_texts_are_compared_as_they_are(text):
    found = contact(text)
    contact("other")
    assert list(Contact.objects.filter(external_id__among=[text, "x" * 5000])) == [found]


def test_a_longer_text_is_not_cut_and_then_found():
    contact("x" * 200)
    assert not Contact.objects.filter(external_id__among=["x" * 201]).exists()


def test_a_hundred_thousand_are_one_parameter(django_assert_num_queries):
    found = contact("u1")
    with django_assert_num_queries(1):
        assert list(Contact.objects.filter(pk__among=[*range(10**9, 10**9 + 100_000), found.pk])) == [found]


def test_it_works_in_updates_and_subqueries():
    people = [contact(f"u{n}", plan="pro") for n in range(3)]
    pros = segment(refreshed=NOW)
    inside = Membership.objects.filter(contact__among=[person.pk for person in people[:2]], segment=pros)
    assert inside.update(left_at=NOW) == 2
    assert Contact.objects.filter(pk__in=inside.values("contact")).count() == 2
