"""The retention of copies over the API: by brand and class, with the reason in history and audit chain."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from compliance import retention
from compliance.chain.notes import because
from compliance.models import AuditNote, CopyRetention
from tests import builders, staff
from tests.api.cast import Caller, caller
from tests.builders import NOW

pytestmark = pytest.mark.django_db
LINE = {"brand": "acme", "message_class": "marketing", "days": 730}


@pytest.fixture
def lena(db) -> Caller:
    """A legal reviewer's system."""
    found = builders.user("lena")
    found.groups.add(Group.objects.get(name="Legal reviewer"))
    return caller(found)


@pytest.fixture
def line(lena) -> dict:
    builders.brand()
    status, made = lena.post("copy-retention/", {**LINE, "reason": "As counsel advised."})
    assert status == 201, made
    return made


def test_a_line_is_made_with_its_reason(line, lena) -> None:
    assert line == {"id": line["id"], **LINE, "done_until": None}
    assert lena.rows("copy-retention/", brand="acme") == [line]
    latest = CopyRetention.history.latest()
    assert (latest.history_change_reason, latest.history_user.username) == ("As counsel advised.", "lena")
    noted = AuditNote.objects.filter(kind="policy.added").latest("id")
    assert noted.payload["reason"] == because("As counsel advised.")["reason"]


def test_other_days_are_looked_at_soon_and_another_class_from_its_beginning(line, lena) -> None:
    CopyRetention.objects.update(due_at=NOW + timedelta(1), done_until=NOW)
    status, body = lena.patch(f"copy-retention/{line['id']}/", {"days": 90, "reason": "Shorter."})
    assert (status, body["days"], body["done_until"][:10]) == (200, 90, f"{NOW:%Y-%m-%d}")
    policy = CopyRetention.objects.get()
    assert (policy.due_at, policy.done_until) == (None, NOW)
    assert retention.next_due(NOW) == NOW
    lena.patch(f"copy-retention/{line['id']}/", {"message_class": "service"})
    assert CopyRetention.objects.get().done_until is None
    noted = AuditNote.objects.filter(kind="policy.changed", payload__reason=because("Shorter.")["reason"]).get()
    assert noted.payload["changed"] == {"days": [730, 90]}


def test_taken_away_with_its_reason(line, lena) -> None:
    assert lena.delete(f"copy-retention/{line['id']}/?reason=Kept+for+ever.") == (204, None)
    assert CopyRetention.history.latest().history_change_reason == "Kept for ever."
    assert AuditNote.objects.filter(kind="policy.removed").latest("id").payload == because("Kept for ever.")


@pytest.mark.parametrize(
    ("change", "field"),
    [({"brand": "nobody"}, "brand"), ({"message_class": "spam"}, "message_class"), ({}, "message_class"), ({"days": -1}, "days"),
     ({"days": 36_501}, "days"), ({"days": "soon"}, "days"), ({"colour": "red"}, "colour"), ({"reason": "x" * 101}, "reason")],
)  # fmt: skip
def test_what_makes_no_sense_is_told(line, lena, change, field) -> None:
    status, told = lena.post("copy-retention/", {**LINE, **change})
    assert (status, list(told)) == (400, [field])
    assert CopyRetention.objects.count() == 1


def test_the_admin_refuses_days_that_no_calendar_has(line) -> None:
    page = reverse("admin:compliance_copyretention_change", args=[line["id"]])
    data = {"brand": CopyRetention.objects.get().brand_id, "message_class": "marketing", "days": 3_000_000}
    answer = staff.client("Administrator").post(page, data)
    assert "At most 36,500 days" in answer.content.decode()


def test_who_may_look_changes_nothing(line, marketing) -> None:
    assert marketing.rows("copy-retention/") == [line]
    assert marketing.post("copy-retention/", LINE) == (
        403, {"detail": "This needs the permission compliance.add_copyretention."},
    )  # fmt: skip
    assert marketing.patch(f"copy-retention/{line['id']}/", {"days": 1})[0] == 403
    assert marketing.delete(f"copy-retention/{line['id']}/")[0] == 403


def test_it_has_a_scope_of_its_own(line) -> None:
    found = builders.user("rudi")
    found.groups.add(Group.objects.get(name="Legal reviewer"))
    reading, reviewing = caller(found, "retention:read"), caller(found, "reviews:write")
    assert reading.rows("copy-retention/") == [line]
    assert reading.patch(f"copy-retention/{line['id']}/", {"days": 1})[0] == 403
    assert reviewing.patch(f"copy-retention/{line['id']}/", {"days": 1})[0] == 403
