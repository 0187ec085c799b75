"""Who may do what: the scope of the token and the permissions of its user, verb by verb."""

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from compliance.models import Review
from config.api_urls import router
from config.models import SCOPES
from journeys.models import Enrolment, Journey, Version
from tests import builders
from tests.api.cast import Caller, caller, token
from tests.journeys import driving

pytestmark = pytest.mark.django_db

READS = {
    "contacts/": "contacts:read",
    "contacts/{contact}/": "contacts:read",
    "contacts/{contact}/events/": "contacts:read",
    "contacts/{contact}/consents/": "contacts:read",
    "journeys/": "journeys:read",
    "journeys/welcome/": "journeys:read",
    "enrolments/": "journeys:read",
    "enrolments/{enrolment}/": "journeys:read",
    "messages/": "messages:read",
    "messages/{message}/": "messages:read",
    "decisions/": "messages:read",
    "journey-versions/": "journeys:read",
    "journey-versions/{design}/": "journeys:read",
    "journey-versions/{design}/problems/": "journeys:read",
    "templates/": "templates:read",
    "templates/hello/": "templates:read",
    "template-versions/": "templates:read",
    "template-versions/{version}/": "templates:read",
    "template-versions/{version}/problems/": "templates:read",
    "template-versions/{version}/data-quality/": "templates:read",
    "content-blocks/": "templates:read",
    "block-versions/": "templates:read",
    "reviews/": "reviews:read",
    "reviews/{review}/": "reviews:read",
    "review-comments/": "reviews:read",
    "urgent-releases/": "reviews:read",
    "review-policies/": "reviews:read",
    "seed-lists/": "templates:read",
    "testers/": "templates:read",
    "copy-retention/": "retention:read",
}
VERBS = ("journeys/welcome/pause/", "journeys/welcome/resume/")
WRITES = {
    "contacts/": "contacts:write",
    "journeys/welcome/pause/": "journeys:write",
    "journeys/welcome/resume/": "journeys:write",
    "enrolments/{enrolment}/leave/": "journeys:write",
    "journey-versions/{design}/submit/": "journeys:write",
    "journey-versions/{design}/publish/": "journeys:write",
    "template-versions/{version}/submit/": "templates:write",
    "reviews/{review}/withdraw/": "reviews:write",
}


@pytest.fixture
def ids(db) -> dict[str, int]:
    """Ada waits in the journey `welcome`, and a message for her waits at the gate."""
    ada = builders.contact("ada", email="ada@example.test")
    driving.live(driving.step("wait", for_="3d"))
    driving.happens(ada)
    message = builders.message(ada, builders.template())
    review = Review.objects.get(kind="template")
    return {
        "contact": ada.pk,
        "enrolment": Enrolment.objects.get().pk,
        "message": message.pk,
        "design": Version.objects.get().pk,
        "version": review.object_id,
        "review": review.pk,
    }


@pytest.mark.parametrize(("path", "scope"), READS.items())
def test_reading_needs_exactly_the_scope(maria, ids, path, scope) -> None:
    path = path.format(**ids)
    assert caller(maria, scope).get(path)[0] == 200
    others = [other for other in SCOPES if other != scope]
    assert caller(maria, *others).get(path) == (403, {"detail": f"This token does not have the scope {scope}."})


@pytest.mark.parametrize(("path", "scope"), WRITES.items())
def test_writing_needs_exactly_the_scope(maria, ids, path, scope) -> None:
    path = path.format(**ids)
    verbs = (*VERBS, f"enrolments/{ids['enrolment']}/leave/")
    bodies = {"contacts/": {"external_id": "ada"}, **{verb: {"reason": "A test."} for verb in verbs}}
    assert caller(maria, scope).post(path, bodies.get(path, {}))[0] in (200, 409)
    others = [other for other in SCOPES if other != scope]
    assert caller(maria, *others).post(path) == (403, {"detail": f"This token does not have the scope {scope}."})


@pytest.mark.parametrize("path", READS)
def test_an_outsider_reads_nothing_and_learns_not_even_what_exists(outsider, ids, path) -> None:
    real, missing = path.format(**ids), path.format(**dict.fromkeys(ids, 999))
    assert outsider.get(real)[0] == 403
    assert outsider.get(real) == outsider.get(missing)


@pytest.mark.parametrize("path", WRITES)
def test_an_outsider_changes_nothing(outsider, ids, path) -> None:
    status, body = outsider.post(path.format(**ids), {"external_id": "ada", "traits": {"plan": "pro"}})
    assert status == 403
    assert body["detail"].startswith("This needs the permission ")
    assert Journey.objects.get().state == "live"
    assert Enrolment.objects.get().state == "waiting"


@pytest.mark.parametrize("path", READS)
def test_nobody_reads_without_logging_in(ids, path) -> None:
    assert Client().get("/api/" + path.format(**ids)).status_code == 401


@pytest.mark.parametrize(
    ("path", "permission"),
    [
        ("contacts/", "contacts.view_address"),
        ("contacts/{contact}/events/", "contacts.view_event"),
        ("contacts/{contact}/consents/", "contacts.view_consentstate"),
        ("journeys/welcome/", "journeys.view_step"),
        ("enrolments/{enrolment}/", "journeys.view_visit"),
        ("messages/{message}/", "channels.view_renderedcopy"),
        ("journey-versions/{design}/", "journeys.view_step"),
        ("reviews/{review}/", "compliance.view_reviewcomment"),
    ],
)
def test_what_is_shown_inside_a_row_needs_its_own_permission(ids, path, permission) -> None:
    needed = {"contacts.view_contact", "contacts.view_address", "contacts.view_event", "contacts.view_consentstate",
              "journeys.view_journey", "journeys.view_version", "journeys.view_step", "journeys.view_enrolment",
              "journeys.view_visit", "channels.view_message", "channels.view_renderedcopy", "compliance.view_review",
              "compliance.view_reviewstep", "compliance.view_approval", "compliance.view_reviewcomment"}  # fmt: skip
    path = path.format(**ids)
    assert caller(builders.user("full", *needed)).get(path)[0] == 200
    status, body = caller(builders.user("less", *(needed - {permission}))).get(path)
    assert (status, body) == (403, {"detail": f"This needs the permission {permission}."})


@pytest.mark.parametrize("verb", ["journeys/welcome/pause/", "journeys/welcome/resume/"])
def test_who_may_change_but_not_publish_cannot_stop_a_journey(ids, verb) -> None:
    editor = caller(builders.user(
        "editor", "journeys.view_journey", "journeys.change_journey", "journeys.view_enrolment",
        "journeys.change_enrolment", "journeys.view_visit",
    ))  # fmt: skip
    assert editor.post(verb.format(**ids)) == (403, {"detail": "This needs the permission journeys.publish_journey."})


def test_a_support_agent_sees_who_is_in_a_journey_but_not_its_design(ids) -> None:
    sam = builders.user("sam")
    sam.groups.add(Group.objects.get(name="Support agent"))
    agent = caller(sam)
    assert [row["key"] for row in agent.rows("journeys/")] == ["welcome"]
    assert agent.get(f"enrolments/{ids['enrolment']}/")[0] == 200
    assert agent.get("journeys/welcome/")[0] == 403


class TestSessions:
    """People who are logged in use the same addresses, by their permissions alone."""

    @pytest.fixture
    def browser(self, maria) -> Client:
        found = Client(enforce_csrf_checks=True)
        found.force_login(maria)
        return found

    def test_they_read(self, browser, ids) -> None:
        assert browser.get(f"/api/messages/{ids['message']}/").status_code == 200

    def test_they_write_only_with_the_csrf_token(self, browser, ids) -> None:
        response = browser.post("/api/journeys/welcome/pause/", {"reason": "A test."})
        assert response.status_code == 403
        assert "CSRF" in response.json()["detail"]
        assert Journey.objects.get().state == "live"

    def test_an_outsider_may_not(self, ids) -> None:
        browser = Client()
        browser.force_login(builders.user("oscar"))
        assert browser.get("/api/contacts/").status_code == 403

    def test_times_are_utc_whatever_the_browser_says(self, browser, ids) -> None:
        browser.cookies["waymark_timezone"] = "America/New_York"
        assert browser.get(f"/api/contacts/{ids['contact']}/").json()["created_at"] == "2026-11-24T12:00:00Z"
        since = browser.get("/api/contacts/", {"created_from": "2026-11-24T11:59:59"}).json()
        assert len(since["results"]) == 1


@pytest.mark.parametrize("path", ["contacts/", "journeys/", "enrolments/", "messages/", "decisions/"])
def test_a_verb_that_is_not_offered_is_405_and_changes_nothing(marketing, dashboard, ids, path) -> None:
    for method in ("put", "patch", "delete", "options", "trace"):
        response = getattr(dashboard.client, method)(f"/api/{path}")
        assert response.status_code == 405, method
    if path != "contacts/":
        assert marketing.post(path, {})[0] == 405


@pytest.mark.parametrize(
    "path", ["contacts/999/", "contacts/0/", "contacts/abc/", f"contacts/{10**30}/", "contacts/999/events/",
             "journeys/nobody/", "journeys/a%00b/", "enrolments/999/", "messages/999/", "messages/%00/", "decisions/999/",
             "messages/1.5/", "nothing/", "contacts/1/nothing/", "a%0Ab/"],
)  # fmt: skip
def test_what_does_not_exist_is_404(marketing, path) -> None:
    status, body = marketing.get(path)
    assert status == 404
    assert body["detail"]


def test_every_resource_has_a_scope_that_tokens_can_have() -> None:
    for _, view, _ in router.registry:
        assert {f"{view.scope}:read"} <= set(SCOPES)


def test_the_root_names_every_resource_and_nothing_else(db) -> None:
    addresses = Client().get("/api/").json()
    listed = [name for name, view, _ in router.registry if hasattr(view, "list") or hasattr(view, "create")]
    assert addresses == {name: f"http://testserver/api/{name}/" for name in listed}


def test_a_token_without_scopes_reaches_nothing(maria, ids) -> None:
    bare = Caller(token(maria))
    assert {bare.get(path.format(**ids))[0] for path in READS} == {403}
    assert {bare.post(path.format(**ids))[0] for path in WRITES} == {403}
