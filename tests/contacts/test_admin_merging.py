"""Merging two contacts by hand: compared first, confirmed, and undone on the same page."""

from datetime import timedelta

import pytest

from config import clock
from contacts import consents
from contacts.models import Contact, Merge
from tests import staff
from tests.builders import NOW, consent, contact, topic

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def operator():
    return staff.client("Operator")


@pytest.fixture
def ada():
    person = contact("ada", email="ada@example.test", first_name="Ada", plan="pro")
    consent(person, now=NOW - HOUR)
    return person


@pytest.fixture
def twin():
    person = contact("old-ada", phone="+447700900123", plan="free", color="red")
    consents.withdraw(person.pk, topic().pk, "email", source="STOP", now=NOW - 2 * HOUR)
    return person


def url(person, page="merge"):
    return f"/admin/contacts/contact/{person.pk}/{page}/"


def row(page, what):
    """The cells of a line of the comparison."""
    cells = page.split(f'<th scope="row">{what}</th>')[1].split("</tr>")[0]
    return [
        cell.split("</td>")[0].replace('<strong class="wm-strong">', "").replace("</strong>", "")
        for cell in cells.split("<td>")[1:]
    ]


@pytest.mark.parametrize("name", ["old-ada", "+44 7700 900123", "number"])
def test_both_stand_side_by_side_with_what_will_count(operator, ada, twin, name):
    page = operator.get(url(ada), {"other": twin.pk if name == "number" else name}).content.decode()
    assert row(page, "External ID") == ["ada", "old-ada", "ada (and old-ada)"]
    assert row(page, "plan") == ["pro", "free", "pro"]
    assert row(page, "color") == ["–", "red", "red"]
    assert row(page, "Phone") == ["–", "+447700900123", "+447700900123 (in use)"]
    assert [cell.partition(",")[0] for cell in row(page, "News by email")] == ["granted", "withdrawn", "withdrawn"]
    assert not Merge.objects.exists()


def test_they_are_merged_when_that_is_confirmed_and_parted_on_the_same_page(operator, ada, twin):
    with clock.at(NOW):
        answer = operator.post(url(ada), {"other": twin.pk}, follow=True)
    page = answer.content.decode()
    assert f"Contact {twin.pk} is part of this one now." in page
    assert f"Contact {twin.pk}</strong>" in page
    made = Merge.objects.get()
    assert (made.kept, made.other, made.merged_by.username) == (ada, twin, "operator")
    undo = f"{url(ada, 'unmerge')}?merge={made.pk}"
    assert undo.replace("&", "&amp;") in page
    assert "Make two of them again" in operator.get(undo).content.decode()
    answer = operator.post(undo, follow=True)
    assert f"Contact {twin.pk} is a contact of its own again." in answer.content.decode()
    assert Contact.objects.get(pk=twin.pk).external_id == "old-ada"
    assert operator.get(undo).status_code == 404


def test_the_page_of_a_merged_contact_is_that_of_the_kept_one(operator, ada, twin):
    operator.post(url(ada), {"other": twin.pk})
    answer = operator.get(url(twin, "change"), follow=True)
    assert answer.redirect_chain == [(url(ada, "change"), 302)]
    listed = operator.get("/admin/contacts/contact/?q=old-ada").context["cl"].result_list
    assert [person.pk for person in listed] == [ada.pk]


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ("nobody", "No other contact is known by &#x27;nobody&#x27;."),
        ("self", "This is the same contact"),
        ("+44 7700 900999", "Several contacts are known by"),
    ],
)
def test_what_cannot_be_merged_is_told(operator, ada, other, words):
    contact("b", phone="+447700900999")
    contact("c", phone="+447700900999")
    page = operator.get(url(ada), {"other": ada.pk if other == "self" else other}).content.decode()
    assert words in page
    assert "Merge them" not in page


@pytest.mark.parametrize("role", ["Marketer", "Support agent", "Analyst"])
def test_others_may_not(ada, twin, role):
    browser = staff.client(role)
    assert browser.post(url(ada), {"other": twin.pk}).status_code == 403
    assert "Merge with" not in browser.get(url(ada, "change")).content.decode()
    assert not Merge.objects.exists()
