"""Drafts over the API: two writers overwrite nothing by accident, and only drafts are thrown away."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, User

from channels import drafts, revisions
from channels.models import BlockVersion, ContentBlock, TemplateVersion
from compliance import reviews
from config import clock
from config.models import SCOPES
from tests import builders
from tests.api.cast import Caller, caller, marketer
from tests.granted import holder
from tests.racing import at_once

pytestmark = pytest.mark.django_db
WORDS = {"subject": "Hello", "text": "Hello."}


@pytest.fixture
def draft(maria) -> TemplateVersion:
    about = builders.template("offer")
    return TemplateVersion.objects.create(template=about, number=2, author=maria, content=WORDS)


@pytest.fixture
def foot(maria) -> BlockVersion:
    about = ContentBlock.objects.create(brand=builders.brand(), key="foot", name="Foot")
    return BlockVersion.objects.create(block=about, number=1, source="<p>Bye</p>", author=maria)


def path(version: Any) -> str:
    return f"{'template' if isinstance(version, TemplateVersion) else 'block'}-versions/{version.pk}/"


class TestTwoWriters:
    def test_whoever_writes_second_is_told_and_nothing_is_lost(self, marketing, draft) -> None:
        _, read = marketing.get(path(draft))
        first = {"content": {**WORDS, "text": "Mine came first."}, "revision": read["revision"]}
        status, written = marketing.patch(path(draft), first)
        assert (status, written["revision"] == read["revision"]) == (200, False)
        status, told = marketing.patch(path(draft), {"locale": "fr", "revision": read["revision"]})
        assert (status, told["detail"]) == (409, drafts.OVERTAKEN)
        draft.refresh_from_db()
        assert (draft.content["text"], draft.locale) == ("Mine came first.", "")
        status, body = marketing.patch(path(draft), {"locale": "fr", "revision": written["revision"]})
        assert (status, body["locale"], body["content"]["text"]) == (200, "fr", "Mine came first.")

    def test_blocks_too(self, marketing, foot) -> None:
        seen = marketing.get(path(foot))[1]["revision"]
        assert marketing.patch(path(foot), {"source": "<p>One</p>", "revision": seen})[0] == 200
        status, told = marketing.patch(path(foot), {"source": "<p>Two</p>", "revision": seen})
        assert (status, told["detail"]) == (409, drafts.OVERTAKEN)
        foot.refresh_from_db()
        assert foot.source == "<p>One</p>"

    @pytest.mark.parametrize("kind", ["draft", "foot"])
    def test_a_writer_says_what_he_read(self, marketing, kind, request) -> None:
        version = request.getfixturevalue(kind)
        status, told = marketing.patch(path(version), {"locale": "fr"})
        assert (status, list(told)) == (400, ["revision"])
        version.refresh_from_db()
        assert version.locale == ""

    @pytest.mark.parametrize("change", [{"locale": "fr"}, {"message_class": "otp"}, {"variables": [{"name": "x"}]}, {"content": {}}])  # fmt: skip
    def test_everything_that_can_be_written_counts(self, draft, change) -> None:
        before = revisions.of(draft)
        for name, value in change.items():
            setattr(draft, name, value)
        assert revisions.of(draft) != before

    def test_what_was_written_in_the_admin_counts(self, marketing, draft) -> None:
        """The page of a draft and the API name the same state by the same token."""
        maria = User.objects.get(username="maria")
        page = marketing.client.__class__()
        page.force_login(maria)
        shown = page.get(f"/admin/channels/templateversion/{draft.pk}/change/").context["revision"]
        assert marketing.get(path(draft))[1]["revision"] == shown
        assert marketing.patch(path(draft), {"locale": "fr", "revision": shown})[0] == 200

    def test_the_answer_names_the_state_that_the_next_reader_sees(self, marketing, draft) -> None:
        """Whatever order and spelling the database gives its JSON."""
        declared = [{"type": "number", "sample": 1e22, "name": "contact.points", "fallback": 1.0}]
        change = {"variables": declared, "revision": marketing.get(path(draft))[1]["revision"]}
        status, written = marketing.patch(path(draft), change)
        assert status == 200, written
        assert marketing.get(path(draft))[1]["revision"] == written["revision"]
        body = {"template": "offer", "content": WORDS, "variables": declared}
        status, made = marketing.post("template-versions/", body)
        assert (status, marketing.get(f"template-versions/{made['id']}/")[1]["revision"]) == (201, made["revision"])

    @pytest.mark.postgres
    @pytest.mark.django_db(transaction=True)
    def test_of_several_at_once_one_is_kept(self) -> None:
        maria = marketer()
        about = builders.template("offer")
        version = TemplateVersion.objects.create(template=about, number=2, author=maria, content=WORDS)
        seen = revisions.of(version)
        texts = [f"Writer {number}." for number in range(4)]

        def write(text: str) -> int:
            change = {"content": {**WORDS, "text": text}, "revision": seen}
            return caller(User.objects.get(pk=maria.pk), *SCOPES).patch(path(version), change)[0]

        answers = at_once(*(lambda text=text: write(text) for text in texts))
        assert sorted(answers) == [200, 409, 409, 409]
        version.refresh_from_db()
        assert version.content["text"] == texts[answers.index(200)]


class TestThrowingAway:
    @pytest.mark.parametrize("kind", ["draft", "foot"])
    def test_a_draft_goes(self, marketing, kind, request) -> None:
        version = request.getfixturevalue(kind)
        assert marketing.delete(path(version)) == (204, None)
        assert marketing.get(path(version))[0] == 404
        assert type(version).history.filter(id=version.pk, history_type="-").exists()

    def test_what_was_handed_in_stays_and_says_why(self, marketing, maria, draft) -> None:
        content = {"text": "{{ unsubscribe_url }} {{ brand.postal_address }}", "subject": "Hi"}
        TemplateVersion.objects.filter(pk=draft.pk).update(content=content)
        reviews.submit(draft, maria, clock.now())
        status, told = marketing.delete(path(draft))
        assert (status, told["detail"]) == (
            409, "Offer v2 is waiting for approval and does not change any more; make a new draft from it.",
        )  # fmt: skip
        assert TemplateVersion.objects.filter(pk=draft.pk).exists()

    def test_one_that_was_taken_back_stays_too(self, marketing, maria, foot) -> None:
        reviews.submit(foot, maria, clock.now())
        reviews.withdraw(foot, maria, clock.now())
        assert marketing.delete(path(foot))[0] == 409

    def test_another_s_draft_stays(self, draft) -> None:
        assert caller(marketer("mark")).delete(path(draft)) == (
            403, {"detail": "A draft belongs to whoever wrote it; make a new draft from it."},
        )  # fmt: skip
        assert TemplateVersion.objects.filter(pk=draft.pk).exists()

    def test_legal_text_goes_by_those_who_may(self, marketing, foot) -> None:
        ContentBlock.objects.update(locked=True)
        refused = (403, {"detail": "This needs the permission channels.change_locked_block."})
        assert marketing.delete(path(foot)) == refused

    def test_it_takes_the_right_to_edit(self, draft) -> None:
        vera = holder("vera", builders.brand(), "view_in_brand")
        TemplateVersion.objects.filter(pk=draft.pk).update(author=vera)
        assert caller(vera).delete(path(draft))[0] == 403
        emma = holder("emma", builders.brand(), "edit_in_brand")
        TemplateVersion.objects.filter(pk=draft.pk).update(author=emma)
        assert caller(emma).delete(path(draft))[0] == 204

    def test_reading_is_not_enough(self, maria, draft) -> None:
        reading: Caller = caller(maria, "templates:read")
        assert reading.delete(path(draft)) == (403, {"detail": "This token does not have the scope templates:write."})

    def test_legal_reviewers_throw_their_own_blocks_away(self, foot) -> None:
        lena = builders.user("lena")
        lena.groups.add(Group.objects.get(name="Legal reviewer"))
        BlockVersion.objects.filter(pk=foot.pk).update(author=lena)
        assert caller(lena).delete(path(foot))[0] == 204
