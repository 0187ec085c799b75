"""Merging two contacts through the API."""

import pytest

from contacts.models import Contact, Merge
from tests import builders
from tests.api.cast import Caller, token
from tests.journeys import driving

pytestmark = pytest.mark.django_db
MAY = ("contacts.view_contact", "contacts.view_address", "contacts.merge_contact")


@pytest.fixture
def shop() -> Caller:
    return Caller(token(builders.user("shop", *MAY), "contacts:read", "contacts:write"))


@pytest.fixture
def ada() -> Contact:
    return builders.contact("ada", email="ada@example.test")


@pytest.fixture
def twin() -> Contact:
    return builders.contact("old-ada", plan="pro")


def test_two_become_one_under_both_ids(shop, ada, twin) -> None:
    status, body = shop.post(f"contacts/{ada.pk}/merge/", {"other": twin.pk})
    assert (status, body["id"], body["attributes"]) == (200, ada.pk, {"plan": "pro"})
    made = Merge.objects.get()
    assert (made.source, made.merged_by.username) == ("api", "shop")
    assert shop.get(f"contacts/{twin.pk}/")[1]["id"] == ada.pk
    assert [row["id"] for row in shop.rows("contacts/", external_id="old-ada")] == [ada.pk]
    assert [row["id"] for row in shop.rows("contacts/")] == [ada.pk]


@pytest.mark.parametrize("other", ["self", 987654321, "x", None])
def test_what_is_wrong_is_told(shop, ada, other) -> None:
    status, body = shop.post(f"contacts/{ada.pk}/merge/", {"other": ada.pk if other == "self" else other})
    assert status == 400
    assert "other" in body
    assert not Merge.objects.exists()


def test_who_was_merged_before_is_not_merged_again(shop, ada, twin) -> None:
    third = builders.contact("third")
    shop.post(f"contacts/{ada.pk}/merge/", {"other": twin.pk})
    status, body = shop.post(f"contacts/{third.pk}/merge/", {"other": twin.pk})
    assert (status, body["detail"]) == (409, f"Contact {twin.pk} was merged into contact {ada.pk} already.")


def test_it_needs_its_own_permission(ada, twin) -> None:
    other = Caller(
        token(builders.user("other", *MAY[:2], "contacts.change_contact"), "contacts:read", "contacts:write")
    )
    assert other.post(f"contacts/{ada.pk}/merge/", {"other": twin.pk})[0] == 403
    assert not Merge.objects.exists()


def test_messages_and_enrolments_are_found_by_the_former_id_too(shop, ada, twin, marketing) -> None:
    """Both stood under the other contact, or come after the merge."""
    driving.live(driving.step("wait", for_="3d"))
    driving.happens(twin)
    hello = builders.template()
    before = builders.message(twin, hello)
    assert shop.post(f"contacts/{ada.pk}/merge/", {"other": twin.pk})[0] == 200
    after = builders.message(ada, hello)
    builders.message(builders.contact("bob"), hello)
    for known_as in ("ada", "old-ada"):
        found = marketing.rows("messages/", contact_external_id=known_as)
        assert [row["id"] for row in found] == [after.pk, before.pk], known_as
        assert [row["contact"] for row in marketing.rows("enrolments/", contact_external_id=known_as)] == [ada.pk]
    assert marketing.rows("messages/", contact_external_id="nobody") == []
