"""Journeys and the people in them: read, paused, resumed, and somebody taken out."""

from datetime import timedelta

import pytest

from channels.models import Message
from config import clock
from contacts.models import Contact
from journeys import publishing
from journeys.models import Enrolment, Journey, Version
from tests import builders
from tests.api.cast import Caller
from tests.builders import NOW
from tests.journeys import driving
from tests.journeys.driving import step

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def version(db) -> Version:
    builders.template("hello")
    goal = {"event": "order.completed", "within": "14d", "value": "revenue"}
    return driving.live(
        step("wait", for_="3d"), step("send", template="hello"), goal=goal, exit_when=[{"event": "order.completed"}]
    )


@pytest.fixture
def ada(version) -> Contact:
    """Ada waits in the journey `welcome`, since noon."""
    found = builders.contact("ada", email="ada@example.test")
    driving.happens(found)
    return found


class TestReading:
    def test_a_journey_with_its_design(self, dashboard, version) -> None:
        status, body = dashboard.get("journeys/welcome/")
        assert status == 200
        assert (body["key"], body["state"], body["brand"], body["live_version"]) == ("welcome", "live", "acme", 1)
        assert body["priority"] == "normal"
        design = body["design"]
        assert (design["trigger"], design["trigger_config"]) == ("event", {"name": "signup"})
        assert [(s["key"], s["kind"], s["config"]) for s in design["steps"]] == [
            ("wait", "wait", {"for": "3d"}),
            ("send", "send", {"template": "hello"}),
        ]
        assert design["goal"]["event"] == "order.completed"
        assert design["exit_when"] == [{"event": "order.completed"}]
        assert design["checksum"] == version.checksum

    def test_a_draft_has_no_live_version(self, dashboard) -> None:
        driving.draft(step("wait", for_="3d"), key="later")
        [row] = dashboard.rows("journeys/")
        assert (row["state"], row["live_version"]) == ("draft", None)
        assert dashboard.get("journeys/later/")[1]["design"] is None

    def test_a_draft_of_a_live_journey_is_not_shown(self, dashboard, version) -> None:
        driving.draft(step("wait", for_="9d"))
        body = dashboard.get("journeys/welcome/")[1]
        assert (body["live_version"], len(body["design"]["steps"])) == (1, 2)

    def test_journeys_by(self, dashboard, version) -> None:
        driving.draft(step("wait", for_="3d"), key="later")
        assert [row["key"] for row in dashboard.rows("journeys/", state="live")] == ["welcome"]
        assert [row["key"] for row in dashboard.rows("journeys/", brand="acme")] == ["later", "welcome"]
        assert dashboard.rows("journeys/", brand="nobody") == []
        assert dashboard.get("journeys/", state="asleep")[0] == 400

    def test_an_enrolment_with_its_visits(self, dashboard, ada) -> None:
        driving.run(NOW + 3 * DAY)
        status, body = dashboard.get(f"enrolments/{Enrolment.objects.get().pk}/")
        assert status == 200
        assert (body["journey"], body["version"], body["contact"], body["contact_external_id"]) == (
            "welcome",
            1,
            ada.pk,
            "ada",
        )
        assert [(visit["step"], visit["entered_at"], visit["left_at"]) for visit in body["visits"]] == [
            ("wait", "2026-11-24T12:00:00Z", "2026-11-27T12:00:00Z"),
            ("send", "2026-11-27T12:00:00Z", None),
        ]
        assert Message.objects.get().key == f"visit:{body['visits'][1]['id']}"

    @pytest.mark.parametrize(
        ("parameters", "count"),
        [
            ({"journey": "welcome"}, 2),
            ({"journey": "nobody"}, 0),
            ({"state": "waiting"}, 2),
            ({"state": "left"}, 0),
            ({"contact_external_id": "ada"}, 1),
            ({"entered_from": "2026-11-25T00:00:00Z"}, 1),
            ({"entered_before": "2026-11-25T00:00:00Z"}, 1),
            ({"ended_from": "2026-11-01T00:00:00Z"}, 0),
        ],
    )
    def test_enrolments_by(self, dashboard, ada, parameters, count) -> None:
        driving.happens(builders.contact("bob"), at=NOW + DAY)
        assert len(dashboard.rows("enrolments/", **parameters)) == count

    def test_enrolments_by_contact(self, dashboard, ada) -> None:
        [row] = dashboard.rows("enrolments/", contact=ada.pk)
        assert (row["contact"], row["step"], row["due_at"]) == (ada.pk, "wait", "2026-11-27T12:00:00Z")

    def test_a_goal_shows_when_and_how_much(self, dashboard, ada) -> None:
        driving.happens(ada, "order.completed", NOW + DAY, revenue=29.9)
        [row] = dashboard.rows("enrolments/", state="left")
        assert (row["converted_at"], row["conversion_value"]) == ("2026-11-25T12:00:00Z", "29.90")


class TestPausing:
    def test_nobody_moves_until_it_is_resumed(self, marketing, ada) -> None:
        status, body = marketing.post("journeys/welcome/pause/", {"reason": "A test."})
        assert (status, body["state"]) == (200, "paused")
        driving.run(NOW + 4 * DAY)
        assert driving.at_step() == {"wait": 1}
        with clock.at(NOW + 5 * DAY):
            assert marketing.post("journeys/welcome/resume/", {"reason": "A test."})[1]["state"] == "live"
        driving.run(NOW + 5 * DAY)
        assert driving.at_step() == {"send": 1}

    def test_it_is_kept_who_did_it(self, marketing, maria, ada) -> None:
        from compliance.models import Stop

        marketing.post("journeys/welcome/pause/", {"reason": "A test."})
        assert Stop.objects.get().set_by == maria

    def test_what_does_not_fit_its_state_is_409_with_the_reason(self, marketing, ada) -> None:
        assert marketing.post("journeys/welcome/resume/", {"reason": "A test."}) == (
            409, {"detail": "Welcome is live; only a paused journey can be resumed."},
        )  # fmt: skip
        marketing.post("journeys/welcome/pause/", {"reason": "A test."})
        status, body = marketing.post("journeys/welcome/pause/", {"reason": "A test."})
        assert status == 409
        assert body["detail"] == "Welcome is paused; only a live journey can be paused."
        assert Journey.objects.get().state == "paused"

    def test_it_asks_why(self, marketing, ada) -> None:
        for body in ({}, {"reason": " "}, {"reason": "x" * 101}, {"why": "A test."}):
            status, answer = marketing.post("journeys/welcome/pause/", body)
            assert (status, "reason" in answer) == (400, "why" not in body)
        assert Journey.objects.get().state == "live"

    def test_reading_does_not_pause(self, marketing, ada) -> None:
        assert marketing.get("journeys/welcome/pause/")[0] == 405
        assert Journey.objects.get().state == "live"

    def test_an_unknown_journey_is_404(self, marketing) -> None:
        assert marketing.post("journeys/nobody/pause/", {"reason": "A test."})[0] == 404


class TestLeaving:
    def leave(self, who: Caller) -> tuple[int, dict]:
        with clock.at(NOW + 4 * DAY):
            return who.post(f"enrolments/{Enrolment.objects.get().pk}/leave/", {"reason": "A complaint."})

    def test_the_person_is_out_at_once_and_the_waiting_message_is_not_sent(self, marketing, ada) -> None:
        driving.run(NOW + 3 * DAY)
        status, body = self.leave(marketing)
        assert status == 200
        assert (body["state"], body["end_reason"]) == ("left", "taken out by hand: A complaint.")
        assert body["ended_at"] == "2026-11-28T12:00:00Z"
        assert body["visits"][-1]["left_at"] == "2026-11-28T12:00:00Z"
        assert Message.objects.get().state == "blocked"

    def test_not_without_a_reason(self, marketing, ada) -> None:
        address = f"enrolments/{Enrolment.objects.get().pk}/leave/"
        assert marketing.post(address) == (400, {"reason": ["This field is required."]})
        assert marketing.post(address, {"reason": " "})[0] == 400
        assert Enrolment.objects.get().state == "waiting"

    def test_who_is_out_already_stays_so(self, marketing, ada) -> None:
        first = self.leave(marketing)
        with clock.at(NOW + 9 * DAY):
            again = marketing.post(f"enrolments/{Enrolment.objects.get().pk}/leave/", {"reason": "Another."})
        assert again == first

    def test_people_leave_a_paused_journey_too(self, marketing, ada) -> None:
        publishing.pause(Journey.objects.get(), driving.publisher(), NOW, "A test.")
        assert self.leave(marketing)[1]["state"] == "left"
