"""Who is it? One contact per person, whatever ids a batch uses."""

import pytest
from django.db import connection

from contacts import identity
from contacts.identity import Person, resolve
from contacts.models import Address, AnonymousId, Contact, Event, Merge
from contacts.traits import clean
from tests.builders import NOW, event

pytestmark = pytest.mark.django_db


def user(external_id="u1", anonymous_id="", **traits):
    return Person(external_id, anonymous_id, clean(traits))


def test_unknown_people_become_contacts_in_the_order_of_the_batch():
    ids = resolve([user("zoe"), Person(anonymous_id="a1"), user("ada"), user("zoe"), Person(anonymous_id="a2")], NOW)
    assert ids[0] == ids[3]
    assert len(set(ids)) == 4
    named = dict(Contact.objects.exclude(external_id="").values_list("external_id", "pk"))
    assert named == {"zoe": ids[0], "ada": ids[2]}
    assert dict(AnonymousId.objects.values_list("value", "contact_id")) == {"a1": ids[1], "a2": ids[4]}


def test_the_same_people_again_are_the_same_contacts():
    people = [user("u1", "a1"), Person(anonymous_id="a2")]
    assert resolve(people, NOW) == resolve(people, NOW)
    assert Contact.objects.count() == 2


def test_what_is_said_is_merged_and_the_later_word_counts():
    resolve([user(plan="free", color="red"), user(plan="pro")], NOW)
    resolve([user(plan="max"), user(color=None, size=5)], NOW)
    assert Contact.objects.get().attributes == {"plan": "max", "size": 5}


def test_columns_are_filled_and_the_zone_is_the_persons_own():
    resolve([user()], NOW)
    resolve([user(timezone="Europe/Paris", locale="fr-FR", country="FR")], NOW)
    contact = Contact.objects.get()
    assert (contact.timezone, contact.timezone_source, contact.locale, contact.country) == (
        "Europe/Paris", "person", "fr-FR", "FR"
    )  # fmt: skip


def test_nothing_new_writes_nothing(django_assert_num_queries):
    resolve([user(plan="pro", email="ada@example.test")], NOW)
    before = Contact.objects.get().updated_at
    with django_assert_num_queries(5):  # a savepoint around: who, what is stored, which addresses
        resolve([user(plan="pro", email="Ada@example.test")], NOW.replace(year=2027))
    assert Contact.objects.get().updated_at == before


def test_one_and_true_are_different_things_to_say():
    resolve([user(vip=1)], NOW)
    resolve([user(vip=True)], NOW)
    assert Contact.objects.get().attributes["vip"] is True


def test_a_visitor_who_becomes_a_user_stays_the_same_contact():
    [visitor] = resolve([Person(anonymous_id="a1", clean=clean({"color": "red"}))], NOW)
    [known] = resolve([user("u1", "a1", plan="pro")], NOW)
    assert known == visitor
    contact = Contact.objects.get()
    assert (contact.external_id, contact.attributes) == ("u1", {"color": "red", "plan": "pro"})
    assert resolve([Person(anonymous_id="a1"), user("u1")], NOW) == [known, known]


def test_a_visitor_becomes_a_user_within_one_batch():
    ids = resolve([Person(anonymous_id="a1"), user("u1", "a1"), Person(anonymous_id="a1")], NOW)
    assert len(set(ids)) == 1
    assert Contact.objects.get().external_id == "u1"


def test_the_visitor_of_a_known_user_is_merged_into_that_user():
    [visitor] = resolve([Person(anonymous_id="a1", clean=clean({"color": "red"}))], NOW)
    [known] = resolve([user("u1", plan="pro")], NOW)
    seen = event(Contact.objects.get(pk=visitor), "page.viewed")
    assert resolve([user("u1", "a1")], NOW) == [known]
    assert resolve([Person(anonymous_id="a1")], NOW) == [known]
    assert Contact.objects.get(pk=visitor).merged_into_id == known
    assert Contact.objects.get(pk=known).attributes == {"plan": "pro", "color": "red"}
    assert Event.objects.get(pk=seen.pk).contact_id == known
    assert Merge.objects.get().source == "identify"


def test_a_visitor_seen_and_identified_within_one_batch_is_never_made():
    [known] = resolve([user("u1")], NOW)
    ids = resolve(
        [Person(anonymous_id="a1", clean=clean({"color": "red"})), user("u1", "a1"), Person(anonymous_id="a1")], NOW
    )
    assert set(ids) == {known}
    assert Contact.objects.get().attributes == {"color": "red"}
    assert not Merge.objects.exists()


def test_two_visitors_of_one_new_user_are_one():
    first, second = resolve([Person(anonymous_id="a1"), Person(anonymous_id="a2")], NOW)
    assert set(resolve([user("u1", "a1"), user("u1", "a2"), Person(anonymous_id="a2")], NOW)) == {first}
    assert Contact.objects.get(pk=second).merged_into_id == first
    assert set(AnonymousId.objects.values_list("contact_id", flat=True)) == {first}


def test_a_batch_with_a_known_visitor_and_an_alias_of_it_makes_one_person():
    [visitor] = resolve([Person(anonymous_id="a1")], NOW)
    ids = resolve([user("u1"), user("u1", "a1"), Person(anonymous_id="a1")], NOW)
    assert len(set(ids)) == 1
    assert Contact.objects.get(pk=visitor).merged_into_id == ids[0]


def test_two_users_of_one_browser_stay_two_contacts():
    ada, bob = resolve([user("ada", "a1"), user("bob", "a1")], NOW)
    assert ada != bob
    assert resolve([Person(anonymous_id="a1")], NOW) == [bob]


def test_addresses_are_added_and_the_one_said_last_is_the_one_in_use():
    for number, value in enumerate(["a@example.test", "b@example.test", "A@example.test"]):
        resolve([user(email=value)], NOW.replace(hour=number))
    assert [a.value for a in Address.objects.order_by("-created_at")] == ["a@example.test", "b@example.test"]


def test_an_address_in_a_batch_twice_is_one():
    resolve([user(email="a@example.test"), user(email="A@example.test", phone="+33612345678")], NOW)
    assert sorted(Address.objects.values_list("kind", "value")) == [
        ("email", "a@example.test"),
        ("phone", "+33612345678"),
    ]


def test_nobody_is_nobody():
    with pytest.raises(ValueError, match="external_id, an anonymous_id"):
        resolve([Person()], NOW)
    assert resolve([], NOW) == []


def test_the_number_of_queries_does_not_grow_with_the_batch(django_assert_max_num_queries):
    resolve([user(f"u{n}", f"a{n}", plan="free") for n in range(50)], NOW)
    people = [user(f"u{n}", f"a{n}", plan="pro", email=f"u{n}@example.test") for n in range(400)]
    with django_assert_max_num_queries(15):
        ids = resolve(people, NOW)
    assert len(set(ids)) == Contact.objects.count() == 400
    assert all(Contact.objects.get(pk=pk).external_id == f"u{n}" for n, pk in list(enumerate(ids))[::37])
    assert all(Address.objects.get(contact=pk).value == f"u{n}@example.test" for n, pk in list(enumerate(ids))[::37])


def test_a_batch_larger_than_sqlites_limit_of_variables():
    assert len(set(resolve([user(f"u{n}") for n in range(5_000)], NOW))) == 5_000
    assert len(set(resolve([user(f"u{n}") for n in range(40_000)][::8], NOW))) == 5_000


def test_an_alias_ties_a_visitor_to_a_user():
    [visitor] = resolve([Person(anonymous_id="a1")], NOW)
    assert identity.alias("a1", "u1", NOW) == visitor
    assert Contact.objects.get().external_id == "u1"


def test_an_alias_renames_a_user_unless_the_new_one_is_known():
    [old] = resolve([user("old")], NOW)
    assert identity.alias("old", "new", NOW) == old
    [other] = resolve([user("other")], NOW)
    assert identity.alias("new", "other", NOW) == other
    assert Contact.objects.get(pk=old).merged_into_id == other
    assert resolve([user("new"), user("other")], NOW) == [other, other], "both ids name one person"
    assert identity.alias("new", "other", NOW) == other, "said twice is said once"
    assert Merge.objects.get().source == "alias"


def test_a_visitors_contact_is_claimed_only_once():
    """What another transaction made meanwhile is found on the second look, not doubled."""
    resolve([Person(anonymous_id="a1")], NOW)
    first, second = resolve([user("u1", "a1"), user("u2", "a1")], NOW)
    assert first != second
    assert sorted(Contact.objects.values_list("external_id", flat=True)) == ["u1", "u2"]
    assert connection.in_atomic_block
