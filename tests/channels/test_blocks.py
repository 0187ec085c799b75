"""Content blocks: put into words when these are submitted, and refused where they cannot be."""

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.urls import reverse

from channels import blocks, checks, compiling, drafts, previews
from channels.models import BlockUse, BlockVersion, ContentBlock, MessageTemplate, TemplateVersion
from compliance import reviews
from config.ledger import unlocked
from tests import staff
from tests.builders import NOW, brand, contact, topic, user

pytestmark = pytest.mark.django_db


def block(key: str, source: str, format_: str = "html", locale: str = "", **fields) -> BlockVersion:
    house = fields.pop("brand", None) or brand()
    about, _ = ContentBlock.objects.get_or_create(
        brand=house, key=key, defaults={"name": key.title(), "format": format_, "locked": fields.pop("locked", False)}
    )
    author = User.objects.filter(username="author").first() or user("author")
    defaults = {"state": "approved", "submitted_at": NOW, "author": author, **fields}
    number = drafts.next_block_number(about)
    return BlockVersion.objects.create(block=about, number=number, source=source, locale=locale, **defaults)


def version(locale: str = "", channel: str = "email", **content: str) -> TemplateVersion:
    template = MessageTemplate.objects.create(brand=brand(), key="hello", name="Hello", channel=channel, topic=topic())
    author = User.objects.filter(username="author").first() or user("author")
    return TemplateVersion.objects.create(
        template=template,
        number=1,
        locale=locale,
        content=content,
        author=author,
        message_class="transactional",
    )


def told(about: TemplateVersion) -> str:
    return " ".join(map(str, checks.problems(about)))


def test_they_are_put_in_with_blocks_of_their_own() -> None:
    block("sign", "The {{ brand.name }} team")
    block("foot", "<p>{{ blocks.sign }}</p>")
    made = compiling.compile(version(subject="x", html="<p>Hi</p>{{ blocks.foot }}"))
    assert made.findings == []
    assert made.fields["html"] == "<p>Hi</p><p>The {{ brand.name }} team</p>"
    assert made.fields["text"] == "Hi\n\nThe {{ brand.name }} team"


@pytest.mark.parametrize(("format_", "source", "field", "words"), [
    ("text", "a < b\n{{ contact.a | default: '<' }}", "html", "a &lt; b<br />\n{{ contact.a | default: '<' }}"),
    ("html", "<p>Hi <b>you</b></p>", "text", "Hi you"),
])  # fmt: skip
def test_formats_are_turned_into_each_other(format_: str, source: str, field: str, words: str) -> None:
    block("piece", source, format_)
    assert compiling.compile(version(subject="x", **{field: "{{ blocks.piece }}"})).fields[field] == words


def test_mjml_goes_into_mjml() -> None:
    block("foot", "<mj-section><mj-column><mj-text>Bye</mj-text></mj-column></mj-section>", "mjml")
    made = compiling.compile(version(subject="x", mjml="<mjml><mj-body>{{ blocks.foot }}</mj-body></mjml>"))
    assert made.findings == []
    assert "Bye</div>" in made.fields["html"]


def test_variants_are_chosen_by_condition() -> None:
    variants = [{"when": "contact.country == 'DE'", "source": "Impressum"}]
    block("foot", "Imprint", "text", variants=variants)
    about = version(subject="x", text="{{ blocks.foot }}")
    german, other = (
        previews.seen(about.template, about.content, contact(country=land), NOW).content["text"]
        for land in ("DE", "GB")
    )
    assert (german, other) == ("Impressum", "Imprint")


def test_the_language_follows_that_of_the_words() -> None:
    block("foot", "English", "text", locale="en")
    block("foot", "Français", "text", locale="fr")
    house = brand()
    house.default_locale = "en"
    house.save()
    shelves = [blocks.shelf(house, locale).pieces["foot"].source for locale in ("fr-CA", "de")]
    assert shelves == ["Français", "English"]


class TestRefusals:
    @pytest.mark.parametrize(("html", "sentence"), [
        ("<p>\n{{ blocks.nope }}</p>", "html: line 2: there is no content block 'nope'."),
        ("{{ blocks.theirs }}", "the block 'theirs' belongs to Rival; a template uses blocks of its own brand only."),
        ("{{ blocks.draft }}", "the block 'draft' has no approved version for these readers"),
        ("{{ blocks.a }}", "the block 'a' is in itself: a → b → a."),
        ("{{ blocks.mj }}", "the block 'mj' is MJML, which fits into MJML only."),
        ("{{ blocks.fine | upcase }}", "the block 'fine' stands alone, without a filter."),
        ("{{ blocks.bad }}", "in the block 'bad', A tag is not closed"),
        ("{% if blocks.fine %}x{% endif %}", "blocks.fine is not known"),
        ("{{ blocks.bomb5 }}", "its blocks make more than 400,000 characters."),
    ])  # fmt: skip
    def test_each_says_why(self, html: str, sentence: str) -> None:
        block("theirs", "x", brand=brand("rival"))
        block("draft", "x", state="draft", submitted_at=None)
        block("a", "{{ blocks.b }}")
        block("b", "{{ blocks.a }}")
        block("mj", "<mj-text>x</mj-text>", "mjml")
        block("fine", "x")
        block("bad", "{{ x")
        block("bomb0", "x" * 1000)
        for number in range(5):
            block(f"bomb{number + 1}", f"{{{{ blocks.bomb{number} }}}}" * 20)
        assert sentence in told(version(subject="x", html=html))

    def test_a_block_is_checked_by_itself(self) -> None:
        found = block("a", "<p>\n<script></script>{{ blocks.a }}</p>", state="draft", submitted_at=None)
        sentences = [str(one) for one in checks.block_problems(found)]
        assert any("source: line 2: <script>" in one for one in sentences)
        assert any("is in itself: a → a" in one for one in sentences)

    @pytest.mark.parametrize("variants", [{}, ["x"], [{"when": "x"}], [{"when": "", "source": ""}],
                                          [{"when": "a %}{% if b", "source": ""}], [{"when": "== 3", "source": ""}]])  # fmt: skip
    def test_bad_variants_are_told(self, variants) -> None:
        assert "ariant" in checks.block_problems(block("a", "x", variants=variants))[0].sentence


class TestSubmission:
    def submitted(self) -> TemplateVersion:
        block("foot", "Bye", "text")
        about = version(subject="Hi", html="<body><p>Hi</p>{{ blocks.foot }}</body>", preheader="Soon")
        author = user("maria", "channels.submit_templateversion")
        return reviews.submit(about, author, NOW)

    def test_what_is_sent_is_kept_and_sealed(self) -> None:
        about = self.submitted()
        assert about.compiled["html"].endswith("<p>Hi</p>Bye</body>")
        assert "Soon" in about.compiled["html"]
        assert about.compiled["text"] == "Hi\n\nBye"
        before = about.fingerprint
        with unlocked():
            TemplateVersion.objects.filter(pk=about.pk).update(compiled={**about.compiled, "text": "Other"})
        assert about.fingerprint != before

    def test_a_later_version_of_the_block_changes_nothing(self) -> None:
        about = self.submitted()
        BlockVersion.objects.filter(block__key="foot").update(state="retired")
        block("foot", "Ciao", "text")
        about.refresh_from_db()
        assert "Bye" in compiling.said(about)["html"]

    @pytest.mark.parametrize("columns", [{"compiled": {}}, {"variables": [{"name": "contact.a"}]}])
    def test_the_database_refuses_to_change_it(self, columns: dict) -> None:
        about = self.submitted()
        with pytest.raises(IntegrityError), transaction.atomic():
            TemplateVersion.objects.filter(pk=about.pk).update(**columns)

    def test_its_blocks_are_known_and_protected(self) -> None:
        about = self.submitted()
        assert [one.version for one in BlockUse.objects.all()] == [about]
        assert blocks.places(ContentBlock.objects.get()) == [about]
        with pytest.raises(IntegrityError), transaction.atomic():
            BlockVersion.objects.update(source="Other")


class TestAdmin:
    def test_a_marketer_writes_versions_but_not_of_legal_text(self) -> None:
        free, legal = block("free", "x"), block("legal", "x", locked=True)
        browser = staff.client("Marketer")
        pages = [f"{reverse('admin:channels_blockversion_add')}?block={one.block_id}" for one in (free, legal)]
        assert [browser.get(page).status_code for page in pages] == [200, 403]
        assert browser.post(pages[1], {"locale": "", "source": "y", "variants": "[]"}).status_code == 403
        assert browser.post(pages[0], {"locale": "", "source": "y", "variants": "[]"}).status_code == 302
        made = BlockVersion.objects.get(source="y")
        assert (made.number, made.state, made.block) == (2, "draft", free.block)
        browser.post(
            reverse("admin:channels_contentblock_change", args=[legal.block_id]), {"name": "Mine", "locked": ""}
        )
        legal.block.refresh_from_db()
        assert (legal.block.name, legal.block.locked) == ("Legal", True)

    def test_a_legal_reviewer_writes_legal_text(self) -> None:
        legal = block("legal", "x", locked=True)
        browser = staff.client("Legal reviewer")
        page = f"{reverse('admin:channels_blockversion_add')}?block={legal.block_id}"
        assert browser.post(page, {"locale": "", "source": "z", "variants": ""}).status_code == 302
        made = BlockVersion.objects.get(source="z")
        html = browser.get(reverse("admin:channels_blockversion_change", args=[made.pk])).content.decode()
        assert "it looks fine" in html

    def test_a_blocks_page_lists_its_versions_and_places(self) -> None:
        foot = block("foot", "Bye")
        about = version(subject="x", html="{{ blocks.foot }}")
        html = staff.client("Analyst").get(reverse("admin:channels_contentblock_change", args=[foot.block_id]))
        assert reverse("admin:channels_blockversion_change", args=[foot.pk]) in html.content.decode()
        assert reverse("admin:channels_templateversion_change", args=[about.pk]) in html.content.decode()

    def test_only_its_author_changes_a_draft_and_nobody_a_submitted_one(self) -> None:
        mine = block("foot", "Bye")
        browser = staff.client("Administrator")
        page = reverse("admin:channels_blockversion_change", args=[mine.pk])
        assert browser.post(page, {"locale": "", "source": "y", "variants": "[]"}).status_code == 403


class TestTwoPages:
    @pytest.fixture
    def browser(self):
        return staff.client("Legal reviewer", "lena")

    @pytest.fixture
    def mine(self, browser) -> BlockVersion:
        lena = User.objects.get(username="lena")
        return block("foot", "Bye", state="draft", submitted_at=None, author=lena)

    @staticmethod
    def page(version: BlockVersion) -> str:
        return reverse("admin:channels_blockversion_change", args=[version.pk])

    def test_whoever_saves_second_is_shown_the_difference(self, browser, mine) -> None:
        seen = browser.get(self.page(mine)).context["revision"]
        data = {"locale": "", "variants": "[]", "revision": seen}
        assert browser.post(self.page(mine), {**data, "source": "Mine came first"}).status_code == 302
        late = browser.post(self.page(mine), {**data, "source": "I am late"})
        html = late.content.decode()
        assert "Nothing was saved: this draft was changed after you opened it." in html
        assert '<del class="wm-del wm-diff-line">Mine came first</del>' in html
        assert '<ins class="wm-ins wm-diff-line">I am late</ins>' in html
        mine.refresh_from_db()
        assert mine.source == "Mine came first"
        again = {**data, "source": "I am late", "revision": late.context["revision"]}
        assert browser.post(self.page(mine), again).status_code == 302
        mine.refresh_from_db()
        assert mine.source == "I am late"

    def test_what_was_submitted_meanwhile_is_shown_to_whoever_typed_it(self, browser, mine) -> None:
        seen = browser.get(self.page(mine)).context["revision"]
        reviews.submit(mine, mine.author, NOW)
        data = {"locale": "", "variants": "[]", "revision": seen, "source": "<b>I am late</b>"}
        late = browser.post(self.page(mine), data)
        assert late.status_code == 409
        assert "&lt;b&gt;I am late&lt;/b&gt;" in late.content.decode()

    def test_going_back_to_an_earlier_state_is_meant(self, browser, mine) -> None:
        mine.source = "Hello"
        mine.save()
        first = mine.history.earliest()
        earlier = reverse("admin:channels_blockversion_simple_history", args=[mine.pk, first.pk])
        assert browser.post(earlier, {}).status_code == 302
        mine.refresh_from_db()
        assert mine.source == "Bye"
