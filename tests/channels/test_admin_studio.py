"""The studio without its script: what it is told of words while they are written, who saved meanwhile, and mock-ups."""

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils.html import escape

from channels import drafts
from channels.admin import looks
from channels.base import channels
from channels.models import TemplateVersion
from compliance import reviews
from tests import staff
from tests.builders import NOW, contact, event, template
from tests.pages import who

pytestmark = pytest.mark.django_db
SIGHTED = {"Marketer", "Legal reviewer", "Operator", "Support agent", "Analyst", "Administrator"}
WAY_OUT = "{{ brand.postal_address }} <a href='{{ unsubscribe_url }}'>Unsubscribe</a>"


def address(version: TemplateVersion, name: str = "change") -> str:
    return reverse(f"admin:channels_templateversion_{name}", args=(version.pk,))


@pytest.fixture
def maria(client):
    found = staff.user("Marketer", "maria")
    client.force_login(found)
    return found


@pytest.fixture
def draft(maria) -> TemplateVersion:
    content = {"subject": "Hello", "html": f"<p>Hello</p>{WAY_OUT}", "text": "{{ unsubscribe_url }}"}
    return TemplateVersion.objects.create(template=template("offer"), number=2, author=maria, content=content)


@pytest.fixture
def sms(maria) -> TemplateVersion:
    about = template("text", channel="sms", content={"body": "Hi"})
    return TemplateVersion.objects.create(template=about, number=2, author=maria, content={"body": "Hi"})


def words(**changes) -> dict:
    return {
        "locale": "",
        "message_class": "marketing",
        "content_subject": "Spring",
        "content_html": f"<p>Spring is here</p>{WAY_OUT}",
        "content_text": "{{ unsubscribe_url }} {{ brand.postal_address }}",
        **changes,
    }


class TestChecks:
    def test_fine_words_have_no_problem(self, client, draft) -> None:
        assert client.post(address(draft, "check"), words()).json()["problems"] == []

    def test_a_problem_names_its_field_and_its_line(self, client, draft) -> None:
        html = f"<p>\n{{% if %}}</p>{WAY_OUT}"
        found = client.post(address(draft, "check"), words(content_html=html)).json()["problems"]
        told = next(one for one in found if one["code"] == "wording")
        assert (told["field"], told["label"], told["line"], told["severity"]) == ("html", "HTML", 2, "block")
        assert told["sentence"][0].isupper()
        assert "line 2" not in told["sentence"]

    def test_the_floor_above_is_asked_too(self, client, draft) -> None:
        found = client.post(address(draft, "check"), words(content_html="<p>Hi</p>")).json()["problems"]
        assert "html" in {one["field"] for one in found}
        assert any("unsubscribe_url" in one["sentence"] for one in found)

    def test_the_class_in_the_form_counts(self, client, draft) -> None:
        data = words(content_html="<p>Your code</p>", content_text="", message_class="otp")
        assert client.post(address(draft, "check"), data).json()["problems"] == []

    def test_nothing_is_stored(self, client, draft) -> None:
        client.post(address(draft, "check"), words())
        draft.refresh_from_db()
        assert draft.content["subject"] == "Hello"

    def test_the_size_is_that_of_the_written_html(self, client, draft) -> None:
        ada = contact("u-1", first_name="Ä" * 500)
        data = words(content_html="{{ contact.first_name | default: '' }}")
        assert client.post(address(draft, "check"), data).json()["size"] == {"bytes": len("Sam"), "limit": 102 * 1024}
        assert client.post(address(draft, "check"), {**data, "reader": ada.pk}).json()["size"]["bytes"] == 1000

    def test_a_text_is_counted_at_its_longest_and_names_what_makes_it_dear(self, client, sms) -> None:
        found = client.post(address(sms, "check"), {"content_body": "We’ve {{ contact.first_name }}"}).json()[
            "segments"
        ]
        assert (found["encoding"], found["units"], found["segments"], found["room"]) == ("UCS-2", 26, 1, 70)
        assert found["foreign"] == [{"sign": "’", "name": "right single quotation mark", "swap": "'"}]

    def test_of_a_mail_no_segments(self, client, draft) -> None:
        assert client.post(address(draft, "check"), words()).json()["segments"] is None

    def test_names_of_people_and_events_are_offered(self, client, draft) -> None:
        event(contact("u-1", favourite_band="Low"), "order.completed", total=3)
        found = [one["name"] for one in client.post(address(draft, "check"), words()).json()["variables"]]
        assert {"contact.favourite_band", "contact.email", "event.total", "brand.name", "unsubscribe_url"} <= set(found)

    def test_not_to_those_who_may_not_see_people(self, client, draft) -> None:
        contact("u-1", favourite_band="Low")
        blind = staff.user("", "blind")
        blind.user_permissions.add(Permission.objects.get(codename="view_templateversion"))
        client.force_login(blind)
        assert "favourite_band" not in client.post(address(draft, "check"), words()).content.decode()

    @pytest.mark.parametrize("length", [400_000, 5_000_000])
    def test_a_giant_is_refused_with_a_sentence(self, client, draft, length) -> None:
        data = words(content_html="{{ 'x' | append: 'y' }}" + "z" * length)
        found = client.post(address(draft, "check"), data).json()["problems"]
        assert any("longer than 400,000 characters" in one["sentence"] for one in found)

    def test_who(self, draft) -> None:
        assert who(address(draft, "check"), "post", words()) == SIGHTED

    def test_looking_is_not_asking(self, client, draft) -> None:
        assert client.get(address(draft, "check")).status_code == 405


class TestConcurrentEdits:
    def revision(self, client, draft) -> str:
        return client.get(address(draft)).context["revision"]

    def test_whoever_saves_second_is_shown_the_difference(self, client, draft) -> None:
        seen = self.revision(client, draft)
        first = words(content_subject="Mine came first", revision=seen)
        assert client.post(address(draft), first).status_code == 302
        answer = client.post(address(draft), words(content_subject="I am late", revision=seen))
        html = answer.content.decode()
        assert answer.status_code == 200
        assert "Nothing was saved: this draft was changed after you opened it." in html
        assert '<del class="wm-del wm-diff-line">Mine came first</del>' in html
        assert '<ins class="wm-ins wm-diff-line">I am late</ins>' in html
        assert "maria saved this draft on" in html
        draft.refresh_from_db()
        assert draft.content["subject"] == "Mine came first"

    def test_having_seen_it_one_may_replace_it(self, client, draft) -> None:
        seen = self.revision(client, draft)
        client.post(address(draft), words(content_subject="Mine came first", revision=seen))
        late = client.post(address(draft), words(content_subject="I am late", revision=seen))
        again = words(content_subject="I am late", revision=late.context["revision"])
        assert client.post(address(draft), again).status_code == 302
        draft.refresh_from_db()
        assert draft.content["subject"] == "I am late"

    def test_a_page_that_does_not_say_what_it_saw_overwrites_nothing(self, client, draft) -> None:
        assert client.post(address(draft), words()).status_code == 200
        draft.refresh_from_db()
        assert draft.content["subject"] == "Hello"

    def test_a_mistake_is_not_a_conflict(self, client, draft) -> None:
        seen = self.revision(client, draft)
        answer = client.post(address(draft), words(content_subject="", revision=seen))
        assert "changed after you opened it" not in answer.content.decode()
        assert answer.context["revision"] == seen

    def test_a_submitted_one_is_not_written_over(self, client, draft, maria) -> None:
        seen = self.revision(client, draft)
        TemplateVersion.objects.filter(pk=draft.pk).update(content={"text": words()["content_text"], "subject": "Hi"})
        reviews.submit(draft, maria, NOW)
        late = client.post(address(draft), words(content_subject="I am late", revision=seen))
        html = late.content.decode()
        assert late.status_code == 409
        assert "Nothing was saved: this version was submitted after you opened it" in html
        assert "I am late" in html
        draft.refresh_from_db()
        assert draft.content["subject"] == "Hi"

    def test_variables_count_too(self, client, draft) -> None:
        seen = self.revision(client, draft)
        declared = {"variables_rows": "1", "variables_name": "contact.city", "variables_fallback": "here"}
        assert client.post(address(draft), words(**declared, revision=seen)).status_code == 302
        late = client.post(address(draft), words(variables_rows="1", revision=seen))
        assert "Nothing was saved: this draft was changed after you opened it." in late.content.decode()
        assert [label for label, _ in late.context["conflict"]["fields"]] == ["Variables"]
        draft.refresh_from_db()
        assert draft.variables[0]["name"] == "contact.city"

    def test_whoever_may_not_write_it_is_still_refused(self, draft) -> None:
        other = staff.client("Marketer", "mark")
        assert other.post(address(draft), words()).status_code == 403


class TestThrowingAway:
    def test_the_author_throws_a_draft_away(self, client, draft) -> None:
        assert client.post(address(draft, "delete"), {"post": "yes"}).status_code == 302
        assert not TemplateVersion.objects.filter(pk=draft.pk).exists()

    def test_one_that_is_submitted_while_it_is_thrown_away_stays(self, client, draft, maria, monkeypatch) -> None:
        discard = drafts.discard

        def late(version, user) -> None:
            TemplateVersion.objects.filter(pk=draft.pk).update(
                content={"text": words()["content_text"], "subject": "Hi"}
            )
            reviews.submit(TemplateVersion.objects.get(pk=draft.pk), maria, NOW)
            discard(version, user)

        monkeypatch.setattr(drafts, "discard", late)
        answer = client.post(address(draft, "delete"), {"post": "yes"}, follow=True)
        assert "does not change any more; make a new draft from it." in answer.content.decode()
        assert TemplateVersion.objects.filter(pk=draft.pk).exists()


class TestPage:
    def test_it_works_without_the_script(self, client, draft) -> None:
        html = client.get(address(draft)).content.decode()
        assert '<textarea name="content_html"' in html
        assert 'src="/static/waymark/built/studio.js"' in html
        assert 'formtarget="preview"' in html

    def test_liquid_is_offered_as_the_server_knows_it(self, client, draft) -> None:
        facts = client.get(address(draft)).context["studio"]
        assert {"if", "endif", "else", "elsif", "assign", "raw"} <= set(facts["tags"])
        assert not {"include", "render", "content", "illegal"} & set(facts["tags"])
        assert {"default", "date"} <= set(facts["filters"])
        assert {"name": "html", "label": "HTML", "mode": "html"} in facts["fields"]
        assert {"name": "mjml", "label": "MJML", "mode": "mjml"} in facts["fields"]

    def test_hostile_words_do_not_end_the_facts(self, client, draft) -> None:
        contact("u-1", attributes={"</script><script>alert(1)</script>": 1})
        assert "</script><script>alert" not in client.get(address(draft)).content.decode()


class TestLooks:
    def test_another_language_s_version_can_be_shown_instead(self, client, draft) -> None:
        old = draft.template.versions.get(number=1)
        shown = client.post(address(draft, "preview"), words(instead=old.pk)).content.decode()
        assert "Spring is here" not in shown
        other = template("elsewhere").versions.get()
        assert client.post(address(draft, "preview"), words(instead=other.pk)).status_code == 404

    def test_a_text_is_a_bubble_on_a_telephone(self, client, sms) -> None:
        html = client.post(
            address(sms, "preview"), {"content_body": "Hi {{ contact.first_name }} <b>"}
        ).content.decode()
        assert '<div class="bubble">Hi Sam &lt;b&gt;</div>' in html
        assert "1 segment · 10 of 160 units · GSM-7" in html

    @pytest.mark.parametrize(
        ("key", "content", "said"),
        [
            ("push", {"title": "Still there?", "body": "Your cart", "action": "https://a.example"}, "Opens https://a"),
            ("push", {"title": "Still there?", "body": "Your cart"}, "text 9 (about"),
            ("whatsapp", {"content_sid": "HX1", "variables": "1=Ada\n2=€ 5"}, "<dt>2</dt><dd>€ 5</dd>"),
            ("whatsapp", {"body": "Hello <i>"}, "Hello &lt;i&gt;"),
            (
                "in_app",
                {"title": "New", "body": "Look", "label": "Go", "link": "app://x"},
                ">Go</span><br>leads to app",
            ),
            ("chat", {"body": "Which?", "quick_replies": "Red\nBlue = b"}, '<span class="button">Blue</span>'),
        ],
    )
    def test_each_screen_shows_each_field_once(self, key, content, said) -> None:
        kind = channels[key]
        assert looks.of(kind) == looks.SCREEN
        found = kind.rendered(content, lambda _, source: source)
        answer = looks.shown(kind, found, "dark", images=False, sender="Acme")
        html = answer.content.decode()
        assert said in html
        assert all(
            html.count(escape(words)) == 1 for name, words in content.items() if name in ("title", "body", "link")
        )
        assert '<html lang="en" class="dark">' in answer.content.decode()
        assert answer["Content-Security-Policy"].endswith("sandbox")
