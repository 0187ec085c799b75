"""Lists of any length: nothing is counted to the end, and the count is told as what it is."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.adminsite.paginator import MOST, CappedPaginator
from contacts.models import Contact
from tests import staff
from tests.builders import NOW, contact

pytestmark = pytest.mark.django_db


def fill(number):
    rows = (Contact(external_id=f"c-{n}", created_at=NOW, updated_at=NOW) for n in range(number))
    Contact.objects.bulk_create(rows, batch_size=2_000)


def pages(rows):
    return CappedPaginator(rows, 50)


def test_a_short_list_is_counted_exactly():
    fill(120)
    found = pages(Contact.objects.order_by("-id"))
    assert (found.count, found.num_pages, found.words) == (120, 3, "120")


def test_an_empty_list_has_one_empty_page():
    found = pages(Contact.objects.order_by("-id"))
    assert (found.count, found.words, list(found.page(1))) == (0, "0", [])


def test_counting_stops_after_ten_thousand():
    fill(MOST + 500)
    found = pages(Contact.objects.filter(country=""))
    assert found.count == MOST + 1
    assert found.words == "more than 10,000"


def test_exactly_ten_thousand_is_still_exact():
    fill(MOST)
    assert pages(Contact.objects.filter(country="")).words == "10,000"


def test_the_count_is_limited_in_the_database_itself():
    fill(20)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert pages(Contact.objects.filter(country="")).count == 20
    assert f"LIMIT {MOST + 1}" in queries[-1]["sql"]


def test_a_plain_list_can_be_paged_too():
    assert pages([1, 2, 3]).count == 3


@pytest.mark.postgres
def test_a_whole_large_table_is_estimated_by_the_planner():
    fill(MOST + 2_000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE contacts_contact")
    whole = pages(Contact.objects.order_by("-id"))
    assert whole.count == pytest.approx(12_000, rel=0.05)
    assert whole.words == "about 12,000"
    with CaptureQueriesContext(connection) as queries:
        assert pages(Contact.objects.order_by("-id")).count
    assert not any("COUNT(" in query["sql"] for query in queries)


@pytest.mark.postgres
def test_a_filtered_list_is_never_estimated():
    fill(MOST + 2_000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE contacts_contact")
    assert pages(Contact.objects.filter(external_id="c-7")).words == "1"


def test_the_list_says_that_there_are_more():
    fill(MOST + 10)
    contact("needle", email="ada@example.test")
    browser = staff.client("Analyst")

    def foot(url):
        return " ".join(browser.get(url).content.decode().split())

    assert "200 contacts" in foot("/admin/contacts/contact/?q=c-")  # a search reads so many entries of an index
    assert "1 contact " in foot("/admin/contacts/contact/?q=needle")
    everything = foot("/admin/contacts/contact/")
    assert re.search(r"(more than 10|about \d+),000 contacts", everything)
