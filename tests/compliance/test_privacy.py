"""Requests under the GDPR in the admin: their list with due dates, answering them, and erasing somebody."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from compliance import privacy
from compliance.admin.privacy import standing
from compliance.models import ErasureRecord, PrivacyRequest
from config import clock
from contacts.models import Contact
from tests import staff
from tests.builders import NOW, account, consent, contact, message, template, user
from tests.pages import queries, who

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LIST = reverse("admin:compliance_privacyrequest_changelist")
ADD = reverse("admin:compliance_privacyrequest_add")
L, S, X = "Legal reviewer", "Support agent", "Administrator"


@pytest.fixture
def lawyer():
    return staff.client(L)


@pytest.fixture
def ada():
    return contact("ada", email="ada@example.test", first_name="Ada", last_name="Lovelace")


def asked(kind="access", at=NOW, **more):
    return PrivacyRequest.objects.create(kind=kind, received_at=at, **more)


def page(request):
    return reverse("admin:compliance_privacyrequest_change", args=[request.pk])


@pytest.mark.parametrize(
    ("received", "extended", "due"),
    [
        (datetime(2026, 11, 24, 12, tzinfo=UTC), "", datetime(2026, 12, 24, 12, tzinfo=UTC)),
        (datetime(2027, 1, 31, tzinfo=UTC), "", datetime(2027, 2, 28, tzinfo=UTC)),  # the month has no such day
        (datetime(2028, 1, 31, tzinfo=UTC), "", datetime(2028, 2, 29, tzinfo=UTC)),
        (datetime(2026, 11, 30, tzinfo=UTC), "complex", datetime(2027, 2, 28, tzinfo=UTC)),
    ],
)
def test_it_is_due_within_a_month_or_three(received, extended, due):
    assert asked(at=received, address="a@b.test", extended_because=extended).due_at == due


@pytest.mark.parametrize(
    ("now", "word"),
    [
        (NOW, "due"),
        (NOW + 24 * DAY, "due soon"),
        (NOW + 30 * DAY - timedelta(seconds=1), "due soon"),
        (NOW + 30 * DAY, "overdue"),
    ],
)
def test_how_it_stands(now, word):
    assert standing(asked(), now) == word


def test_answering_it(ada):
    lawyer = user("lawyer", "compliance.change_privacyrequest")
    request = asked(contact=ada)
    privacy.finish(request, lawyer, NOW + DAY)
    request.refresh_from_db()
    assert (request.done_at, request.done_by, standing(request, NOW + 90 * DAY)) == (NOW + DAY, lawyer, "done")
    with pytest.raises(ValidationError, match="done already"):
        privacy.finish(request, lawyer, NOW + 2 * DAY)


def test_an_erasure_is_answered_by_erasing(ada):
    lawyer = user("lawyer", "compliance.change_privacyrequest")
    with pytest.raises(ValidationError, match="when the person is erased"):
        privacy.finish(asked("erasure", contact=ada), lawyer, NOW)
    unknown = asked("erasure", address="nobody@example.test")
    privacy.finish(unknown, lawyer, NOW)  # nothing is known of them, and that is the answer
    with pytest.raises(PermissionDenied):
        privacy.finish(asked(), user("maria"), NOW)


# -- pages -------------------------------------------------------------------------------------------------------------


def test_who_opens_what(ada):
    request = asked(contact=ada)
    assert who(LIST) == {L, S, X}
    assert who(ADD) == {L, S, X}
    assert who(page(request)) == {L, S, X}
    assert who(reverse("admin:compliance_privacyrequest_delete", args=[request.pk])) == set()
    assert who(reverse("admin:compliance_erasurerecord_changelist")) == {L, X}
    assert who(reverse("admin:contacts_contact_erase", args=[ada.pk])) == {L, X}
    done = reverse("admin:compliance_privacyrequest_done", args=[request.pk])
    assert who(done, "post", allowed=302) == {L, X}
    assert staff.client(L, "another").get(done).status_code == 405


def test_the_list_shows_what_is_late_first(lawyer, ada):
    asked(contact=ada, at=NOW)
    asked("rectification", at=NOW - 40 * DAY, address="late@example.test")
    done = asked(at=NOW - 90 * DAY, address="done@example.test", done_at=NOW, done_by=user("lena"))
    with clock.at(NOW):
        html = lawyer.get(LIST).content.decode()
    assert html.index("late@example.test") < html.index("Ada Lovelace") < html.index(done.address)
    assert "overdue" in html
    assert "due" in html


def test_the_empty_list(lawyer):
    assert lawyer.get(LIST).status_code == 200


def test_the_list_costs_the_same_for_many(lawyer):
    asked(contact=contact("p"))
    few = queries(lawyer, LIST)
    for number in range(20):
        asked(contact=contact(f"p{number}"))
    assert queries(lawyer, LIST) <= few


def form(**fields):
    return {
        "kind": "access",
        "received_at_0": "2026-11-20",
        "received_at_1": "09:00:00",
        "address": "",
        "extended_because": "",
        "note": "",
        **fields,
    }


def test_noting_one(lawyer, ada):
    with clock.at(NOW):
        lawyer.post(ADD, form(contact=ada.pk))
    request = PrivacyRequest.objects.get()
    assert (request.contact, request.due_at) == (ada, datetime(2026, 12, 20, 9, tzinfo=UTC))


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "Say who asks"),
        ({"address": "a@b.test", "received_at_0": "2027-01-01"}, "lies in the future"),
        ({"address": "a@b.test", "kind": "magic"}, "not one of the available choices"),
        ({"address": "a@b.test", "received_at_0": "soon"}, "Enter a valid date"),
    ],
)
def test_what_is_wrong_is_said(lawyer, fields, sentence):
    with clock.at(NOW):
        assert sentence in lawyer.post(ADD, form(**fields)).content.decode()
    assert not PrivacyRequest.objects.exists()


def test_marking_one_as_answered(lawyer, ada):
    request = asked(contact=ada)
    with clock.at(NOW + DAY):
        assert "Mark as answered" in lawyer.get(page(request)).content.decode()
        html = lawyer.post(f"/admin/compliance/privacyrequest/{request.pk}/done/", follow=True).content.decode()
        assert "is done." in html
        shown = lawyer.get(page(request)).content.decode()
    assert "answered" in shown
    assert "Mark as answered" not in shown
    assert 'name="_save"' not in shown


def test_an_erasure_leads_to_the_person(lawyer, ada):
    html = lawyer.get(page(asked("erasure", contact=ada))).content.decode()
    assert f"/admin/contacts/contact/{ada.pk}/change/" in html
    assert "Mark as answered" not in html


def test_a_person_s_page_shows_their_requests(lawyer, ada):
    asked(contact=ada, at=NOW - 40 * DAY)
    with clock.at(NOW):
        html = lawyer.get(f"/admin/contacts/contact/{ada.pk}/change/").content.decode()
    assert "Data protection" in html
    assert "overdue since" in html
    assert f"/admin/contacts/contact/{ada.pk}/erase/" in html
    agent = staff.client(S).get(f"/admin/contacts/contact/{ada.pk}/change/").content.decode()
    assert "Data protection" in agent
    assert "/erase/" not in agent
    assert "access.zip" not in agent


# -- erasing by hand ---------------------------------------------------------------------------------------------------


def erase(browser, person, **fields):
    with clock.at(NOW):
        data = {"reason": "request 12", "sure": "on", **fields}
        return browser.post(f"/admin/contacts/contact/{person.pk}/erase/", data, follow=True).content.decode()


def test_it_is_asked_first(lawyer, ada):
    html = lawyer.get(f"/admin/contacts/contact/{ada.pk}/erase/").content.decode()
    assert "Erase Ada Lovelace" in html
    assert "Also erase" not in html
    assert Contact.objects.filter(pk=ada.pk).exists()


def test_then_it_is_done(lawyer, ada):
    account("email")
    consent(ada)
    message(ada, template("hello"), due_at=NOW + DAY)
    html = erase(lawyer, ada)
    assert f"Contact {ada.pk} is erased, with" in html
    assert "1 waiting message will not be sent." in html
    assert ErasureRecord.objects.get().erased_by.username == "legal-reviewer"
    assert not Contact.objects.filter(pk=ada.pk).exists()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [({"sure": ""}, "Tick the box"), ({"reason": ""}, "This field is required"), ({"reason": "  "}, "required")],
)
def test_unless_it_is_not_meant(lawyer, ada, fields, sentence):
    assert sentence in erase(lawyer, ada, **fields)
    assert Contact.objects.filter(pk=ada.pk).exists()


def test_others_with_the_address_are_offered(lawyer, ada):
    twin, stranger = contact("twin", email="ada@example.test"), contact("bob", email="bob@example.test")
    html = lawyer.get(f"/admin/contacts/contact/{ada.pk}/erase/").content.decode()
    assert "Also erase the 1 other contact with the same address" in html
    assert "2 contacts are erased" in erase(lawyer, ada, others="on")
    assert list(Contact.objects.all()) == [stranger]
    assert twin.pk in ErasureRecord.objects.values_list("contact_number", flat=True)


def test_but_only_erased_when_ticked(lawyer, ada):
    twin = contact("twin", email="ada@example.test")
    erase(lawyer, ada)
    assert list(Contact.objects.all()) == [twin]


def test_the_proof_can_be_read(lawyer, ada):
    consent(ada)
    erase(lawyer, ada)
    record = ErasureRecord.objects.get()
    html = lawyer.get(reverse("admin:compliance_erasurerecord_change", args=[record.pk])).content.decode()
    assert "request 12" in html
    assert "express_written" in html
    assert "ada@example.test" not in html
