"""The admin for people whose rights hold only within one brand, and the page that gives and takes such rights."""

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from channels.models import MessageTemplate, TemplateVersion
from compliance.models import AuditNote
from config.permissions import grants
from contacts.models import Brand, Segment
from journeys.models import Enrolment, Journey
from tests import builders, staff
from tests.granted import MARKETER, browser, holder, member
from tests.journeys import driving

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Brand:
    return builders.brand("acme")


@pytest.fixture
def other() -> Brand:
    found = builders.brand("other")
    builders.template("theirs", topic=builders.topic("other-news", brand=found))
    Journey.objects.create(brand=found, key="their-journey", name="Their journey")
    return found


@pytest.fixture
def mara(acme, other):
    """The marketer of Acme, in her browser."""
    builders.template("hello")
    driving.draft(driving.step("wait", for_="3d"))
    return browser(holder("mara", acme, *MARKETER))


def listed(page) -> list[str]:
    return [str(row) for row in page.context["cl"].result_list]


class TestWhatOneSees:
    def test_only_what_belongs_to_the_brand(self, mara) -> None:
        assert listed(mara.get("/admin/channels/messagetemplate/")) == ["Hello"]
        assert listed(mara.get("/admin/channels/templateversion/")) == ["Hello v1"]
        assert listed(mara.get("/admin/journeys/journey/")) == ["Welcome"]
        assert listed(mara.get("/admin/contacts/brand/")) == ["Acme"]

    def test_messages_and_people_in_journeys_too(self, mara, acme, other) -> None:
        ada = builders.contact("ada", email="ada@example.test")
        ours = builders.message(ada, MessageTemplate.objects.get(key="hello"))
        theirs = builders.message(ada, MessageTemplate.objects.get(key="theirs"))
        assert listed(mara.get("/admin/channels/message/")) == [str(ours)]
        assert mara.get(f"/admin/channels/message/{ours.pk}/change/").status_code == 200
        assert mara.get(f"/admin/channels/message/{theirs.pk}/change/").status_code == 302

    def test_the_sidebar_leads_there_and_nowhere_else(self, mara) -> None:
        sections = mara.get("/admin/").context["sidebar_navigation"]
        titles = {item["title"] for section in sections for item in section["items"]}
        assert {"Templates", "Journeys", "Segments", "Messages", "Brands", "Performance"} <= titles
        assert not {"Contacts", "Suppressions", "Users", "API tokens", "Channels & senders"} & titles
        links = [item["link"] for section in sections for item in section["items"]]
        assert {link: mara.get(link).status_code for link in links} == dict.fromkeys(links, 200)

    def test_filters_name_no_other_brand(self, mara) -> None:
        assert "Other" not in mara.get("/admin/channels/messagetemplate/").content.decode()
        assert "Their journey" not in mara.get("/admin/journeys/enrolment/").content.decode()
        assert "Their journey" not in mara.get("/admin/analytics/tally/").content.decode()

    def test_ten_thousand_templates_take_as_many_queries_as_ten(self, mara, acme) -> None:
        def queries() -> int:
            with CaptureQueriesContext(connection) as found:
                assert mara.get("/admin/channels/messagetemplate/").status_code == 200
            return len(found)

        topic = builders.topic()

        def fill(first: int, last: int) -> None:
            MessageTemplate.objects.bulk_create(
                MessageTemplate(brand=acme, key=f"t{n}", name=f"T{n}", channel="email", topic=topic)
                for n in range(first, last)
            )

        fill(0, 10)
        few = queries()
        fill(10, 10_000)
        assert queries() == few


class TestWhatOneMayDo:
    def test_choices_are_those_of_the_brand(self, mara) -> None:
        form = mara.get("/admin/channels/messagetemplate/add/?channel=email").context["adminform"].form
        assert [str(brand) for brand in form.fields["brand"].queryset] == ["Acme"]
        assert [str(topic) for topic in form.fields["topic"].queryset] == ["News"]

    def test_a_template_is_made_in_the_own_brand_and_in_no_other(self, mara, acme, other) -> None:
        data = {"name": "New", "key": "new", "brand": acme.pk, "topic": builders.topic().pk}
        mara.post("/admin/channels/messagetemplate/add/?channel=email", data)
        assert MessageTemplate.objects.get(key="new").brand == acme
        theirs = {"name": "Stolen", "key": "stolen", "brand": other.pk, "topic": other.topic_set.get().pk}
        page = mara.post("/admin/channels/messagetemplate/add/?channel=email", theirs)
        assert {"brand", "topic"} <= set(page.context["adminform"].form.errors)
        assert not MessageTemplate.objects.filter(key="stolen").exists()

    def test_a_draft_of_another_brands_words_is_refused(self, mara) -> None:
        theirs = TemplateVersion.objects.get(template__key="theirs")
        assert mara.post(f"/admin/channels/templateversion/{theirs.pk}/draft/").status_code == 403
        add = f"/admin/channels/templateversion/add/?template={theirs.template_id}"
        assert mara.post(add, {"message_class": "marketing", "content_subject": "Hi"}).status_code == 403
        assert theirs.template.versions.count() == 1

    def test_one_template_alone_can_be_edited_with_its_topic(self, acme, other) -> None:
        hello = builders.template("hello")
        builders.topic("offers")
        tom = browser(member("tom", hello, "change_messagetemplate"))
        page = tom.get(f"/admin/channels/messagetemplate/{hello.pk}/change/")
        topics = [str(topic) for topic in page.context["adminform"].form.fields["topic"].queryset]
        assert topics == ["News", "Offers"]
        assert "New version" in page.content.decode()
        assert tom.get("/admin/channels/messagetemplate/add/?channel=email").status_code == 403

    def test_a_segment_is_not_moved_to_another_brand(self, mara, acme, other) -> None:
        builders.segment("pros")
        found = Segment.objects.get()
        data = {"name": "Pros", "key": "pros", "brand": other.pk, "refresh_every": "1h", "condition": "{}"}
        mara.post(f"/admin/contacts/segment/{found.pk}/change/", data)
        found.refresh_from_db()
        assert found.brand == acme

    def test_people_are_taken_out_of_own_journeys_only(self, acme, other) -> None:
        ada = builders.contact("ada")
        version = driving.live(driving.step("wait", for_="3d"))
        driving.happens(ada)
        enrolment = Enrolment.objects.get()
        finn = browser(holder("finn", other, *MARKETER))
        assert finn.post(f"/admin/journeys/enrolment/{enrolment.pk}/leave/").status_code == 403
        pia = browser(holder("pia", version.journey, "publish_journey"))
        assert pia.post(f"/admin/journeys/enrolment/{enrolment.pk}/leave/", {"reason": "A test."}).status_code == 302
        enrolment.refresh_from_db()
        assert enrolment.state == "left"

    def test_a_file_makes_journeys_of_the_own_brand_only(self, mara) -> None:
        text = "journey: {}\nname: N\nbrand: {}\ntrigger: {{kind: event, name: signup}}\nsteps:\n  - {{key: done, kind: exit}}\n"
        page = mara.post("/admin/journeys/journey/import/", {"text": text.format("stolen", "other")})
        assert "You need the permission to make or change this journey" in page.content.decode()
        assert not Journey.objects.filter(key="stolen").exists()
        mara.post("/admin/journeys/journey/import/", {"text": text.format("own", "acme")})
        assert Journey.objects.get(key="own").brand.key == "acme"

    def test_a_revoked_right_is_gone_at_once(self, mara, acme) -> None:
        assert mara.get("/admin/journeys/journey/").status_code == 200
        [person] = grants.on(acme)
        for codename in MARKETER:
            grants.take(acme, person, codename)
        assert mara.get("/admin/journeys/journey/").status_code == 403


WHY = {"reason": "She writes the news now."}


class TestGiving:
    def test_rights_are_given_to_people_and_groups_and_taken_back(self, acme) -> None:
        admin = staff.client("Administrator")
        address = reverse("admin:contacts_brand_who_may", args=[acme.pk])
        eve, interns = builders.user("eve"), Group.objects.create(name="Interns")
        assert "Who may work on Acme" in admin.get(address).content.decode()
        admin.post(address, {"holder": f"user:{eve.pk}", "new": ["edit_in_brand", "submit_in_brand"], **WHY})
        admin.post(address, {"holder": f"group:{interns.pk}", "new": ["view_in_brand"], **_shown(eve), **WHY})
        assert grants.on(acme) == {eve: {"edit_in_brand", "submit_in_brand"}, interns: {"view_in_brand"}}
        kept = f"user:{eve.pk}:submit_in_brand"
        admin.post(address, {"shown": [f"user:{eve.pk}:edit_in_brand", kept], "right": [kept], **WHY})
        assert grants.on(acme) == {eve: {"submit_in_brand"}, interns: {"view_in_brand"}}

    def test_not_without_a_reason_which_the_history_of_the_thing_keeps(self, acme) -> None:
        admin, eve = staff.client("Administrator"), builders.user("eve")
        address = reverse("admin:contacts_brand_who_may", args=[acme.pk])
        wanted = {"holder": f"user:{eve.pk}", "new": ["edit_in_brand"]}
        page = admin.post(address, {**wanted, "reason": " "})
        assert page.status_code == 400
        assert "Say why you change who may work on it" in page.content.decode()
        assert f'value="user:{eve.pk}" selected' in page.content.decode()
        assert grants.on(acme) == {}
        admin.post(address, {**wanted, **WHY})
        held = f"user:{eve.pk}:edit_in_brand"
        page = admin.post(address, {"shown": [held]})
        assert (page.status_code, grants.on(acme)) == (400, {eve: {"edit_in_brand"}})
        assert f'value="{held}" aria-label="eve: Edit">' in page.content.decode(), "the tick stays taken away"
        latest = acme.history.first()
        assert latest.history_change_reason == "Rights: She writes the news now."
        assert latest.history_user.username == "administrator"
        assert "She writes the news now." in admin.get(f"/admin/contacts/brand/{acme.pk}/history/").content.decode()

    def test_each_is_in_the_audit_chain_with_who_did_it(self, acme) -> None:
        admin, eve = staff.client("Administrator"), builders.user("eve")
        AuditNote.objects.all().delete()
        address = reverse("admin:contacts_brand_who_may", args=[acme.pk])
        admin.post(address, {"holder": f"user:{eve.pk}", "new": ["edit_in_brand"], **WHY})
        admin.post(address, {"shown": [f"user:{eve.pk}:edit_in_brand"], **WHY})
        given, taken = AuditNote.objects.filter(kind="permission.changed").order_by("pk")
        assert (given.subject_type, given.subject_id) == ("contacts.brand", str(acme.pk))
        assert given.payload["permission"] == taken.payload["permission"] == "edit_in_brand"
        assert given.payload["user"] == eve.pk
        assert (given.payload["given"], taken.payload["taken"]) == ("object", "object")
        assert given.actor == taken.actor is not None
        assert given.payload["reason"] == taken.payload["reason"]

    def test_what_is_no_right_or_nobody_is_not_given(self, acme) -> None:
        admin = staff.client("Administrator")
        address = reverse("admin:contacts_brand_who_may", args=[acme.pk])
        for name, right in (("user:999999", "edit_in_brand"), ("group:x", "edit_in_brand"), ("", "edit_in_brand")):
            page = admin.post(address, {"holder": name, "new": [right]}, follow=True)
            assert "Nothing is changed" in page.content.decode()
        eve = builders.user("eve")
        admin.post(address, {"holder": f"user:{eve.pk}", "new": ["delete_brand", "publish_journey"], **WHY})
        assert grants.on(acme) == {}

    @pytest.mark.parametrize("role", [role for role in staff.ROLES if role != "Administrator"])
    def test_no_other_role_may(self, acme, role) -> None:
        person = staff.client(role)
        address = reverse("admin:contacts_brand_who_may", args=[acme.pk])
        assert person.get(address).status_code == 403
        assert person.post(address, {"holder": "user:1", "new": ["edit_in_brand"]}).status_code == 403
        assert address not in person.get(f"/admin/contacts/brand/{acme.pk}/change/").content.decode()

    def test_nobody_raises_his_own_rights(self, acme) -> None:
        eve = holder("eve", acme, *MARKETER)
        address = reverse("admin:contacts_brand_who_may", args=[acme.pk])
        given = {"holder": f"user:{eve.pk}", "new": ["approve_in_brand"]}
        assert browser(eve).post(address, given).status_code == 403

    def test_the_button_is_on_the_page_of_brand_template_and_journey(self, acme) -> None:
        admin = staff.client("Administrator")
        things = (acme, builders.template(), driving.draft(driving.step("wait", for_="3d")).journey)
        for thing in things:
            name = f"{thing._meta.app_label}_{thing._meta.model_name}"
            page = admin.get(reverse(f"admin:{name}_change", args=[thing.pk])).content.decode()
            address = reverse(f"admin:{name}_who_may", args=[thing.pk])
            assert address in page
            assert admin.get(address).status_code == 200


def _shown(person) -> dict[str, list[str]]:
    """What the page showed and the reader left ticked."""
    ticked = [f"user:{person.pk}:{codename}" for codename in ("edit_in_brand", "submit_in_brand")]
    return {"shown": ticked, "right": ticked}
