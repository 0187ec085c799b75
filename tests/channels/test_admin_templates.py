"""Templates and their versions in the admin: who may write, what is shown, and what is never run."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from channels.models import MessageTemplate, TemplateVersion
from compliance import reviews
from tests import staff
from tests.builders import NOW, account, brand, contact, event, message, template, topic
from tests.pages import queries, who

pytestmark = pytest.mark.django_db

LIST = reverse("admin:channels_messagetemplate_changelist")
ADD = reverse("admin:channels_messagetemplate_add")
NEW_VERSION = reverse("admin:channels_templateversion_add")
SIGHTED = {"Marketer", "Legal reviewer", "Operator", "Support agent", "Analyst", "Administrator"}


def page(version: TemplateVersion) -> str:
    return reverse("admin:channels_templateversion_change", args=(version.pk,))


def preview(version: TemplateVersion) -> str:
    return reverse("admin:channels_templateversion_preview", args=(version.pk,))


@pytest.fixture
def maria():
    """The author."""
    return staff.user("Marketer", "maria")


@pytest.fixture
def browser(maria, client):
    client.force_login(maria)
    return client


@pytest.fixture
def draft(maria) -> TemplateVersion:
    return TemplateVersion.objects.create(
        template=template("offer"),
        number=2,
        author=maria,
        content={
            "subject": "For {{ contact.first_name }}",
            "html": "<p>Hello {{ contact.first_name }}</p><a href='{{ unsubscribe_url }}'>Unsubscribe</a>",
            "text": "Hello {{ unsubscribe_url }}",
        },
    )


def words(**changes) -> dict:
    return {
        "locale": "",
        "message_class": "marketing",
        "content_subject": "Spring",
        "content_html": "<p>Spring is here</p>",
        "content_text": "",
        **changes,
    }


class TestTemplates:
    def test_the_channel_is_chosen_first_and_kept(self, browser) -> None:
        assert 'href="?channel=sms"' in browser.get(ADD).content.decode()
        data = {"brand": brand().pk, "name": "Hello", "key": "hello", "topic": topic().pk}
        assert browser.post(f"{ADD}?channel=sms", data).status_code == 302
        assert MessageTemplate.objects.get().channel == "sms"

    def test_what_is_added_is_named(self, browser, draft) -> None:
        assert "WhatsApp" in browser.get(f"{ADD}?channel=whatsapp").content.decode()
        html = browser.get(f"{NEW_VERSION}?template={draft.template_id}").content.decode()
        assert "New version of Offer" in html

    def test_a_topic_of_another_brand_is_refused_with_a_sentence(self, browser) -> None:
        other = topic("news", brand=brand("other"))
        data = {"brand": brand().pk, "name": "Hello", "key": "hello", "topic": other.pk}
        html = browser.post(f"{ADD}?channel=sms", data).content.decode()
        assert "“News” is a topic of Other; choose one of Acme." in html
        assert not MessageTemplate.objects.exists()

    def test_its_page_lists_the_versions_with_who_decided(self, browser, draft) -> None:
        html = browser.get(reverse("admin:channels_messagetemplate_change", args=(draft.template_id,))).content.decode()
        assert f'href="{page(draft)}"' in html
        assert "approved" in html
        assert "reviewer" in html
        assert "maria" in html

    def test_without_versions_it_says_what_to_do(self, browser) -> None:
        made = MessageTemplate.objects.create(brand=brand(), topic=topic(), key="new", name="New", channel="sms")
        html = browser.get(reverse("admin:channels_messagetemplate_change", args=(made.pk,))).content.decode()
        assert "It has no words yet: journeys cannot send it." in html

    def test_who(self, draft) -> None:
        assert who(LIST) == SIGHTED
        assert who(reverse("admin:channels_messagetemplate_change", args=(draft.template_id,))) == SIGHTED
        assert who(f"{ADD}?channel=sms") == {"Marketer", "Administrator"}

    def test_the_list_costs_the_same_however_long(self, browser) -> None:
        template("one")
        few = queries(browser, LIST)
        for number in range(8):
            template(f"more-{number}")
        assert queries(browser, LIST) == few


class TestWriting:
    def test_a_version_belongs_to_a_template(self, browser) -> None:
        answer = browser.get(NEW_VERSION, follow=True)
        assert answer.redirect_chain == [(LIST, 302)]
        assert "Choose the template first" in answer.content.decode()

    def test_a_new_one_is_a_draft_of_whoever_wrote_it(self, browser, maria) -> None:
        about = template("offer")
        assert browser.post(f"{NEW_VERSION}?template={about.pk}", words()).status_code == 302
        made = about.versions.get(number=2)
        assert (made.author, made.state, made.content["subject"]) == (maria, "draft", "Spring")
        assert made.content["text"] == ""  # made from the HTML at submission, so that it cannot fall behind

    def test_a_mistake_is_told_beside_its_field(self, browser, draft) -> None:
        answer = browser.post(page(draft), words(content_subject=""))
        assert answer.status_code == 200
        html = answer.content.decode()
        assert "This field is required." in html
        assert "&lt;p&gt;Spring is here&lt;/p&gt;" in html
        draft.refresh_from_db()
        assert draft.content["subject"] == "For {{ contact.first_name }}"

    def test_neither_html_nor_text_is_told_on_top(self, browser, draft) -> None:
        html = browser.post(page(draft), words(content_html="")).content.decode()
        assert "A mail needs HTML or plain text; write at least one of them." in html

    def test_somebody_else_reads_it_only(self, draft) -> None:
        """Whoever approves must not have written in it, and nobody's draft changes behind the author's back."""
        other = staff.client("Administrator")
        html = other.get(page(draft)).content.decode()
        assert 'name="content_html"' not in html
        assert "&lt;p&gt;Hello {{ contact.first_name }}&lt;/p&gt;" in html
        assert other.post(page(draft), words()).status_code == 403
        draft.refresh_from_db()
        assert draft.content["subject"] == "For {{ contact.first_name }}"

    def test_a_submitted_version_does_not_change_any_more(self, browser, draft, maria) -> None:
        draft.content = {**draft.content, "html": "", "text": "{{ brand.postal_address }} {{ unsubscribe_url }}"}
        draft.save()
        reviews.submit(draft, maria, NOW)
        assert 'name="content_html"' not in browser.get(page(draft)).content.decode()
        answer = browser.post(page(draft), words())
        assert answer.status_code == 409
        assert "does not change any more" in answer.content.decode()
        assert draft.content == type(draft).objects.get(pk=draft.pk).content

    def test_a_new_draft_starts_with_the_same_words(self, browser, draft, maria) -> None:
        old = draft.template.versions.get(number=1)
        answer = browser.post(reverse("admin:channels_templateversion_draft", args=(old.pk,)), follow=True)
        made = draft.template.versions.get(number=3)
        assert (made.content, made.author, made.state) == (old.content, maria, "draft")
        assert "Offer v3 is your draft now." in answer.content.decode()

    def test_a_draft_is_not_made_by_looking(self, browser, draft) -> None:
        assert browser.get(reverse("admin:channels_templateversion_draft", args=(draft.pk,))).status_code == 405

    def test_who(self, draft) -> None:
        assert who(page(draft)) == SIGHTED
        assert who(f"{NEW_VERSION}?template={draft.template_id}") == {"Marketer", "Administrator"}
        again = reverse("admin:channels_templateversion_draft", args=(draft.pk,))
        assert who(again, "post", allowed=302) == {"Marketer", "Administrator"}


class TestPreview:
    def test_it_is_written_for_the_chosen_person(self, browser, draft) -> None:
        ada = contact("u-1", email="ada@example.test", first_name="Ada")
        for reader in (ada.pk, "u-1", " ADA@example.test "):
            answer = browser.get(preview(draft), {"reader": reader})
            assert "Hello Ada" in answer.content.decode()
            assert "For Ada" in answer.content.decode()

    def test_without_anybody_a_made_up_person_reads_it(self, browser, draft) -> None:
        assert "Hello Sam" in browser.get(preview(draft)).content.decode()

    def test_who_may_not_see_people_gets_the_made_up_one(self, draft, client) -> None:
        contact("u-1", first_name="Ada")
        blind = staff.user("", "blind")
        blind.user_permissions.add(Permission.objects.get(codename="view_templateversion"))
        client.force_login(blind)
        html = client.get(preview(draft), {"reader": "u-1"}).content.decode()
        assert "Hello Sam" in html
        assert "Ada" not in html

    def test_what_is_typed_is_shown_before_it_is_saved(self, browser, draft) -> None:
        data = words(content_html="<p>Bonjour {{ contact.first_name }}</p>")
        assert "Bonjour Sam" in browser.post(preview(draft), data).content.decode()
        draft.refresh_from_db()
        assert "Bonjour" not in draft.content["html"]

    def test_the_plain_text(self, browser, draft) -> None:
        html = browser.get(preview(draft), {"look": "text"}).content.decode()
        assert "<pre>Hello https://example.invalid/unsubscribe</pre>" in html

    def test_a_missing_variable_is_named(self, browser, draft) -> None:
        contact("u-2")
        html = browser.get(preview(draft), {"reader": "u-2"}).content.decode()
        assert "It cannot be written for this person." in html
        assert "contact.first_name has no value for this person" in html

    def test_a_broken_template_says_where(self, browser, draft) -> None:
        html = browser.post(preview(draft), words(content_html="line one\n{% if %}")).content.decode()
        assert "It cannot be written for this person." in html
        assert "line 2" in html

    def test_words_about_an_event_take_the_last_one(self, browser, draft) -> None:
        ada = contact("u-1", first_name="Ada")
        event(ada, "order.completed", total=42)
        data = words(content_html="<p>{{ event.total }}</p>", reader="u-1")
        assert "<p>42</p>" in browser.post(preview(draft), data).content.decode()
        account("email")
        message(ada, draft.template, context={"total": 7})
        assert "<p>7</p>" in browser.post(preview(draft), data).content.decode()

    def test_a_text_message_is_counted(self, browser, maria) -> None:
        about = template("text", channel="sms", content={"body": "Hi"})
        version = TemplateVersion.objects.create(template=about, number=2, author=maria, content={"body": "Hi"})
        html = browser.post(preview(version), {"content_body": "We’ve missed you " * 6}).content.decode()
        assert "2 segments · 102 of 134 units · UCS-2" in html
        assert "They can be replaced: ’ → &#x27;" in html

    def test_it_stands_in_a_frame_in_which_nothing_runs(self, browser, draft) -> None:
        answer = browser.get(preview(draft))
        policy = answer["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert policy.endswith("sandbox")
        assert "script-src" not in policy
        assert "img-src data:;" in policy
        html = browser.get(page(draft)).content.decode()
        assert '<iframe class="wm-frame" name="preview" title="Preview" sandbox ' in html
        assert "srcdoc" not in html

    def test_images_of_the_internet_are_loaded_on_demand_only(self, browser, draft) -> None:
        assert "img-src data: https: http:;" in browser.get(preview(draft), {"images": "1"})["Content-Security-Policy"]

    def test_who(self, draft) -> None:
        assert who(preview(draft)) == SIGHTED

    def test_an_unknown_version_is_not_found(self, browser) -> None:
        assert browser.get(reverse("admin:channels_templateversion_preview", args=(99,))).status_code == 404


def test_the_page_of_a_version_costs_the_same_however_many_there_are(browser, draft, maria) -> None:
    few = queries(browser, page(draft))
    for number in range(3, 12):
        TemplateVersion.objects.create(
            template=draft.template,
            number=number,
            author=maria,
            content=draft.content,
            created_at=NOW - timedelta(days=1),
        )
        contact(f"u-{number}")
    assert queries(browser, page(draft)) == few


class TestDeleting:
    """A template of which nothing was ever handed in goes with its drafts; any other stays."""

    @pytest.fixture
    def slip(self, maria) -> MessageTemplate:
        found = MessageTemplate.objects.create(brand=brand(), key="slip", name="Slip", channel="sms", topic=topic())
        TemplateVersion.objects.create(template=found, number=1, author=maria, content={"body": "Hello"})
        return found

    def address(self, of: MessageTemplate) -> str:
        return reverse("admin:channels_messagetemplate_delete", args=(of.pk,))

    def test_with_its_drafts(self, browser, slip) -> None:
        change = reverse("admin:channels_messagetemplate_change", args=(slip.pk,))
        assert self.address(slip) in browser.get(change).content.decode()
        assert "Slip v1" in browser.get(self.address(slip)).content.decode()
        browser.post(self.address(slip), {"post": "yes", "change_reason": "A slip."})
        assert not MessageTemplate.objects.filter(key="slip").exists()
        assert TemplateVersion.history.first().history_change_reason == "A slip."

    def test_not_what_was_ever_handed_in(self, browser, draft) -> None:
        assert browser.post(self.address(draft.template), {"post": "yes"}).status_code == 403
        assert MessageTemplate.objects.filter(pk=draft.template_id).exists()

    def test_not_what_is_referred_to(self, browser, slip) -> None:
        message(contact("ada", phone="+447700900001"), slip)
        answer = browser.post(self.address(slip), {"post": "yes"}, follow=True)
        assert "Slip is kept, since something refers to it: message." in answer.content.decode()
        assert slip.versions.count() == 1

    def test_not_by_those_who_may_only_look(self, slip, client) -> None:
        client.force_login(staff.user("Legal reviewer", "lena"))
        assert client.post(self.address(slip), {"post": "yes"}).status_code == 403
        assert MessageTemplate.objects.filter(key="slip").exists()
