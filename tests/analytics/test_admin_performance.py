"""The page "Performance": a table of what happened between two days, and the same as CSV."""

import csv
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from analytics import tallies
from config import clock
from journeys.models import Version
from tests import staff
from tests.journeys import driving
from tests.pages import queries, who

pytestmark = pytest.mark.django_db

PAGE = reverse("admin:performance")
CSV = reverse("admin:performance_csv")
SIGHTED = {"Marketer", "Legal reviewer", "Operator", "Support agent", "Analyst", "Administrator"}


@pytest.fixture
def analyst():
    return staff.client("Analyst")


@pytest.fixture
def version() -> Version:
    """Ten people came today, five messages left; long ago there were a hundred."""
    found = driving.live(driving.step("wait", "pause", for_="1d", title="A pause"), driving.step("exit", "out"))
    now = clock.now()
    tallies.add(
        {(found.pk, "", "entered"): 10, (found.pk, "", "converted"): 2},
        now,
        {(found.pk, "", "converted"): Decimal("1234.50")},
    )
    tallies.add(
        {
            (found.pk, "pause", "entered"): 10,
            (found.pk, "pause", "sent"): 5,
            (found.pk, "pause", "blocked:no_consent"): 3,
        },
        now,
    )
    tallies.add({(found.pk, "pause", "sent"): 100}, now - timedelta(days=90))
    return found


def rows(answer) -> list[dict[str, str]]:
    return list(csv.DictReader(answer.content.decode().splitlines()))


def test_a_version_is_followed_by_its_steps(analyst, version) -> None:
    html = analyst.get(PAGE).content.decode()
    assert str(version) in html
    assert html.index(str(version)) < html.index("A pause")
    assert "1,234.50" in html
    assert ">5<" in html
    assert ">100<" not in html


def test_other_days_can_be_chosen(analyst, version) -> None:
    first = (clock.now() - timedelta(days=100)).date().isoformat()
    assert ">105<" in analyst.get(PAGE, {"since": first}).content.decode()


def test_one_journey_can_be_chosen(analyst, version) -> None:
    other = driving.live(driving.step("exit"), key="other")
    tallies.add({(other.pk, "", "entered"): 77}, clock.now())
    html = analyst.get(PAGE, {"journey": version.journey_id}).content.decode()
    assert ">77<" not in html
    assert ">77<" in analyst.get(PAGE).content.decode()


def test_without_figures_it_says_so(analyst) -> None:
    html = analyst.get(PAGE).content.decode()
    assert "Nothing happened in these days." in html
    assert "Download as CSV" not in html


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"since": "2026-11-20", "until": "2026-11-01"}, "This is before the first day."),
        ({"since": "yesterday"}, "Enter a valid date."),
        ({"journey": "999"}, "Select a valid choice."),
    ],
)
def test_bad_choices_are_told(analyst, version, query, sentence) -> None:
    answer = analyst.get(PAGE, query)
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    export = analyst.get(CSV, query)
    assert export.status_code == 400
    assert sentence in export.content.decode()


def test_the_csv_has_every_outcome(analyst, version) -> None:
    answer = analyst.get(CSV)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    whole, pause, out = rows(answer)
    assert (whole["journey"], whole["version"], whole["step"]) == ("Welcome", "1", "")
    assert (whole["entered"], whole["sent"], whole["blocked"], whole["converted"], whole["revenue"]) == (
        "10",
        "5",
        "3",
        "2",
        "1234.50",
    )
    assert (pause["step"], pause["blocked:no_consent"], out["sent"]) == ("A pause", "3", "0")


def test_a_name_that_looks_like_a_formula_is_text(analyst, version) -> None:
    version.journey.name = "=HYPERLINK(1)"
    version.journey.save()
    assert rows(analyst.get(CSV))[0]["journey"] == "'=HYPERLINK(1)"


def test_who() -> None:
    assert who(PAGE) == SIGHTED
    assert who(CSV) == SIGHTED


def test_it_costs_the_same_however_many_journeys(analyst, version) -> None:
    few = queries(analyst, PAGE)
    for number in range(6):
        other = driving.live(driving.step("exit"), key=f"j{number}")
        tallies.add({(other.pk, "", "entered"): 1}, clock.now())
    assert queries(analyst, PAGE) == few
