"""Every state of a draft can be looked at, compared and taken up again; a published version never goes back."""

import pytest
from django.core.management import call_command
from django.urls import reverse

from journeys import blueprints, editing, histories
from journeys.models import Version
from tests import staff
from tests.journeys import driving
from tests.journeys.driving import draft, step

pytestmark = pytest.mark.django_db


def earlier(version, record) -> str:
    return reverse("admin:journeys_version_simple_history", args=[version.pk, record.history_id])


def test_each_change_is_a_state_with_who_and_why() -> None:
    root = staff.superuser()
    version = draft(step("wait", "pause", for_="3d"), step("exit", "done"))
    page = reverse("admin:journeys_version_step", args=[version.pk, "pause"])
    assert "Reason for this change" in root.get(page).content.decode()
    root.post(page, {"key": "pause", "config_for": "5d", "exit_next": "", "change_reason": "Three days are too few."})
    latest = version.history.first()
    assert (latest.history_user.username, latest.history_change_reason) == ("root", "Three days are too few.")
    assert histories.design(latest) == blueprints.of(Version.objects.get())
    root.post(reverse("admin:journeys_version_delete", args=[version.pk, "done"]))
    assert version.history.first().history_change_reason == "Took step done out."
    listed = root.get(reverse("admin:journeys_version_history", args=[version.pk])).content.decode()
    assert "Three days are too few." in listed


def test_what_differs_is_shown_step_by_step() -> None:
    root = staff.superuser()
    version = draft(step("wait", "pause", for_="3d"), step("exit", "done"))
    before = version.history.first()
    editing.change(version, lambda now: editing.put(now, "pause", step("wait", "pause", for_="5d")))
    shown = root.get(earlier(version, before)).content.decode()
    assert "Step pause" in shown
    assert "Step done" not in shown
    assert "for: 3d" in shown
    assert "for: 5d" in shown
    editing.change(version, lambda now: editing.put(now, "pause", step("wait", "pause", for_="3d")))
    editing.change(version, lambda now: editing.move(now, "done", -1))
    assert "Order of the steps" in root.get(earlier(version, before)).content.decode()


def test_the_way_back_is_a_new_draft() -> None:
    root = staff.superuser()
    version = draft(step("wait", "pause", for_="3d"), step("exit", "done"))
    before = version.history.first()
    editing.change(version, lambda now: editing.remove(now, "pause"))
    assert "New draft from this state" in root.get(earlier(version, before)).content.decode()
    root.post(earlier(version, before), {"change_reason": "We need the pause."})
    made = Version.objects.get(number=2)
    assert blueprints.of(made) == histories.design(before)
    assert [one.key for one in blueprints.of(Version.objects.get(number=1)).steps] == ["done"]
    assert (made.author.username, made.history.first().history_change_reason) == ("root", "We need the pause.")


def test_a_published_version_comes_back_as_a_draft_only() -> None:
    root = staff.superuser()
    version = driving.publish(draft(step("wait", "pause", for_="3d")))
    root.post(earlier(version, version.history.first()))
    version.refresh_from_db()
    assert (version.state, Version.objects.get(number=2).state) == ("live", "draft")


def test_who_may_only_look_makes_no_draft() -> None:
    version = draft(step("wait", "pause", for_="3d"))
    analyst = staff.client("Analyst")
    address = earlier(version, version.history.first())
    assert "New draft" not in analyst.get(address).content.decode()
    assert analyst.post(address).status_code == 403


def test_a_file_says_who_brought_it(tmp_path) -> None:
    version = draft(step("wait", "pause", for_="3d"))
    publisher = driving.publisher()
    publisher.is_superuser = True
    publisher.save()
    path = tmp_path / "journey.yaml"
    call_command("journeys", "export", version.journey.key, "--draft", stdout=path.open("w"))
    path.write_text(path.read_text().replace("3d", "4d"))
    call_command("journeys", "import", str(path), "--user", publisher.username, "--reason", "From the other site.")
    latest = version.history.first()
    assert (latest.history_user, latest.history_change_reason) == (publisher, "From the other site.")
