"""The plain text of a mail says what its HTML says, to the same people."""

from collections.abc import Mapping
from typing import Any

import pytest

from channels import liquid
from channels.base import channels
from channels.mail import content, plain

SECTION = "<mj-section><mj-column><mj-text>{}</mj-text></mj-column></mj-section>"
GROUP = "<mj-section><mj-group>{}</mj-group></mj-section>"
COLUMN = "<mj-column><mj-text>{}</mj-text></mj-column>"
VIP = {"contact": {"vip": True}, "event": {"lines": [{"name": "Tea"}, {"name": "Mug"}]}}
OTHERS = {"contact": {}, "event": {"lines": []}}


def read(mjml: str, context: Mapping[str, Any]) -> list[str]:
    made, findings = content.compiled({"subject": "x", "mjml": mjml})
    assert findings == []
    return liquid.render(made["text"], context).split()


@pytest.mark.parametrize("around", ["<mj-wrapper>{}</mj-wrapper>", "{}", "<mj-wrapper>" + SECTION.format("Hi") + "{}</mj-wrapper>"])  # fmt: skip
def test_a_condition_around_a_section_holds_in_the_text_too(around: str) -> None:
    inside = "{% if contact.vip %}" + SECTION.format("Secret") + "{% else %}" + SECTION.format("Open") + "{% endif %}"
    mjml = f"<mjml><mj-body>{around.replace('{}', inside)}</mj-body></mjml>"
    assert read(mjml, VIP)[-1] == "Secret"
    assert read(mjml, OTHERS)[-1] == "Open"


@pytest.mark.parametrize(("around", "one"), [("<mj-wrapper>{}</mj-wrapper>", SECTION), (GROUP, COLUMN)])
def test_a_loop_over_sections_is_one_in_the_text_too(around: str, one: str) -> None:
    loop = "{% for line in event.lines %}" + one.format("{{ line.name }}") + "{% endfor %}"
    mjml = f"<mjml><mj-body>{around.format(loop)}</mj-body></mjml>"
    assert read(mjml, VIP) == ["Tea", "Mug"]
    assert read(mjml, OTHERS) == []


def test_what_is_assigned_in_the_head_is_known_in_the_text() -> None:
    head = "<mj-raw>{% assign total = 3 %}{% capture who %}you <b>and</b> me{% endcapture %}</mj-raw>"
    body = SECTION.format("{{ total }} for {{ who }}")
    assert read(f"<mjml><mj-head>{head}</mj-head><mj-body>{body}</mj-body></mjml>", VIP) == [
        "3",
        "for",
        "you",
        "and",
        "me",
    ]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<!-- {% assign x = 1 %} --><p>{{ x }}</p>", "{% assign x = 1 %}\n\n{{ x }}"),
        ("<p {% assign x = 1 %}>{{ x }}</p>", "{% assign x = 1 %}\n\n{{ x }}"),
        ("<p style='{% if contact.a %}a{% else %}b{% endif %}'>x</p>", "x"),
        ("<p class=\"{% cycle 'odd', 'even' %}\">x</p>", "x"),
        ("<head><title>{{ contact.a }}</title><style>{% if contact.a %}a{% endif %}</style></head><p>x</p>", "x"),
        ("<!--[if mso]>{% if contact.a %}<b>x</b>{% endif %}<![endif]-->y", "y"),
        (
            "<a href='{% if contact.a %}https://a.example{% endif %}'>z</a>",
            "z ({% if contact.a %}https://a.example{% endif %})",
        ),
    ],
)
def test_liquid_that_nobody_sees_goes_with_what_it_is_in_unless_words_depend_on_it(html: str, text: str) -> None:
    assert plain.from_html(html) == text


def test_cells_of_a_row_stand_apart() -> None:
    rows = "<table><tr><th>Tea</th><td>2</td><td><p>3.00</p></td></tr><tr><td>Mug</td><td>1</td></tr></table>"
    assert plain.from_html(rows).split() == ["Tea", "2", "3.00", "Mug", "1"]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>{{ brand.postal_address | newline_to_br }}</p>", "1 Road\nTown"),
        ("<p>{{ event.tags | join: '<br/>' }}</p>", "a\nb"),
        ("<p>{{ contact.nick | default: '<b>you</b>' }}</p>", "you"),
        ("<p>{% if 2 < 3 %}{{ 'a < b' }}{% endif %}</p>", "a < b"),
        ("<p>Hi {%- if contact.vip -%} V {%- endif -%}</p><p>Bye</p>", "Hi\n\nBye"),
        (
            "<div>a</div>{% if contact.vip %}<p>b</p>{% endif %}{% if contact.vip %}<p>c</p>{% endif %}<p>d</p>",
            "a\n\nd",
        ),
        ("{% if contact.vip %}<p>b</p>{% endif %}<p>d</p>", "d"),
    ],
)
def test_what_arrives_is_text_without_html_or_holes(html: str, text: str) -> None:
    made, _ = content.compiled({"subject": "x", "html": html})
    context = {"contact": {}, "event": {"tags": ["a", "b"]}, "brand": {"postal_address": "1 Road\nTown"}}
    words = channels["email"].rendered(made, lambda name, source: liquid.render(source, context, html=name == "html"))
    assert words["text"] == text


def test_a_head_without_an_end_hides_no_words() -> None:
    assert plain.from_html("<html><head><title>T</title><body><p>Hello</p></body></html>") == "Hello"


@pytest.mark.parametrize("signs", ["\ue0000\ue001", "\ue00099\ue001", f"\ue000{'9' * 5000}\ue001", "\ue000", "\ue001"])
def test_private_characters_are_no_liquid(signs: str) -> None:
    assert "secret" not in plain.from_html(f"<p title='{{{{ secret }}}}'>{signs}</p>")
