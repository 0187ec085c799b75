"""Templates, content blocks and their words over the API: written, read as somebody would, and whose they are."""

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext

from channels.models import BlockVersion, ContentBlock, MessageTemplate, TemplateVersion
from compliance import reviews
from config import clock
from config.models import SCOPES
from config.permissions import grants
from contacts.models import Brand, Contact, Membership
from tests import builders
from tests.api.cast import Caller, caller
from tests.builders import NOW
from tests.granted import MARKETER, holder

pytestmark = pytest.mark.django_db
WORDS = {"subject": "Hello {{ contact.first_name }}", "text": "Hello."}
NAME = {"name": "contact.first_name", "type": "text", "fallback": "you", "sample": "Sam"}


@pytest.fixture
def acme(db) -> Brand:
    return builders.topic().brand


@pytest.fixture
def legal(db) -> Caller:
    found = builders.user("lena")
    found.groups.add(Group.objects.get(name="Legal reviewer"))
    return caller(found)


@pytest.fixture
def weekly(acme, marketing) -> dict:
    body = {"key": "weekly", "name": "Weekly", "brand": "acme", "channel": "email", "topic": "news"}
    status, made = marketing.post("templates/", body)
    assert status == 201, made
    return made


@pytest.fixture
def ada(db) -> Contact:
    return builders.contact("ada", email="ada@example.test")


@pytest.fixture
def draft(weekly, marketing) -> dict:
    body = {"template": "weekly", "locale": "en", "message_class": "service", "content": WORDS, "variables": [NAME]}
    status, made = marketing.post("template-versions/", body)
    assert status == 201, made
    return made


class TestTemplates:
    def test_made_and_found(self, weekly, marketing) -> None:
        assert [row["key"] for row in marketing.rows("templates/", brand="acme", channel="email")] == ["weekly"]
        assert marketing.get("templates/weekly/") == (200, weekly)
        assert marketing.rows("templates/", channel="sms") == []

    def test_one_with_nothing_but_drafts_is_deleted_with_them(self, weekly, draft, marketing) -> None:
        assert marketing.delete("templates/weekly/?reason=A+slip.") == (204, None)
        assert not MessageTemplate.objects.exists()
        assert not TemplateVersion.objects.exists()
        for model in (MessageTemplate, TemplateVersion):
            last = model.history.first()
            assert (last.history_type, last.history_change_reason) == ("-", "A slip.")
            assert last.history_user.username == "maria"

    def test_one_of_which_something_was_handed_in_stays(self, weekly, draft, marketing) -> None:
        TemplateVersion.objects.update(state="retired", submitted_at=NOW)
        status, body = marketing.delete("templates/weekly/")
        assert (status, body["detail"]) == (
            409, "Weekly is kept, since Weekly v1 was handed in: retire what is in use instead.",
        )  # fmt: skip
        assert TemplateVersion.objects.count() == 1

    def test_one_that_was_tested_stays(self, weekly, draft, marketing, ada) -> None:
        builders.message(ada, MessageTemplate.objects.get())
        status, body = marketing.delete("templates/weekly/")
        assert (status, body["detail"]) == (409, "Weekly is kept, since something refers to it: message.")
        assert TemplateVersion.objects.count() == 1

    def test_only_by_those_who_may_edit_it(self, weekly, draft, legal) -> None:
        assert legal.delete("templates/weekly/")[0] == 403
        template = MessageTemplate.objects.get()
        assert caller(holder("sue", template, "submit_messagetemplate")).delete("templates/weekly/")[0] == 403
        assert caller(holder("tom", template, "change_messagetemplate")).delete("templates/weekly/")[0] == 204

    def test_name_and_topic_change_and_the_rest_stays(self, weekly, marketing) -> None:
        builders.topic("offers")
        status, body = marketing.patch("templates/weekly/", {"name": "Each week", "topic": "offers"})
        assert (status, body["name"], body["topic"]) == (200, "Each week", "offers")
        assert list(marketing.patch("templates/weekly/", {"channel": "sms"})[1]) == ["channel"]

    def test_the_reason_is_in_the_history(self, weekly, draft, marketing) -> None:
        marketing.patch("templates/weekly/", {"name": "Each week", "reason": "Its new name."})
        marketing.patch(f"template-versions/{draft['id']}/", {"locale": "fr", "revision": draft["revision"], "reason": "French."})  # fmt: skip
        kept = MessageTemplate.history.latest(), TemplateVersion.history.latest()
        assert [one.history_change_reason for one in kept] == ["Its new name.", "French."]
        block = marketing.post("content-blocks/", {"key": "footer", "name": "Footer", "brand": "acme"})[1]
        marketing.patch(f"content-blocks/{block['id']}/", {"name": "Foot", "reason": "Shorter."})
        assert ContentBlock.history.latest().history_change_reason == "Shorter."

    @pytest.mark.parametrize(
        ("change", "field"),
        [({"brand": "nobody"}, "brand"), ({"channel": "pigeon"}, "channel"), ({"topic": "nothing"}, "topic"),
         ({"key": "no good"}, "key"), ({"key": "taken"}, "key"), ({"colour": "red"}, "colour")],
    )  # fmt: skip
    def test_what_makes_no_sense_is_told(self, acme, marketing, change, field) -> None:
        builders.template("taken")
        body = {"key": "weekly", "name": "Weekly", "brand": "acme", "channel": "email", "topic": "news", **change}
        status, told = marketing.post("templates/", body)
        assert (status, list(told)) == (400, [field])
        assert MessageTemplate.objects.count() == 1

    def test_a_template_of_another_topic_is_reviewed_again(self, acme, marketing) -> None:
        version = builders.template("offer").versions.get()
        builders.topic("offers")
        marketing.patch("templates/offer/", {"topic": "offers"})
        version.refresh_from_db()
        assert version.state == "submitted"


class TestVersions:
    def test_a_draft_is_written_and_changed_by_its_author(self, draft, marketing) -> None:
        assert (draft["number"], draft["author"], draft["state"]) == (1, "maria", "draft")
        assert draft["content"]["subject"] == WORDS["subject"]
        change = {"content": {**WORDS, "text": "Bye."}, "revision": draft["revision"]}
        status, body = marketing.patch(f"template-versions/{draft['id']}/", change)
        assert (status, body["content"]["text"], body["locale"]) == (200, "Bye.", "en")
        assert [row["id"] for row in marketing.rows("template-versions/", template="weekly", state="draft", locale="en")] == [draft["id"]]  # fmt: skip

    @pytest.mark.parametrize(
        ("change", "field"),
        [({"template": "nothing"}, "template"), ({"content": {"subject": "Hi", "text": "Hi", "colour": "red"}}, "content"),
         ({"content": {"subject": ["Hi"]}}, "content"), ({"content": {"subject": "a\x00b", "text": "Hi"}}, "content"),
         ({"content": {"subject": "\ud800", "text": "Hi"}}, "content"), ({"content": {}}, "content"),
         ({"variables": [{"name": "nothing"}]}, "variables"), ({"message_class": "spam"}, "message_class"), ({"locale": "a b"}, "locale")],
    )  # fmt: skip
    def test_what_makes_no_sense_is_told(self, weekly, marketing, change, field) -> None:
        status, told = marketing.post("template-versions/", {"template": "weekly", "content": WORDS, **change})
        assert (status, list(told)) == (400, [field])
        assert not TemplateVersion.objects.exists()

    def test_another_s_draft_is_copied_not_changed(self, draft, marketing) -> None:
        mark = builders.user("mark")
        mark.groups.add(Group.objects.get(name="Marketer"))
        other = caller(mark)
        assert other.patch(f"template-versions/{draft['id']}/", {"locale": "fr"}) == (
            403, {"detail": "A draft belongs to whoever wrote it; make a new draft from it."},
        )  # fmt: skip
        status, copy = other.post(f"template-versions/{draft['id']}/new-draft/")
        assert (status, copy["author"], copy["number"], copy["content"]) == (201, "mark", 2, draft["content"])

    def test_what_was_handed_in_does_not_change(self, marketing) -> None:
        version = builders.template("offer").versions.get()
        status, body = marketing.patch(f"template-versions/{version.pk}/", {"locale": "fr"})
        assert status == 409
        assert body["detail"].startswith("Offer v1 is approved")

    def test_as_somebody_would_read_it(self, draft, marketing) -> None:
        ada = builders.contact("ada", first_name="Ada")
        preview = f"template-versions/{draft['id']}/preview/"
        assert marketing.post(preview, {})[1]["content"]["subject"] == "Hello Sam"
        assert marketing.post(preview, {"contact": ada.pk})[1]["content"]["subject"] == "Hello Ada"
        assert marketing.post(preview, {"contact": builders.contact("bob").pk})[1]["content"]["subject"] == "Hello you"
        assert list(marketing.post(preview, {"contact": 999})[1]) == ["contact"]

    def test_a_made_up_person_has_placeholders_a_real_one_does_not(self, draft, marketing) -> None:
        TemplateVersion.objects.filter(pk=draft["id"]).update(content={"subject": "Order {{ event.id }}"})
        preview = f"template-versions/{draft['id']}/preview/"
        assert marketing.post(preview, {})[1] == {"content": {"subject": "Order «id»"}, "made_up": ["event.id"]}
        assert marketing.post(preview, {"contact": builders.contact("bob").pk})[0] == 409

    def test_reading_as_a_person_needs_the_permission_to_see_people(self, draft, acme) -> None:
        ada = builders.contact("ada", first_name="Ada")
        mara = caller(holder("mara", acme, *MARKETER), "templates:read")
        assert mara.post(f"template-versions/{draft['id']}/preview/", {})[0] == 200
        refused = (403, {"detail": "This needs the permission contacts.view_contact."})
        assert mara.post(f"template-versions/{draft['id']}/preview/", {"contact": ada.pk}) == refused

    def test_how_many_lack_what_the_words_use(self, draft, marketing) -> None:
        path = f"template-versions/{draft['id']}/data-quality/"
        ada, bob, _ = (
            builders.contact("ada", first_name="Ada"), builders.contact("bob"), builders.contact("eve", first_name="Eve"),
        )  # fmt: skip
        for person in (ada, bob):
            builders.consent(person)
        status, told = marketing.get(path)
        assert (status, told) == (200, {
            "segment": None, "people": 2, "about": False, "events": [], "sample": [bob.pk],
            "variables": [{"name": "contact.first_name", "missing": 1, "held": True}],
        })  # fmt: skip
        team = builders.segment()
        Membership.objects.create(segment=team, contact=ada, entered_at=NOW)
        status, told = marketing.get(path, segment=team.pk)
        assert (status, told["segment"], told["people"], told["variables"][0]["missing"]) == (200, team.pk, 1, 0)

    def test_an_audience_that_is_not_there_is_told(self, draft, marketing) -> None:
        path = f"template-versions/{draft['id']}/data-quality/"
        theirs = builders.segment("theirs", brand=builders.brand("other"))
        for wrong in (theirs.pk, 999, "all", "", "9" * 30, "٣"):
            status, told = marketing.get(path, segment=wrong)
            assert (status, list(told)) == (400, ["segment"]), wrong
        assert list(marketing.get(path, segments=1)[1]) == ["segments"]

    def test_who_may_see_no_people_gets_numbers_only(self, draft, acme) -> None:
        builders.consent(builders.contact("bob"))
        mara = caller(holder("mara", acme, *MARKETER), "templates:read")
        told = mara.get(f"template-versions/{draft['id']}/data-quality/")[1]
        assert (told["people"], told["variables"][0]["missing"], told["sample"]) == (1, 1, [])
        team = builders.segment()
        assert mara.get(f"template-versions/{draft['id']}/data-quality/", segment=team.pk)[0] == 200
        finn = caller(holder("finn", builders.brand("other"), *MARKETER))
        assert finn.get(f"template-versions/{draft['id']}/data-quality/")[0] == 404

    def test_words_that_cannot_be_read_are_409(self, draft, marketing) -> None:
        TemplateVersion.objects.filter(pk=draft["id"]).update(content={"subject": "{% if contact.plan %}"})
        status, body = marketing.get(f"template-versions/{draft['id']}/data-quality/")
        assert (status, body["detail"][:25]) == (409, "The words cannot be read:")

    def test_what_cannot_be_rendered_is_409(self, draft, marketing) -> None:
        TemplateVersion.objects.filter(pk=draft["id"]).update(content={"subject": "{% if %}"})
        status, body = marketing.post(f"template-versions/{draft['id']}/preview/", {})
        assert (status, body["detail"][:22]) == (409, "It cannot be rendered:")


class TestBlocks:
    @pytest.fixture
    def footer(self, acme, marketing) -> dict:
        status, made = marketing.post("content-blocks/", {"key": "footer", "name": "Footer", "brand": "acme"})
        assert status == 201, made
        return made

    def test_written_handed_in_and_approved(self, footer, marketing, legal) -> None:
        status, version = marketing.post(
            "block-versions/", {"block": footer["id"], "source": "<p>Acme, 1 Example Street</p>"}
        )
        assert (status, version["number"], version["variants"]) == (201, 1, [])
        variants = [{"when": "contact.country == 'DE'", "source": "<p>Acme GmbH</p>"}]
        status, version = marketing.patch(
            f"block-versions/{version['id']}/", {"variants": variants, "revision": version["revision"]}
        )
        assert (status, version["variants"]) == (200, variants)
        status, review = marketing.post(f"block-versions/{version['id']}/submit/")
        assert (status, review["kind"]) == (201, "block")
        assert legal.post(f"reviews/{review['id']}/approve/", {"seen": review["fingerprint"]})[0] == 200
        assert marketing.rows("block-versions/", block=footer["id"], state="approved")
        assert marketing.patch(f"block-versions/{version['id']}/", {"source": "x"})[0] == 409
        assert marketing.post(f"block-versions/{version['id']}/new-draft/")[1]["number"] == 2

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"variants": [{"when": "", "source": ""}]}, "variants"),
            ({"source": ""}, "source"),
            ({"block": 999}, "block"),
        ],
    )
    def test_what_makes_no_sense_is_told(self, footer, marketing, change, field) -> None:
        status, told = marketing.post("block-versions/", {"block": footer["id"], "source": "x", **change})
        assert (status, list(told)) == (400, [field])

    def test_a_key_is_once_in_a_brand(self, footer, marketing) -> None:
        status, told = marketing.post("content-blocks/", {"key": "footer", "name": "Other", "brand": "acme"})
        assert (status, list(told)) == (400, ["key"])

    def test_legal_text_is_written_by_those_who_may(self, footer, marketing, legal) -> None:
        refused = (403, {"detail": "This needs the permission channels.change_locked_block."})
        assert marketing.patch(f"content-blocks/{footer['id']}/", {"locked": True}) == refused
        mine = marketing.post("block-versions/", {"block": footer["id"], "source": "x"})[1]
        assert legal.patch(f"content-blocks/{footer['id']}/", {"locked": True})[1]["locked"] is True
        assert marketing.patch(f"content-blocks/{footer['id']}/", {"locked": False}) == refused
        assert marketing.post("block-versions/", {"block": footer["id"], "source": "x"}) == refused
        assert marketing.post(f"block-versions/{mine['id']}/new-draft/") == refused
        assert marketing.patch(f"block-versions/{mine['id']}/", {"source": "y"}) == refused
        assert (
            marketing.post("content-blocks/", {"key": "law", "name": "Law", "brand": "acme", "locked": True}) == refused
        )
        assert legal.post("block-versions/", {"block": footer["id"], "source": "x"})[0] == 201
        assert not ContentBlock.objects.filter(key="law").exists()


class TestBrands:
    """People whose rights hold within one brand."""

    def test_they_see_and_write_what_is_theirs(self, draft, acme) -> None:
        mara, finn = (
            caller(holder(name, brand, *MARKETER))
            for name, brand in (("mara", acme), ("finn", builders.brand("other")))
        )
        assert [row["key"] for row in mara.rows("templates/")] == ["weekly"]
        assert mara.post("template-versions/", {"template": "weekly", "content": WORDS})[0] == 201
        assert finn.rows("templates/") == finn.rows("template-versions/") == []
        for path in (f"template-versions/{draft['id']}/preview/", f"template-versions/{draft['id']}/submit/"):
            assert finn.post(path, {})[0] == 404
        assert list(finn.post("template-versions/", {"template": "weekly", "content": WORDS})[1]) == ["template"]
        body = {"key": "mine", "name": "Mine", "brand": "acme", "channel": "email", "topic": "news"}
        assert list(finn.post("templates/", body)[1]) == ["brand"]

    def test_one_who_may_only_look_is_refused(self, draft, acme) -> None:
        vera = holder("vera", acme, "view_in_brand")
        other = builders.brand("other")
        grants.give(other, vera, "edit_in_brand")
        status, body = caller(vera).post("template-versions/", {"template": "weekly", "content": WORDS})
        assert (status, body) == (403, {"detail": "This needs the permission channels.add_templateversion."})
        assert caller(vera).post(f"template-versions/{draft['id']}/new-draft/")[0] == 403


def test_lists_take_as_many_queries_for_sixty_rows_as_for_ten(maria, acme) -> None:
    reader = caller(maria, *SCOPES)

    def fill(count: int) -> None:
        for number in range(count):
            about = builders.template(f"t{count}-{number}", state="submitted")
            TemplateVersion.objects.create(
                template=about, number=2, author=maria, content={"subject": "Hi", "text": "Hi"}
            )
            block = ContentBlock.objects.create(brand=acme, key=f"b{count}-{number}", name="B")
            version = BlockVersion.objects.create(block=block, number=1, source="<p>Hi</p>", author=maria)
            reviews.submit(version, maria, clock.now())

    def asked(path: str) -> tuple[int, int]:
        with CaptureQueriesContext(connection) as queries:
            rows = reader.rows(path, page_size=500)
        return len(rows), len(queries)

    paths = ["templates/", "template-versions/", "content-blocks/", "block-versions/", "reviews/", "journey-versions/"]
    fill(10)
    asked("templates/")
    before = {path: asked(path) for path in paths}
    fill(50)
    after = {path: asked(path) for path in paths}
    assert {path: count for path, (_, count) in after.items()} == {path: count for path, (_, count) in before.items()}
    assert all(rows >= 60 for path, (rows, _) in after.items() if "journey" not in path)


def test_a_change_over_the_api_keeps_who_and_why(draft, marketing) -> None:
    status, body = marketing.patch(
        f"template-versions/{draft['id']}/",
        {"locale": "en-GB", "reason": "Our shop is in London.", "revision": draft["revision"]},
    )
    assert (status, body["locale"], "reason" in body) == (200, "en-GB", False)
    latest = TemplateVersion.objects.get().history.first()
    assert (latest.history_change_reason, latest.history_user_id) == ("Our shop is in London.", latest.author_id)
    status, body = marketing.patch(f"template-versions/{draft['id']}/", {"reason": "x" * 101, "revision": "0"})
    assert (status, list(body)) == (400, ["reason"])
