"""One person's page: what it shows to whom, and consents by hand."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config import clock
from config.reader import COOKIE
from contacts import consents, panels, suppressions
from contacts.models import Consent, ConsentState
from tests import staff
from tests.builders import NOW, address, consent, contact, event, segment, topic

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def url(person, page="change"):
    return f"/admin/contacts/contact/{person.pk}/{page}/"


def show(browser, person, query="", now=NOW):
    with clock.at(now):
        return browser.get(url(person) + query).content.decode()


@pytest.fixture
def agent():
    return staff.client("Support agent")


@pytest.fixture
def ada():
    return contact(
        "user-1",
        email="ada@example.test",
        phone="+33612345678",
        first_name="Ada",
        last_name="Lovelace",
        plan="pro",
        country="FR",
        timezone="Europe/Paris",
    )


def test_who_they_are(agent, ada):
    page = show(agent, ada)
    assert "Ada Lovelace" in page
    assert ">AL<" in page
    assert "user-1" in page
    assert "Europe/Paris, 13:00 there" in page
    assert "ada@example.test" in page
    assert "<dt>plan</dt><dd>pro</dd>" in page


def test_a_visitor_of_whom_nothing_is_known(agent):
    page = show(agent, contact())
    for sentence in (
        "No address: nothing can be sent.",
        "Nothing has been said. No word is never a yes",
        "Nothing is known yet.",
        "Nothing has happened yet.",
        "In no journey so far.",
        "No message has been asked for.",
        "time zone unknown",
    ):
        assert sentence in page


def test_hostile_attributes_are_text(agent):
    page = show(agent, contact("x", first_name="<script>alert(1)</script>", note='"><img src=x onerror=alert(1)>'))
    assert "<script>alert(1)" not in page
    assert "<img src=x" not in page


def test_what_keeps_an_address_from_being_used(agent, ada):
    phone = ada.addresses.get(kind="phone")
    suppressions.add([suppressions.Suppress(phone.digest, "phone", "bounce")], NOW)
    address(ada, "email", "gone@example.test", validity="invalid", validity_reason="no such mailbox")
    page = show(agent, ada)
    assert "suppressed: bounce" in page
    assert 'title="no such mailbox">invalid' in page


def test_a_lifted_suppression_is_not_shown(agent, ada):
    suppressions.add([suppressions.Suppress(ada.addresses.first().digest, "email", "bounce")], NOW)
    suppressions.lift(list(range(1, 1000)), "mistake", NOW)
    assert "suppressed:" not in show(agent, ada)


def test_consents_by_topic_and_channel(agent, ada):
    consent(ada, "email", topic_key="news", source="signup form")
    consent(ada, "sms", topic_key="offers", expires_at=NOW - DAY)
    consents.withdraw(ada.pk, topic("news").pk, "sms", source="keyword STOP", now=NOW)
    page = show(agent, ada)
    assert "signup form" in page
    assert "keyword STOP" in page
    for state in ("granted", "withdrawn", "expired"):
        assert f">{state}</span>" in page
    assert "E-mail" in page


def test_segments_that_they_are_in(ada):
    segment("payers", refreshed=NOW)
    segment("idlers", {"kind": "attribute", "path": "plan", "op": "is", "value": "free"}, refreshed=NOW)
    page = show(staff.client("Analyst"), ada)
    assert "Payers" in page
    assert "Idlers" not in page


# -- the timeline ------------------------------------------------------------------------------------------------------


def lines(browser, person, **query):
    with clock.at(NOW):
        response = browser.get(url(person), query)
    request = response.wsgi_request
    return panels.timeline(request, person, NOW)


def test_the_timeline_is_newest_first_with_the_person_s_own_time(agent, ada):
    event(ada, "signup", at=NOW - 2 * DAY)
    event(ada, "order.completed", at=NOW - DAY, revenue=49.5)
    agent.cookies[COOKIE] = "America/New_York"
    page = show(agent, ada)
    assert page.index("order.completed") < page.index("signup")
    assert "revenue 49.5" in page
    assert ">07:00</time>" in page
    assert "13:00 there" in page
    assert "23 November 2026" in page


@pytest.mark.parametrize(
    ("family", "names"),
    [
        ("", ["contact.edited", "message.sent", "order.completed"]),
        ("message", ["message.sent"]),
        ("contact", ["contact.edited"]),
        ("event", ["order.completed"]),
        ("journey", []),
        ("nonsense", ["contact.edited", "message.sent", "order.completed"]),
    ],
)
def test_the_timeline_by_family(agent, ada, family, names):
    for name in ("order.completed", "message.sent", "contact.edited"):
        event(ada, name)
    found = lines(agent, ada, family=family)["lines"]
    assert sorted(line.event.name for line in found) == names


def test_paging_shows_every_event_once(agent, ada):
    for number in range(panels.PAGE * 2 + 7):
        event(ada, "page.viewed", at=NOW - timedelta(minutes=number // 3), number=number)
    seen, before = [], ""
    for _ in range(5):
        found = lines(agent, ada, before=before)
        seen += [line.event.properties["number"] for line in found["lines"]]
        before = found["older"]
        if not before:
            break
    assert sorted(seen) == list(range(panels.PAGE * 2 + 7))
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize("before", ["-1", "abc", "9" * 30, "0", "1; DROP"])
def test_an_impossible_page_is_the_newest(agent, ada, before):
    event(ada)
    assert len(lines(agent, ada, before=before)["lines"]) == 1


def test_the_events_of_others_do_not_mark_a_page(agent, ada):
    other = event(contact("other"))
    event(ada)
    assert len(lines(agent, ada, before=str(other.pk))["lines"]) == 1


@pytest.mark.parametrize("number", [10, 60])
def test_the_page_costs_the_same_for_many(agent, ada, number):
    for index in range(number):
        event(ada, at=NOW - timedelta(minutes=index))
        consent(ada, f"channel-{index}"[:20])
        address(ada, "email", f"a{index}@example.test")
    show(agent, ada)
    with CaptureQueriesContext(connection) as queries:
        show(agent, ada)
    assert len(queries) <= 16


def test_cards_appear_only_to_those_who_may_see_them(ada):
    segment("pros", refreshed=NOW)
    assert "card-segments" not in show(staff.client("Support agent"), ada)
    assert "card-segments" in show(staff.client("Marketer"), ada)


@pytest.mark.parametrize("pk", ["0", "99999", "abc"])
def test_nobody_by_that_number(agent, pk):
    assert agent.get(f"/admin/contacts/contact/{pk}/change/").status_code == 404


# -- consents by hand --------------------------------------------------------------------------------------------------


def record(browser, person, **fields):
    data = {"topic": topic().pk, "channel": "email", "basis": "express", "reason": "Letter of 3 November", **fields}
    with clock.at(NOW):
        return browser.post(url(person, "consent"), data)


def problem(response):
    assert response.status_code == 200, "it was taken"
    return " ".join(text for texts in response.context["form"].errors.values() for text in texts)


@pytest.fixture
def lawyer():
    return staff.client("Legal reviewer")


def test_a_consent_recorded_by_hand_keeps_who_and_why(lawyer, ada):
    response = record(lawyer, ada, wording="v3")
    assert response.headers["Location"] == url(ada)
    line = Consent.objects.get()
    assert (line.state, line.basis, line.wording, line.source) == ("granted", "express", "v3", "admin")
    assert (line.occurred_at, line.recorded_at) == (NOW, NOW)
    assert line.proof == {"by": "legal-reviewer", "reason": "Letter of 3 November"}
    assert ConsentState.objects.get().state == "granted"


def test_it_may_have_been_given_earlier_in_the_reader_s_zone(lawyer, ada):
    lawyer.cookies[COOKIE] = "Europe/Berlin"
    record(lawyer, ada, occurred_at_0="2026-11-03", occurred_at_1="10:00:00")
    assert Consent.objects.get().occurred_at == datetime.fromisoformat("2026-11-03T09:00:00+00:00")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"reason": ""}, "This field is required."),
        ({"channel": "pigeon"}, "Select a valid choice. pigeon is not one of the available choices."),
        ({"basis": ""}, "This field is required."),
        ({"topic": "0"}, "Select a valid choice."),
        ({"occurred_at_0": "2027-01-01", "occurred_at_1": "10:00"}, "This lies in the future"),
        ({"occurred_at_0": "yesterday", "occurred_at_1": "10:00"}, "Enter a valid date."),
    ],
)
def test_bad_consents(lawyer, ada, fields, sentence):
    assert sentence in problem(record(lawyer, ada, **fields))
    assert not Consent.objects.exists()


def test_a_support_agent_records_none(agent, ada):
    assert record(agent, ada).status_code == 403
    assert "Record a consent" not in show(agent, ada)


def test_withdrawing(agent, ada):
    consent(ada)
    query = f"?topic={topic().pk}&channel=email"
    with clock.at(NOW + DAY):
        response = agent.post(url(ada, "withdraw") + query, {"reason": "by phone, ticket 4711"})
    assert response.headers["Location"] == url(ada)
    line = Consent.objects.first()
    assert (line.state, line.proof) == ("withdrawn", {"by": "support-agent", "reason": "by phone, ticket 4711"})
    assert ConsentState.objects.get().state == "withdrawn"
    assert Consent.objects.count() == 2


def test_withdrawing_needs_a_reason(agent, ada):
    consent(ada)
    response = agent.post(url(ada, "withdraw") + f"?topic={topic().pk}&channel=email", {"reason": ""})
    assert "This field is required." in problem(response)
    assert ConsentState.objects.get().state == "granted"


@pytest.mark.parametrize(
    "query", ["", "?topic=x&channel=email", "?topic=99999&channel=email", "?topic={topic}&channel=sms"]
)
def test_what_was_never_given_cannot_be_withdrawn(agent, ada, query):
    consent(ada)
    query = query.format(topic=topic().pk)
    assert agent.post(url(ada, "withdraw") + query, {"reason": "x"}).status_code == 404


def test_a_marketer_withdraws_nothing(ada):
    consent(ada)
    marketer = staff.client("Marketer")
    assert "Withdraw…" not in show(marketer, ada)
    assert (
        marketer.post(url(ada, "withdraw") + f"?topic={topic().pk}&channel=email", {"reason": "x"}).status_code == 403
    )
