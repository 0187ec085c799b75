"""The API for people whose rights hold only within one brand, or on one journey."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from channels.models import Message
from config.permissions import grants
from contacts.models import Brand
from journeys.models import Enrolment, Journey
from tests import builders
from tests.api.cast import caller
from tests.granted import MARKETER, holder
from tests.journeys import driving

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Brand:
    """Ada waits in its journey, and one of its messages waits for her."""
    ada = builders.contact("ada", email="ada@example.test")
    driving.live(driving.step("wait", for_="3d"))
    driving.happens(ada)
    builders.message(ada, builders.template())
    return builders.brand()


@pytest.fixture
def other() -> Brand:
    found = builders.brand("other")
    Journey.objects.create(brand=found, key="theirs", name="Theirs", state="live")
    return found


def test_lists_hold_what_belongs_to_the_brand(acme, other) -> None:
    mara = caller(holder("mara", acme, *MARKETER))
    assert [row["key"] for row in mara.rows("journeys/")] == ["welcome"]
    assert len(mara.rows("enrolments/")) == len(mara.rows("messages/")) == 1
    finn = caller(holder("finn", other, *MARKETER))
    assert [row["key"] for row in finn.rows("journeys/")] == ["theirs"]
    assert finn.rows("enrolments/") == finn.rows("messages/") == finn.rows("decisions/") == []


def test_what_one_may_not_see_is_not_there(acme, other) -> None:
    finn = caller(holder("finn", other, *MARKETER))
    for path in (
        "journeys/welcome/",
        f"enrolments/{Enrolment.objects.get().pk}/",
        f"messages/{Message.objects.get().pk}/",
    ):
        assert finn.get(path)[0] == 404, path
    assert finn.post("journeys/welcome/pause/", {"reason": "A test."})[0] == 404
    assert finn.post(f"enrolments/{Enrolment.objects.get().pk}/leave/")[0] == 404


def test_who_may_edit_one_and_publish_another_is_refused_with_the_permission(acme, other) -> None:
    """Somewhere the permission is held, so that only the row can tell."""
    mixed = holder("mixed", acme, "edit_in_brand")
    grants.give(other, mixed, "publish_in_brand")
    refused = (403, {"detail": "This needs the permission journeys.publish_journey."})
    assert caller(mixed).post("journeys/welcome/pause/", {"reason": "A test."}) == refused
    assert Journey.objects.get(key="welcome").state == "live"
    assert caller(mixed).post("journeys/theirs/pause/", {"reason": "A test."})[0] == 200


def test_one_journey_alone(acme, other) -> None:
    pia = caller(holder("pia", Journey.objects.get(key="welcome"), "publish_journey"))
    assert [row["key"] for row in pia.rows("journeys/")] == ["welcome"]
    assert pia.get("journeys/welcome/")[0] == 200
    assert pia.post("journeys/welcome/pause/", {"reason": "A test."})[0] == 200
    assert pia.get("messages/")[0] == 403


def test_contacts_belong_to_no_brand(acme) -> None:
    assert caller(holder("mara", acme, *MARKETER)).get("contacts/")[0] == 403


def test_a_list_takes_as_many_queries_with_ten_thousand_journeys(acme) -> None:
    mara = caller(holder("mara", acme, *MARKETER))

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert mara.get("journeys/")[0] == 200
        return len(found)

    Journey.objects.bulk_create(Journey(brand=acme, key=f"a{n}", name="A") for n in range(60))
    few = queries()
    Journey.objects.bulk_create(Journey(brand=acme, key=f"b{n}", name="B") for n in range(10_000))
    assert queries() == few
