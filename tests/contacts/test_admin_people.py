"""The list of people, and the form that changes one."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config import clock
from contacts.admin import search
from contacts.models import Address, Contact, Event, Recheck
from tests import staff
from tests.builders import NOW, address, contact, segment

pytestmark = pytest.mark.django_db
LIST = "/admin/contacts/contact/"
LATER = NOW + timedelta(hours=2)


@pytest.fixture
def marketer():
    return staff.client("Marketer")


def found(browser, query):
    return {contact.external_id for contact in browser.get(f"{LIST}?q={query}").context["cl"].result_list}


@pytest.mark.parametrize(
    ("query", "who"),
    [
        ("user-1", {"user-1", "user-12"}),
        ("user-12", {"user-12"}),
        ("ada@example.test", {"user-1"}),
        ("ADA@EXAMPLE.TEST", {"user-1"}),
        ("ada@", {"user-1"}),
        ("%2B1212555", {"user-12"}),
        ("1212555", {"user-12"}),
        ("%2B1 (212) 555-0123", {"user-12"}),
        ("nobody", set()),
        ("%25", set()),
        ("'; DROP TABLE", set()),
        ("user-1%20", {"user-1", "user-12"}),
    ],
)
def test_people_are_found_by_id_address_and_number_or_their_beginning(marketer, query, who):
    contact("user-1", email="ada@example.test")
    contact("user-12", email="bob@example.test", phone="+1 212 555 0123")
    contact("other", email="eve@example.test")
    assert found(marketer, query) == who


def test_a_visitor_without_an_id_is_not_found_by_nothing(marketer):
    contact("")
    contact("user-1")
    assert len(search.find("")) == 0
    assert len(marketer.get(f"{LIST}?q=").context["cl"].result_list) == 2


@pytest.mark.parametrize("term", ["user-1", "ada@example", "+12125550123", "777"])
def test_a_search_costs_the_same_whatever_it_is(term):
    with CaptureQueriesContext(connection) as queries:
        search.find(term)
    assert len(queries) <= 4
    assert all(f"LIMIT {search.MOST}" in query["sql"] for query in queries)


@pytest.mark.parametrize("number", [10, 60])
def test_the_list_costs_the_same_for_many(marketer, number):
    for index in range(number):
        contact(f"user-{index}", email=f"u{index}@example.test", phone=f"+1212555{1000 + index}")
    marketer.get(LIST)
    with CaptureQueriesContext(connection) as queries:
        page = marketer.get(LIST).content.decode()
    assert len(queries) <= 10
    assert "u5@example.test" in page or number == 60


def test_the_list_shows_the_address_in_use(marketer):
    person = contact("user-1", email="old@example.test", first_name="Ada", last_name="Lovelace", country="GB")
    address(person, "email", "new@example.test", now=LATER)
    page = marketer.get(LIST).content.decode()
    assert "Ada Lovelace" in page
    assert "new@example.test" in page
    assert "old@example.test" not in page


def test_members_of_a_segment(marketer):
    contact("pro", plan="pro")
    contact("free", plan="free")
    segment("pros", refreshed=NOW)
    listed = marketer.get(f"{LIST}?segment=pros").context["cl"].result_list
    assert [person.external_id for person in listed] == ["pro"]


def test_somebody_who_left_and_came_back_is_listed_once(marketer):
    person = contact("pro", plan="pro")
    pros = segment("pros", refreshed=NOW)
    pros.memberships.update(left_at=LATER)
    pros.memberships.create(contact=person, entered_at=LATER)
    assert len(marketer.get(f"{LIST}?segment=pros").context["cl"].result_list) == 1


def test_an_empty_list(marketer):
    assert marketer.get(LIST).status_code == 200


@pytest.mark.parametrize(("number", "status"), [(1, 200), (60, 302)])
def test_an_impossible_page_is_no_error(marketer, number, status):
    for index in range(number):
        contact(f"user-{index}")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE contacts_contact")  # the planner's idea of the table outlives the test that filled it
    response = marketer.get(f"{LIST}?p=99999")
    assert response.status_code == status
    assert marketer.get(f"{LIST}?p=99999", follow=True).status_code == 200


# -- the form ----------------------------------------------------------------------------------------------------------


def edit(browser, person, *addresses, seen=None, now=LATER, **fields):
    """Post the form as a browser would, with these addresses as (id, kind, value)."""
    data = {
        "external_id": person.external_id,
        "locale": person.locale,
        "country": person.country,
        "region": person.region,
        "timezone": person.timezone,
        "timezone_source": person.timezone_source,
        "attributes": "{}",
        "seen": seen or person.updated_at.isoformat(),
        "addresses-TOTAL_FORMS": len(addresses),
        "addresses-INITIAL_FORMS": sum(1 for pk, _, _ in addresses if pk),
        **fields,
    }
    for index, (pk, kind, value) in enumerate(addresses):
        row = {"id": pk or "", "contact": person.pk, "kind": kind, "value": value, "validity": "unknown"}
        data |= {f"addresses-{index}-{name}": said for name, said in row.items()}
    with clock.at(now):
        return browser.post(f"{LIST}{person.pk}/edit/", data)


def complaints(response):
    """Every error on the page, in one text."""
    assert response.status_code == 200, "it was saved"
    context = response.context
    errors = [text for texts in context["adminform"].form.errors.values() for text in texts]
    for inline in context["inline_admin_formsets"]:
        errors += [text for form in inline.formset.forms for texts in form.errors.values() for text in texts]
    return " ".join(errors)


def test_what_is_edited_is_saved_and_told_on_the_timeline(marketer):
    person = contact("user-1")
    response = edit(marketer, person, attributes='{"plan": "pro"}', country="us", timezone="America/New_York")
    assert response.headers["Location"] == f"{LIST}{person.pk}/change/"
    person.refresh_from_db()
    assert (person.attributes, person.country, person.timezone) == ({"plan": "pro"}, "US", "America/New_York")
    assert person.updated_at == LATER
    told = Event.objects.get(contact=person)
    assert told.name == "contact.edited"
    assert told.properties == {"by": "marketer", "fields": "country, timezone, attributes"}


def test_saving_without_a_change_tells_nothing(marketer):
    person = contact("user-1")
    assert edit(marketer, person).status_code == 302
    assert not Event.objects.exists()


def test_segments_look_again_at_who_was_edited(marketer):
    person = contact("user-1")
    segment("pros", refreshed=NOW)
    Recheck.objects.all().delete()
    edit(marketer, person, attributes='{"plan": "pro"}')
    assert Recheck.objects.filter(contact_id=person.pk).exists()


def test_what_came_in_meanwhile_is_not_overwritten(marketer):
    person = contact("user-1")
    seen = person.updated_at.isoformat()
    Contact.objects.filter(pk=person.pk).update(attributes={"plan": "pro"}, updated_at=LATER)
    response = edit(marketer, person, seen=seen, attributes='{"plan": "free"}')
    assert "This person has changed since you opened the page" in complaints(response)
    person.refresh_from_db()
    assert person.attributes == {"plan": "pro"}
    assert "&quot;plan&quot;: &quot;free&quot;" in response.content.decode()  # nothing that was typed is lost


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"attributes": '{"plan": '}, "This is not JSON: line 1, column 10"),
        ({"attributes": "[1]"}, "Attributes are a JSON object"),
        ({"timezone": "Mars/Base"}, "&#x27;Mars/Base&#x27; is not a time zone; write for example Europe/Paris"),
        ({"country": "ZZ"}, "&#x27;ZZ&#x27; is no country; write its two letters"),
        ({"external_id": "taken"}, "already exists"),
    ],
)
def test_bad_input_is_told_in_a_sentence(marketer, fields, sentence):
    contact("taken")
    person = contact("user-1")
    response = edit(marketer, person, **fields)
    assert response.status_code == 200
    text = complaints(response).replace("'", "&#x27;")
    assert sentence in text or "violated" in text
    person.refresh_from_db()
    assert person.updated_at == NOW


def test_a_new_address_is_brought_into_its_one_spelling(marketer):
    person = contact("user-1", country="FR")
    edit(marketer, person, ("", "email", " Ada@Example.TEST "), ("", "phone", "06 12 34 56 78"))
    assert sorted(Address.objects.values_list("value", flat=True)) == ["+33612345678", "ada@example.test"]
    assert all(len(found.digest) == 43 and found.created_at == LATER for found in Address.objects.all())


def test_a_corrected_address_gets_its_own_hash(marketer):
    person = contact("user-1", email="adda@example.test")
    before = person.addresses.get()
    edit(marketer, person, (before.pk, "email", "ada@example.test"))
    after = person.addresses.get()
    assert (after.pk, after.value, after.created_at) == (before.pk, "ada@example.test", before.created_at)
    assert after.digest != before.digest


@pytest.mark.parametrize(
    ("kind", "value", "sentence"),
    [
        ("email", "ada", "'ada' is not an e-mail address"),
        ("phone", "0612345678", "does not say which country"),
        ("phone", "abc", "is not a phone number"),
        ("phone", "+33612", "too few or too many digits"),
    ],
)
def test_bad_addresses(marketer, kind, value, sentence):
    person = contact("user-1")
    assert sentence in complaints(edit(marketer, person, ("", kind, value)))
    assert not person.addresses.exists()


def test_the_same_address_twice(marketer):
    person = contact("user-1", email="ada@example.test")
    known = person.addresses.get()
    response = edit(marketer, person, (known.pk, "email", known.value), ("", "email", "ADA@example.test"))
    assert response.status_code == 200
    assert person.addresses.count() == 1


def test_an_administrator_adds_a_person():
    browser = staff.client("Administrator")
    data = {"external_id": "new", "attributes": "{}", "addresses-TOTAL_FORMS": 1, "addresses-INITIAL_FORMS": 0}
    data |= {"addresses-0-kind": "email", "addresses-0-value": "New@Example.test", "addresses-0-validity": "unknown"}
    with clock.at(NOW):
        response = browser.post(f"{LIST}add/", data)
    person = Contact.objects.get()
    assert response.headers["Location"] == f"{LIST}{person.pk}/change/"
    assert (person.created_at, person.addresses.get().value) == (NOW, "new@example.test")
    assert Event.objects.get().name == "contact.added"


def test_those_who_only_look_change_nothing():
    person = contact("user-1")
    assert edit(staff.client("Analyst"), person, attributes='{"plan": "pro"}').status_code == 403
    person.refresh_from_db()
    assert person.attributes == {}


def test_autocomplete_finds_people_the_same_way(marketer):
    contact("user-1", email="ada@example.test", first_name="Ada")
    contact("user-2", email="bob@example.test")
    query = "app_label=contacts&model_name=membership&field_name=contact&term=ada@"
    response = marketer.get(f"/admin/autocomplete/?{query}")
    assert [found["text"] for found in response.json()["results"]] == ["Ada"]
