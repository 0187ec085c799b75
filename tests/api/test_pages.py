"""Lists: pages by cursor that nothing can shift, and as many queries for 60 rows as for 10."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from compliance import gate
from contacts.models import Contact
from tests import builders
from tests.builders import NOW
from tests.journeys import driving

pytestmark = pytest.mark.django_db


def ids(body: dict) -> list[int]:
    return [row["id"] for row in body["results"]]


class TestCursors:
    @pytest.fixture
    def people(self, db) -> list[int]:
        """Seven, the newest first."""
        return [builders.contact(f"c{number}").pk for number in range(7)][::-1]

    def test_forth_and_back(self, dashboard, people) -> None:
        _, page = dashboard.get("contacts/", page_size=3)
        seen = [ids(page)]
        while page["next"]:
            page = dashboard.client.get(page["next"]).json()
            seen.append(ids(page))
        assert seen == [people[:3], people[3:6], people[6:]]
        while page["previous"]:
            page = dashboard.client.get(page["previous"]).json()
        assert ids(page) == people[:3]

    def test_newcomers_shift_nothing(self, dashboard, people) -> None:
        _, first = dashboard.get("contacts/", page_size=3)
        builders.contact("newcomer")
        second = dashboard.client.get(first["next"]).json()
        assert ids(second) == people[3:6]

    def test_rows_that_are_gone_shift_nothing(self, dashboard, people) -> None:
        _, first = dashboard.get("contacts/", page_size=3)
        Contact.objects.filter(pk__in=people[:2]).delete()
        assert ids(dashboard.client.get(first["next"]).json()) == people[3:6]

    def test_the_filter_goes_along(self, dashboard, people) -> None:
        Contact.objects.filter(pk__in=people[::2]).update(country="FR")
        _, first = dashboard.get("contacts/", page_size=3, country="FR")
        second = dashboard.client.get(first["next"]).json()
        assert ids(first) + ids(second) == people[::2]

    def test_fifty_on_a_page_unless_asked_otherwise(self, dashboard) -> None:
        Contact.objects.bulk_create([Contact(created_at=NOW, updated_at=NOW) for _ in range(60)])
        assert len(dashboard.get("contacts/")[1]["results"]) == 50
        assert len(dashboard.get("contacts/", page_size=500)[1]["results"]) == 60

    def test_an_empty_list(self, dashboard) -> None:
        assert dashboard.get("contacts/") == (200, {"next": None, "previous": None, "results": []})


def fill(count: int) -> None:
    """`count` more of everything: people with two addresses, their consents and events, journeys, enrolments, messages."""
    offer = builders.template(f"offer-{count}", channel="sms")
    driving.live(driving.step("wait", for_="3d"), key=f"all-{count}")
    for number in range(count):
        driving.draft(driving.step("wait", for_="3d"), key=f"draft-{count}-{number}")
        person = builders.contact(f"p{count}-{number}", email=f"p{number}@example.test", phone=f"+1212555{number:04}")
        driving.happens(person)
        builders.message(person, offer)
    crowded = Contact.objects.order_by("pk").first()
    for number in range(count):
        builders.event(crowded, at=NOW)
        builders.consent(crowded, "email", topic_key=f"topic-{count}-{number}")
    gate.release(NOW, limit=1000)


@pytest.mark.parametrize(
    "path",
    [
        "contacts/",
        "contacts/{id}/events/",
        "contacts/{id}/consents/",
        "journeys/",
        "enrolments/",
        "messages/",
        "decisions/",
    ],
)
def test_sixty_rows_take_as_many_queries_as_ten(dashboard, path) -> None:
    def asked() -> tuple[int, int]:
        address = path.format(id=Contact.objects.order_by("pk").values_list("pk", flat=True)[0])
        with CaptureQueriesContext(connection) as queries:
            status, body = dashboard.get(address, **({} if "consents" in path else {"page_size": 500}))
        assert status == 200
        return len(body if isinstance(body, list) else body["results"]), len(queries)

    fill(10)
    asked()  # that somebody looked is noted once an hour
    few, before = asked()
    fill(50)
    many, after = asked()
    assert few >= 10
    assert many >= 60
    assert after == before <= 10
