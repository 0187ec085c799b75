"""The admin pages of journeys, used like an API: what each role sees and may do, and that pages cost the same however full."""

import html
import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from compliance import roles
from compliance.models import Stop
from config import clock
from contacts.models import Brand
from journeys import blueprints, engine
from journeys.models import Enrolment, Journey, Version
from tests import builders
from tests.builders import NOW, contact, review_of, template
from tests.journeys.driving import draft, happens, live, only, step

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ROLES = ("Marketer", "Legal reviewer", "Operator", "Support agent", "Analyst")
PUBLISHERS = ("Marketer",)


@pytest.fixture(autouse=True)
def standing_clock():
    with clock.at(NOW + HOUR):
        yield


@pytest.fixture
def as_role(client):
    """Logs somebody of a role in; `superuser` is one, `outsider` has no role at all."""
    roles.sync()

    def log_in(role):
        name = role.lower().replace(" ", "-")
        found = User.objects.filter(username=name).first()
        if not found:
            found = builders.user(name, is_superuser=role == "superuser")
            found.groups.set(Group.objects.filter(name=role))
        client.force_login(found)
        return client

    return log_in


def wait(key="pause", length="1d", **more):
    return step("wait", key, for_=length, **more)


def url(name, *args):
    return reverse(f"admin:journeys_{name}", args=args)


def text(response):
    """What a reader reads: without tags, and with single spaces."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def said(client, response):
    """The messages shown on the page that a form led to."""
    return [str(message) for message in client.get(response["Location"]).context["messages"]]


class TestList:
    def test_it_tells_state_version_and_people(self, as_role):
        version = live(wait())
        happens(contact("ada"))
        draft(wait(), key="coming")
        page = text(as_role("Analyst").get(url("journey_changelist")))
        assert "Welcome live v1 1 Acme" in page
        assert "Coming draft – 0 Acme" in page
        assert version.journey.state == "live"

    def test_search_by_name_or_key_and_filter_by_state(self, as_role):
        live(wait())
        draft(wait(), key="coming")
        client = as_role("Analyst")
        assert "Coming" not in text(client.get(url("journey_changelist"), {"q": "welc"}))
        assert "Welcome" not in text(client.get(url("journey_changelist"), {"state__exact": "draft"}))

    def test_it_costs_the_same_for_many(self, as_role):
        client = as_role("Analyst")
        live(wait())
        client.get(url("journey_changelist"))
        with CaptureQueriesContext(connection) as one:
            client.get(url("journey_changelist"))
        for n in range(8):
            live(wait(), key=f"j{n}")
        with CaptureQueriesContext(connection) as many:
            client.get(url("journey_changelist"))
        assert len(many) <= len(one) <= 15

    def test_nobody_without_a_role_sees_it(self, as_role):
        assert as_role("outsider").get(url("journey_changelist")).status_code == 403


class TestPage:
    def test_everybody_with_a_role_can_look(self, as_role):
        version = live(wait("rest", title="Three days of rest"))
        for role in ROLES:
            page = as_role(role).get(url("journey_change", version.journey_id))
            assert page.status_code == 200
            assert "Three days of rest" in text(page), role
            assert 'aria-label="Diagram"' in page.content.decode()

    def test_the_numbers_are_live_and_lead_to_the_people(self, as_role):
        version = live(wait())
        for name in ("ada", "bob"):
            happens(contact(name))
        page = as_role("Marketer").get(url("journey_change", version.journey_id)).content.decode()
        link = f"{url('enrolment_changelist')}?version={version.pk}&amp;step=pause&amp;state=live"
        assert re.search(rf'<a href="{re.escape(link)}"><text[^>]*><tspan class="number">2</tspan> here now', page)
        people = text(as_role("Marketer").get(link.replace("&amp;", "&")))
        assert "2 enrolments" in people

    def test_the_problems_of_the_draft_are_listed(self, as_role):
        version = draft(step("send", "mail", template="gone"), wait())
        page = text(as_role("Marketer").get(url("journey_change", version.journey_id)))
        assert "1 problem" in page
        assert "step mail, template There is no template 'gone'." in page
        assert "Publish the draft" not in page

    def test_it_costs_the_same_for_many_people_and_steps(self, as_role):
        version = live(wait())
        happens(contact("ada"))
        client = as_role("Marketer")
        address = url("journey_change", version.journey_id)
        client.get(address)
        with CaptureQueriesContext(connection) as one:
            client.get(address)
        live(*[wait(f"w{n}") for n in range(12)])
        for n in range(20):
            happens(contact(f"u{n}"))
        with CaptureQueriesContext(connection) as many:
            client.get(address)
        assert len(many) <= len(one) <= 32

    def test_a_new_journey_begins_with_a_draft(self, as_role):
        brand = builders.brand()
        data = {
            "name": "Back in stock",
            "key": "back-in-stock",
            "brand": brand.pk,
            "description": "",
            "owner": "",
            "priority": "3",
        }
        response = as_role("Marketer").post(url("journey_add"), data)
        assert response.status_code == 302, response.context["errors"]
        journey = Journey.objects.get(key="back-in-stock")
        assert [v.state for v in journey.versions.all()] == ["draft"]
        assert journey.get_priority_display() == "high"
        page = as_role("Marketer").get(url("journey_change", journey.pk))
        assert "There are no steps; add at least one." in text(page)

    def test_key_and_brand_never_change(self, as_role):
        version = live(wait())
        other = Brand.objects.create(key="other", name="Other")
        data = {"name": "Hello", "key": "hacked", "brand": other.pk, "description": "", "owner": "", "priority": "3"}
        as_role("Marketer").post(url("journey_change", version.journey_id), data)
        version.journey.refresh_from_db()
        assert (version.journey.name, version.journey.key, version.journey.brand.key) == ("Hello", "welcome", "acme")

    def test_its_history_tells_who_changed_what(self, as_role):
        version = live(wait())
        data = {"name": "Hello", "description": "", "owner": "", "priority": "3"}
        as_role("Marketer").post(url("journey_change", version.journey_id), data)
        assert "marketer" in text(as_role("Marketer").get(url("journey_history", version.journey_id)))

    def test_nobody_deletes_a_journey(self, as_role):
        version = live(wait())
        assert as_role("superuser").get(url("journey_delete", version.journey_id)).status_code == 403


WHY = {"reason": "A test."}


class TestVerbs:
    def test_publish_is_asked_first_and_done_by_a_post(self, as_role):
        version = draft(wait())
        review_of(version, NOW, state="approved", approved_at=NOW)
        client = as_role("Marketer")
        question = client.get(url("journey_publish", version.journey_id))
        assert "it can never be changed again" in text(question)
        version.refresh_from_db()
        assert version.state == "draft", "looking changes nothing"
        response = client.post(url("journey_publish", version.journey_id))
        version.refresh_from_db()
        assert (version.state, version.published_by.username) == ("live", "marketer")
        assert said(client, response) == ["Published: from now on people enter the new version."]

    def test_publishing_a_draft_with_problems_says_each(self, as_role):
        version = draft(step("send", "mail", template="gone"), wait("pause", "soon"))
        client = as_role("Marketer")
        sentences = said(client, client.post(url("journey_publish", version.journey_id)))
        assert "step 'mail', template: There is no template 'gone'." in sentences
        assert any("'soon' is not a duration" in sentence for sentence in sentences)
        version.refresh_from_db()
        assert version.state == "draft"

    def test_pause_and_resume(self, as_role):
        version = live(wait())
        client = as_role("Marketer")
        assert "Pause" in text(client.get(url("journey_change", version.journey_id)))
        assert client.post(url("journey_pause", version.journey_id)).status_code == 400, "not without a reason"
        assert Journey.objects.get().state == "live"
        client.post(url("journey_pause", version.journey_id), WHY)
        assert Journey.objects.get().state == "paused"
        assert Stop.objects.filter(scope="journey", value="welcome", lifted_at=None).exists()
        page = text(client.get(url("journey_change", version.journey_id)))
        assert "Resume" in page
        client.post(url("journey_resume", version.journey_id), WHY)
        assert Journey.objects.get().state == "live"
        assert not Stop.objects.filter(lifted_at=None).exists()

    def test_what_makes_no_sense_is_said(self, as_role):
        version = live(wait())
        client = as_role("Marketer")
        response = client.post(url("journey_resume", version.journey_id), WHY)
        assert said(client, response) == ["Welcome is live; only a paused journey can be resumed."]
        response = client.post(url("journey_publish", version.journey_id))
        assert said(client, response) == ["There is no draft to publish; make one first."]

    def test_a_new_draft_is_opened(self, as_role):
        version = live(wait())
        response = as_role("Marketer").post(url("journey_draft", version.journey_id))
        made = Version.objects.get(state="draft")
        assert response["Location"] == url("version_change", made.pk)
        assert blueprints.of(made) == blueprints.of(version)

    def test_archiving_lets_everybody_go(self, as_role):
        version = live(wait())
        happens(contact("ada"))
        client = as_role("Marketer")
        assert "Everybody who is inside leaves at once" in text(client.get(url("journey_archive", version.journey_id)))
        client.post(url("journey_archive", version.journey_id), WHY)
        assert (Journey.objects.get().state, only().state) == ("archived", "left")

    def test_retiring_lets_nobody_in_any_more(self, as_role):
        version = live(wait())
        happens(contact("ada"))
        as_role("Marketer").post(url("journey_retire", version.journey_id), WHY)
        happens(contact("bob"))
        assert only().contact.external_id == "ada"

    @pytest.mark.parametrize("role", [role for role in ROLES if role not in PUBLISHERS] + ["outsider"])
    @pytest.mark.parametrize("verb", ["publish", "pause", "resume", "draft", "retire", "archive"])
    def test_the_others_may_not(self, as_role, role, verb):
        version = live(wait())
        address = url(f"journey_{verb}", version.journey_id)
        assert as_role(role).post(address).status_code == 403
        assert as_role(role).get(address).status_code == 403
        assert Journey.objects.get().state == "live"
        assert Version.objects.count() == 1

    def test_the_others_see_no_buttons(self, as_role):
        version = live(wait())
        for role in ROLES:
            page = as_role(role).get(url("journey_change", version.journey_id)).content.decode()
            assert ("Let nobody in any more" in page) == (role in PUBLISHERS), role


class TestFiles:
    def test_what_is_exported_can_be_imported(self, as_role):
        version = live(wait("rest", "3d"), exit_when=[{"event": "order.completed"}])
        client = as_role("Marketer")
        file = client.get(url("version_file", version.pk))
        assert file["Content-Disposition"] == 'attachment; filename="welcome-v1.yaml"'
        pasted = file.content.decode().replace("journey: welcome", "journey: copy")
        response = client.post(url("journey_import"), {"text": pasted})
        copy = Journey.objects.get(key="copy")
        assert response["Location"] == url("journey_change", copy.pk)
        assert blueprints.of(copy.versions.get()) == blueprints.of(version)
        assert copy.owner.username == "marketer"

    def test_mistakes_are_listed_with_their_lines_and_nothing_is_written(self, as_role):
        builders.brand()
        bad = "journey: bad\nname: Bad\nbrand: acme\ntrigger: {kind: event, name: signup}\nsteps:\n  - {key: a, kind: wait, for: soon}\n"
        page = as_role("Marketer").post(url("journey_import"), {"text": bad})
        assert page.status_code == 400
        assert "line 6 steps[1].for 'soon' is not a duration" in text(page)
        assert "for: soon" in page.context["form"]["text"].value(), "the text is not lost"
        assert not Journey.objects.exists()

    def test_an_upload(self, as_role):
        version = live(wait())
        client = as_role("Marketer")
        content = client.get(url("version_file", version.pk)).content
        client.post(url("journey_import"), {"file": SimpleUploadedFile("a.yaml", content.replace(b"1d", b"2d"))})
        assert Version.objects.get(state="draft").steps.get().config == {"for": "2d"}

    @pytest.mark.parametrize("upload", [b"\xff\xfe\x00", b"x" * 600_000], ids=["binary", "large"])
    def test_a_file_that_is_none(self, as_role, upload):
        page = as_role("Marketer").post(url("journey_import"), {"file": SimpleUploadedFile("a.yaml", upload)})
        assert page.status_code == 400
        assert "The file is" in text(page)

    def test_nothing_given(self, as_role):
        assert "Choose a file, or paste its text." in text(as_role("Marketer").post(url("journey_import"), {}))

    @pytest.mark.parametrize("role", ["Legal reviewer", "Operator", "Analyst", "outsider"])
    def test_the_others_may_not_import(self, as_role, role):
        assert as_role(role).get(url("journey_import")).status_code == 403


class TestEnrolments:
    def test_filters(self, as_role):
        live(wait(), wait("second"))
        live(wait(), key="other", trigger={"kind": "event", "name": "go"})
        happens(contact("ada"))
        happens(contact("bob"), "go")
        engine.leave([only(journey__key="other").pk], "test", NOW)
        client = as_role("Analyst")

        def shown(**query):
            page = text(client.get(url("enrolment_changelist"), query))
            return [name for name in ("ada", "bob") if f" {name} " in page]

        assert shown() == ["ada", "bob"]
        assert shown(journey="welcome") == ["ada"]
        assert shown(state="live") == ["ada"]
        assert shown(state="left") == ["bob"]
        assert shown(journey="welcome", step="pause") == ["ada"]
        assert shown(journey="welcome", step="second") == []
        assert shown(q="bob") == ["bob"]
        assert shown(version=only(journey__key="other").version_id) == ["bob"]
        assert shown(version="junk", state="junk", step="junk") == ["ada", "bob"]

    def test_it_costs_the_same_for_many(self, as_role):
        live(wait())
        happens(contact("ada"))
        client = as_role("Analyst")
        client.get(url("enrolment_changelist"))
        with CaptureQueriesContext(connection) as one:
            client.get(url("enrolment_changelist"))
        for n in range(30):
            happens(contact(f"u{n}"))
        with CaptureQueriesContext(connection) as many:
            client.get(url("enrolment_changelist"))
        assert len(many) == len(one)
        assert not [q for q in many.captured_queries if "DISTINCT" in q["sql"]]

    def test_the_page_tells_the_way_so_far(self, as_role):
        template()
        live(wait("nothing", "0"), step("send", "mail", title="Hello mail", template="hello"))
        happens(contact("ada"), total=5)
        page = text(as_role("Support agent").get(url("enrolment_change", only().pk)))
        assert "ada in Welcome" in page
        assert re.search(r"nothing .* next Hello mail .* here now", page)
        assert "Hello : waiting for the gate" in page
        assert "message.sent" in page, "it says what it waits for"

    @pytest.mark.parametrize("role", ["Operator", "Marketer"])
    def test_somebody_is_taken_out_for_a_reason(self, as_role, role):
        live(wait())
        happens(contact("ada"))
        client = as_role(role)
        assert "1 person leaves at once" in text(client.get(url("enrolment_leave", only().pk)))
        assert client.post(url("enrolment_leave", only().pk), {"reason": " "}).status_code == 400
        assert only().state == "waiting"
        response = client.post(url("enrolment_leave", only().pk), {"reason": "A test order."})
        assert (only().state, only().end_reason) == ("left", "taken out by hand: A test order.")
        assert said(client, response) == ["Taken out: 1 of 1; the others were not in it any more."]

    def test_an_operator_tries_somebody_again(self, as_role):
        live(wait())
        happens(contact("ada"))
        Enrolment.objects.update(state="failed", error="ValueError: oh", ended_at=NOW)
        client = as_role("Operator")
        assert "ValueError: oh" in text(client.get(url("enrolment_change", only().pk)))
        client.post(url("enrolment_retry", only().pk))
        assert (only().state, only().error) == ("active", "")

    def test_several_at_once(self, as_role):
        live(wait())
        for name in ("ada", "bob", "eve"):
            happens(contact(name))
        chosen = list(Enrolment.objects.values_list("pk", flat=True)[:2])
        client = as_role("Operator")
        asked = client.post(url("enrolment_changelist"), {"action": "take_out", "_selected_action": chosen})
        assert "2 people leave at once" in text(asked)
        assert not Enrolment.objects.filter(state="left").exists()
        hidden = asked.context["form"].initial
        client.post(url("enrolment_changelist"), {**hidden, "reason": "Wrong people."})
        left = Enrolment.objects.filter(state="left", end_reason="taken out by hand: Wrong people.")
        assert sorted(left.values_list("pk", flat=True)) == sorted(chosen)

    @pytest.mark.parametrize("role", ["Legal reviewer", "Support agent", "Analyst", "outsider"])
    def test_the_others_may_not(self, as_role, role):
        live(wait())
        happens(contact("ada"))
        client = as_role(role)
        assert client.post(url("enrolment_leave", only().pk)).status_code == 403
        assert client.post(url("enrolment_retry", only().pk)).status_code == 403
        data = {"action": "take_out", "_selected_action": [only().pk], "reason": "Why not."}
        client.post(url("enrolment_changelist"), data)
        assert only().state == "waiting"

    def test_looking_changes_nothing(self, as_role):
        live(wait())
        happens(contact("ada"))
        assert as_role("superuser").get(url("enrolment_leave", only().pk)).status_code == 200
        assert as_role("superuser").get(url("enrolment_retry", only().pk)).status_code == 405
        assert only().state == "waiting"

    def test_one_that_is_not_there(self, as_role):
        client = as_role("superuser")
        for pk in ("99", "x", "9" * 30):
            assert client.get(f"{url('enrolment_changelist')}{pk}/change/").status_code in (302, 404)
        assert client.post(url("enrolment_leave", 99)).status_code == 404


def test_a_published_version_cannot_be_edited(as_role):
    version = live(wait())
    client = as_role("superuser")
    page = client.get(url("version_change", version.pk))
    assert "It never changes." in text(page)
    assert "Add a step" not in text(page)
    for name, args in (
        ("entry", ()),
        ("add_step", ()),
        ("step", ("pause",)),
        ("delete", ("pause",)),
        ("up", ("pause",)),
    ):
        assert client.post(url(f"version_{name}", version.pk, *args), {}).status_code == 403
