"""Markup with Liquid: whatever is done to the markup, every tag of Liquid comes out as it went in."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels import liquid
from channels.markup import masking, mjml, styles
from channels.markup.preheader import with_preheader
from tests.patience import PATIENCE

TAGS = st.sampled_from(
    ["{{ contact.a }}", "{{- event.b | default: 'its' -}}", '{{ contact.c | append: "<b>&" }}', "{{ x[\"y\"] }}",
     "{% if a < 3 and b > 4 %}x{% endif %}", "{% for i in event.rows %}{{ i }}\n{% endfor %}", "{% raw %}<i>{{ x }}{% endraw %}",
     "{% comment %} <mj-text> {% if %} x {% endcomment %}", "{% assign q = '</mj-text>' %}", "{{ 'é ü 你' }}"]
)  # fmt: skip
PIECES = st.lists(st.one_of(TAGS, st.sampled_from(["word", " ", "<b>bold</b>", "é", "&amp;", "<br />"])), max_size=8)


def mail(body: str) -> str:
    return f"<mjml><mj-head><mj-title>T</mj-title></mj-head><mj-body>{body}</mj-body></mjml>"


def column(body: str) -> str:
    return mail(f"<mj-section><mj-column>{body}</mj-column></mj-section>")


def tags(text: str) -> list[str]:
    return [found[0] for found in masking.LIQUID.finditer(text)]


@given(PIECES, TAGS, TAGS, PIECES)
@settings(max_examples=150, deadline=None)
def test_liquid_in_text_and_attributes_survives_mjml(before: list[str], link: str, alt: str, after: list[str]) -> None:
    words, more = "".join(before), "".join(after)
    source = column(
        f"<mj-text>{words}<a href='https://x.example/{link}'>x</a></mj-text>"
        f'{alt}<mj-image src="https://x.example/a.png" alt="{alt}" /><mj-raw>{more}</mj-raw>'
    )
    html, findings = mjml.compiled(source)
    assert findings == []
    assert sorted(tags(html)) == sorted(tags(source))
    assert words in html
    liquid.parse(html)


@given(PIECES)
@settings(max_examples=100, deadline=None)
def test_liquid_survives_inlining(pieces: list[str]) -> None:
    source = f"<style>p {{ color: red }}</style><p class='a'>{''.join(pieces)}</p>"
    assert tags(styles.inlined(source)) == tags(source)


@pytest.mark.parametrize("source", [
    mail("{% if a < 3 %}<mj-section></mj-section>{% else %}<mj-section></mj-section>{% endif %}"),
    mail("<mj-section>{% for x in xs %}<mj-column></mj-column>{% endfor %}</mj-section>"),
    mail("<mj-wrapper>{% if a %}<mj-section></mj-section>{% endif %}</mj-wrapper>"),
    column("{% if a %}<mj-text>x</mj-text>{% endif %}{{ b }}"),
    column("<mj-table>{% for r in rows %}<tr><td>{{ r }}</td></tr>{% endfor %}</mj-table>"),
    column('<mj-social>{% if a %}<mj-social-element name="x" href="{{ b }}">X</mj-social-element>{% endif %}</mj-social>'),
    column("<mj-text><p {% if a > 1 %}class='b'{% endif %}>x</p></mj-text>"),
])  # fmt: skip
def test_liquid_between_elements_keeps_its_place(source: str) -> None:
    html, findings = mjml.compiled(source)
    if "<p {%" in source:  # between attributes nothing can be kept: told, never lost in silence
        assert [one.code for one in findings] == ["lost_liquid", "lost_liquid"]
    else:
        assert findings == []
        assert list(dict.fromkeys(tags(html))) == list(dict.fromkeys(tags(source)))  # a link of mj-social comes twice


def test_a_condition_around_a_section_decides_over_exactly_that() -> None:
    source = mail(
        "{% if contact.vip %}<mj-section><mj-column><mj-text>Gold</mj-text></mj-column></mj-section>{% endif %}"
    )
    html = mjml.compiled(source)[0]
    assert "Gold" in liquid.render(html, {"contact": {"vip": True}}, html=True)
    rest = liquid.render(html, {"contact": {}}, html=True)
    assert "Gold" not in rest
    assert "<table" not in rest


@pytest.mark.parametrize(("source", "sentence"), [
    ("<p>Hi</p>", "mjml: line 1: MJML begins with <mjml> and ends with </mjml>."),
    (column("\n<mj-text>a</mj-text>\n</mj-colum>"), "this is not MJML"),
    (column("\n\n<mj-image width='{{ w }}' />"), "mjml: line 3: {{ w }} is lost in MJML here; this attribute takes no variable."),
    (column("<mj-text>" + "<b>" * 300 + "</b>" * 300 + "</mj-text>"), "more than 200 elements stand within each other."),
    (column("<mj-include path='/etc/passwd' />"), "this is not MJML: unable to load included template"),
    (column("\n<mj-text>\n<p>a\n<p>b</p></mj-text>"), "mjml: line 3: this is not MJML: <p> is not closed."),
    (column("\n<mj-image src='x'>\n"), "mjml: line 2: this is not MJML: <mj-image> is not closed."),
    (column("\n<mj-text>1 < 2</mj-text>"), "mjml: line 2: this is not MJML: this < begins no whole tag"),
    (column("\n<mj-text>\n<a href=https://x.example>b</a></mj-text>"), "mjml: line 3: this is not MJML: a value in <a> has no quotes."),
    (column("<mj-text><!--[if mso]>{{ a }}<![endif]--></mj-text>") + "\n{% assign a = 1 %}", "mjml: line 2: {% assign a = 1 %} is lost in MJML here; put it into <mj-body>."),
    (column("<mj-text>\U0001f600<![endif></mj-text>"), "mjml: this is not MJML: it cannot be read."),
])  # fmt: skip
def test_bad_mjml_is_told(source: str, sentence: str) -> None:
    _, findings = mjml.compiled(source)
    assert sentence in " ".join(map(str, findings))


@pytest.mark.parametrize("words", [
    "もっと見る>", "Really \U0001f600?>", "3 > 2", "<!--[if mso]><table><tr><td><![endif]-->", "<!--[if !mso]><!--><b>x</b><!--<![endif]-->",
    "<!-- a -- b > c < d -->", "<!--[if mso-->", "<![if !mso]>x<![endif]>", "<!-- {{ a }} -->", "<!--[if mso]><p title='{{ a }}'></p><![endif]-->",
])  # fmt: skip
@pytest.mark.parametrize("tag", ["mj-text", "mj-raw"])
def test_what_people_write_in_mjml_stays_as_it_is(words: str, tag: str) -> None:
    html, findings = mjml.compiled(column(f"<{tag}>{words}</{tag}>"))
    assert findings == []
    assert words in html.replace('"', "'")


def test_the_engines_signs_make_no_tags() -> None:
    html, _ = mjml.compiled(column("<mj-text>\ufdd0script\ufdd1</mj-text>"))
    assert "<script>" not in html


@pytest.mark.parametrize("before", ["\ufeff", "<!-- November -->\n", "\n  "])
def test_a_file_may_begin_with_a_comment_or_a_byte_order_mark(before: str) -> None:
    assert mjml.compiled(before + column("<mj-text>x</mj-text>"))[1] == []


def test_no_font_of_others_is_loaded() -> None:
    assert "googleapis" not in mjml.compiled(column("<mj-text>x</mj-text>"))[0]


class TestStyles:
    def test_they_are_written_into_the_elements_and_kept_in_the_head(self) -> None:
        html = styles.inlined(
            "<style>p { color: {{ c }} } @media (max-width: 9px) { p { color: red } }</style><p>x</p>"
        )
        assert '<p style="color: {{ c }};">' in html
        assert "@media" in html

    @pytest.mark.parametrize("html", [
        "<p>no styles</p>",
        "<style>p { color: red } {% if a %}p { color: blue }{% endif %}</style><p>x</p>",
        "<style>p { color: red }</style><p {% if a %}class='b'{% endif %}>x</p>",
        "<style>p { color: red }</style>{% if a %}<div><p>{% else %}<p>{% endif %}x</p>",
        "<style>p { color: red }</style>" + "<div>" * 300,
        "<style>p { color: red }</style><![if !mso]><p>not for Outlook</p><![endif]>",
    ])  # fmt: skip
    def test_where_it_might_change_the_mail_it_stays_as_it_was_written(self, html: str) -> None:
        assert styles.inlined(html) == html

    def test_table_rows_in_loops_stay_in_their_table(self) -> None:
        source = (
            "<style>td { color: red }</style><table>{% for r in rows %}<tr><td>{{ r }}</td></tr>{% endfor %}</table>"
        )
        html = styles.inlined(source)
        assert "<table>{% for r in rows %}<tbody><tr>" in html or "{% for r in rows %}<tr>" in html
        assert 'style="color: red;"' in html


class TestPreheader:
    def test_it_is_hidden_at_the_top_of_the_body(self) -> None:
        html = with_preheader("<html><body {% if a > 3 %}class='x'{% endif %}><p>Hi", "Now & {{ contact.a }}")
        assert html.startswith("<html><body {% if a > 3 %}class='x'{% endif %}><div style=\"display:none")
        assert "Now &amp; {{ contact.a }}" in html

    def test_without_one_nothing_changes(self) -> None:
        assert with_preheader("<p>Hi</p>", " ") == "<p>Hi</p>"


@pytest.mark.parametrize("piece", ['<a "', "<", "<!--", "<![CDATA[", "<![if x>", "<a b='", "{{a}}<", '<a>"<b '])
def test_hostile_markup_does_not_hang(piece: str) -> None:
    source = (piece * (100_000 // len(piece)))[:100_000]
    begun = time.process_time()
    if not masking.unreadable(source):
        mjml.compiled(f"<mjml>{source}")
        styles.inlined(f"<style>{source}")
    assert time.process_time() - begun < PATIENCE
