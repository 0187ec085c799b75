"""A person's page: the journeys that they are or were in."""

from datetime import timedelta

import pytest

from config import clock
from tests import staff
from tests.builders import NOW, contact
from tests.journeys.driving import happens, live, only, run, step

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def ada():
    return contact("user-1", email="ada@example.test", timezone="America/New_York")


@pytest.fixture
def analyst():
    return staff.client("Analyst")


def card(browser, person, now=NOW):
    """The card's text, in one line."""
    with clock.at(now):
        page = browser.get(f"/admin/contacts/contact/{person.pk}/change/").content.decode()
    return " ".join(page.partition('id="card-journeys"')[2].partition("</section>")[0].split())


def test_where_somebody_waits_and_until_when_on_both_clocks(analyst, ada):
    live(step("wait", title="Three days", for_="3d"))
    happens(ada)
    text = card(analyst, ada)
    assert "Welcome" in text
    assert "v1" in text
    assert "Three days" in text
    assert "27 Nov 2026, 12:00" in text
    assert "(07:00 there)" in text
    assert ">waiting</span>" in text


def test_where_somebody_left_and_why(analyst, ada):
    live(step("wait", for_="1d"), step("exit", reason="had enough"))
    happens(ada)
    run(NOW + DAY)
    text = card(analyst, ada, NOW + 2 * DAY)
    assert "had enough" in text
    assert ">finished</span>" in text


def test_somebody_whom_an_error_set_aside(analyst, ada):
    live(step("wait", for_="1d"))
    happens(ada)
    enrolment = only()
    enrolment.state, enrolment.error, enrolment.due_at, enrolment.ended_at = "failed", "KeyError: 'x'", None, NOW
    enrolment.save()
    text = card(analyst, ada)
    assert ">set aside</span>" in text
    assert "KeyError: &#x27;x&#x27;" in text


def test_the_live_ones_come_first(analyst, ada):
    live(step("wait", for_="30d"), key="alpha", trigger={"kind": "event", "name": "alpha"})
    live(step("wait", for_="1h"), key="beta", trigger={"kind": "event", "name": "beta"})
    happens(ada, "alpha")
    happens(ada, "beta")
    run(NOW + DAY)
    text = card(analyst, ada, NOW + DAY)
    assert text.index("Alpha") < text.index("Beta")


def test_nowhere(analyst, ada):
    live(step("wait", for_="1d"))
    happens(contact("other"))
    assert "In no journey so far." in card(analyst, ada)
