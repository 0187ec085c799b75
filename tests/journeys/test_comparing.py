"""What changed in a journey: steps, entry and segments, as reviewers read it on the review's page."""

import itertools
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from contacts.models import Segment
from journeys import comparing
from journeys.blueprints import Blueprint
from journeys.comparing import Field, Part, parts
from journeys.models import Version
from tests import staff
from tests.builders import NOW, review_of, segment
from tests.journeys.driving import draft, live, step

VIP = {"kind": "attribute", "path": "vip", "op": "eq", "value": True}


def design(*steps, **more) -> Blueprint:
    return Blueprint(trigger="event", trigger_config={"name": "signup"}, steps=steps, **more)


def test_the_same_differs_in_nothing() -> None:
    assert parts(design(step("wait", for_="3d")), design(step("wait", for_="3d"))) == []


def test_steps_are_added_removed_and_changed_field_by_field() -> None:
    old = design(step("wait", for_="3d", exits={"next": "bye"}), step("exit", "bye"), step("wait", "old", for_="1d"))
    new = design(step("wait", for_="5d", title="A pause"), step("send", "hello", template="offer"), step("exit", "bye"))
    changed, added, removed = parts(old, new)
    assert (changed.kind, changed.title) == ("changed", "Wait: A pause (wait)")
    assert changed.fields[0] == Field("Title", "", "A pause")
    assert [(one.before, one.after) for one in changed.fields[1:]] == [("3d", "5d"), ("bye", "the step below")]
    assert (added.kind, added.title.endswith(": hello")) == ("added", True)
    assert Field("Template", "", "offer") in added.fields
    assert (removed.kind, removed.title) == ("removed", "Wait: old")
    assert "1d" in [one.before for one in removed.fields]


def test_the_entry_and_its_rules_are_told() -> None:
    old = design(reentry="once", exit_when=[{"event": "order.completed"}])
    new = Blueprint("segment", {"segment": "vip"}, "after", "90d", "order_id", (), {"event": "paid", "within": "7d"})
    [entry] = parts(old, new)
    assert (entry.kind, entry.title) == ("changed", "Entry and rules")
    told = {one.name: (one.before, one.after) for one in entry.fields}
    assert told["Re-entry"] == ("only once", "again after a pause")
    assert told["Pause before re-entry"] == ("", "90d")
    assert told["Leave at once on"] == ("- {event: order.completed}", "")
    assert told["Segment"] == ("", "vip")
    assert told["Name"] == ("signup", "")
    assert "within: 7d" in told["Goal"][1]


def test_what_lets_people_in_is_told_in_words() -> None:
    assert comparing.trigger(Blueprint()) == [Field("Trigger", "", "none yet")]
    told = comparing.trigger(Blueprint("segment", {"segment": "vip"}))
    assert told == [Field("Trigger", "", "Entry into a segment"), Field("Segment", "", "vip")]


def test_lists_and_kinds_that_are_gone_can_be_read() -> None:
    old, new = design(step("gone", "x", deep={"a": [1]})), design(step("gone", "x", deep={"a": [2]}))
    assert parts(old, new) == [Part("changed", "gone: x", (Field("Deep", "a: [1]", "a: [2]"),))]


@pytest.mark.parametrize("order", list(itertools.permutations("abcd")))
def test_the_fewest_steps_are_told_as_moved(order) -> None:
    steps = {key: step("exit", key) for key in "abcd"}
    found = parts(design(*steps.values()), design(*(steps[key] for key in order)))
    longest = max(
        len(some) for size in range(5) for some in itertools.combinations(order, size) if sorted(some) == list(some)
    )
    assert len(found) == 4 - longest
    assert {one.kind for one in found} <= {"moved"}
    assert all(one.fields[0].name == "Place" for one in found)


def test_without_an_older_design_all_is_added() -> None:
    assert {one.kind for one in parts(None, design(step("exit")))} == {"added"}


def test_conditions_of_segments() -> None:
    before, after = {"a": VIP, "b": VIP, "c": VIP}, {"a": VIP, "b": {**VIP, "value": False}, "d": {}}
    found = comparing.conditions(before, after)
    assert [(one.kind, one.title) for one in found] == [
        ("changed", "Segment b"), ("removed", "Segment c"), ("added", "Segment d")
    ]  # fmt: skip
    assert "value: false" in found[0].fields[0].after


@pytest.mark.django_db
class TestPage:
    @pytest.fixture
    def vip(self) -> Segment:
        made = segment("vip", VIP)
        made.history.update(history_date=NOW - timedelta(days=9))
        return made

    @staticmethod
    def page(version: Version) -> str:
        return reverse("admin:compliance_review_change", args=[review_of(version, NOW).pk])

    def test_it_shows_what_differs_from_the_version_in_use(self, vip) -> None:
        trigger = {"kind": "segment", "segment": "vip"}
        live(step("wait", for_="3d"), step("exit", "done"), trigger=trigger)
        version = draft(step("wait", for_="<b>"), step("exit", "bye"), trigger=trigger)
        html = staff.client("Legal reviewer").get(self.page(version)).content.decode()
        assert "What changed" in html
        assert (
            '<del class="wm-del">3d</del> → <span class="wm-seen">after</span> <ins class="wm-ins">&lt;b&gt;</ins>'
            in html
        )
        assert "done</h3>" in html
        assert "bye</h3>" in html
        before, after = html.split("<svg")[1:]
        assert [before.count(f">{word}</text>") for word in ("changed", "removed", "added")] == [1, 1, 0]
        assert [after.count(f">{word}</text>") for word in ("changed", "removed", "added")] == [1, 0, 1]
        assert "Segment vip" not in html

    def test_a_segment_that_changed_since_counts(self, vip) -> None:
        trigger = {"kind": "segment", "segment": "vip"}
        live(step("exit"), trigger=trigger)
        vip.condition = {**VIP, "value": "since yesterday"}
        vip.save()
        html = staff.client("Legal reviewer").get(self.page(draft(step("exit"), trigger=trigger))).content.decode()
        assert "Segment vip</h3>" in html
        assert "since yesterday" in html

    def test_without_a_version_in_use_all_is_new(self) -> None:
        page = self.page(draft(step("wait", for_="3d"), step("exit")))
        browser = staff.client("Legal reviewer")
        html = browser.get(page).content.decode()
        assert "No version of this journey is in use: all of it is new." in html
        assert "added</span> Wait: wait" in html
        assert html.count("<svg") == 1
        assert 'class="since"' not in html

    def test_it_is_for_those_who_may_see_journeys(self) -> None:
        page = self.page(draft(step("exit")))
        browser = staff.client("", "blind")
        User.objects.get(username="blind").user_permissions.add(Permission.objects.get(codename="view_review"))
        answer = browser.get(page)
        assert answer.status_code == 200
        assert "What changed" not in answer.content.decode()
