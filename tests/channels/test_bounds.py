"""Words that would eat the machine are refused with a sentence, before they do: the worst that could be thought of."""

import pytest

from channels import blocks, liquid
from channels.mail import content
from channels.markup import mjml

LOOP = "{{% for a in (1..1000) %}}{}{{% endfor %}}"
SECTIONS = "<mjml>{}<mj-body><mj-section><mj-column>{}</mj-column></mj-section></mj-body></mjml>"
FONT = "font-family='" + "x" * 100_000 + "'"


@pytest.mark.parametrize("source", [
    LOOP.format("{% assign b = 1 | plus: 1 | plus: 2 %}" * 9_000),
    "{% for z in (1..9) %}" + LOOP.format("{% if a == 2 %}{% endif %}" * 9_000) + "{% endfor %}",
    LOOP.format("{{ a " + "| upcase | downcase " * 9_000 + "}}"),
    LOOP.format("{% unless a %}{% endunless %}" * 9_000),
    LOOP.format("{% case a %}" + "{% when 'x' %}y" * 1_000 + "{% endcase %}"),
    LOOP.format("{% cycle " + ",".join(["'a'"] * 1_000) + " %}"),
    LOOP.format("{% if " + " or ".join(["a == 'x'"] * 300) + " %}x{% endif %}"),
    LOOP.format("") * 9_000,
    "{% tablerow a in (1..1000) %}" + "{% assign b = a %}" * 5_000 + "{% endtablerow %}",
    "{% assign a = '" + "x" * 150_000 + "' %}" + LOOP.format("{{ a | upcase | size }}").replace("for a", "for i"),
    "{% assign r = (1..1000) %}" + LOOP.format("{{ r | reverse | size }}" * 30),
])  # fmt: skip
def test_work_that_loops_multiply_is_counted(source: str) -> None:
    with pytest.raises(liquid.Unrenderable, match="more than 200,000 steps; loop over less"):
        liquid.render(source, {"a": "x"}, html=True)


def test_what_a_long_mail_needs_is_far_below() -> None:
    line = "{% if i.sale %}<b>{{ i.name | escape }}</b>{% else %}{{ i.name | truncate: 40 }}{% endif %} {{ i.price | money: 'EUR' }}"
    items = [{"name": f"Thing {number}", "price": number, "sale": number % 2} for number in range(500)]
    found = liquid.render("{% for i in items %}" + line + "{% endfor %}", {"items": items, "locale": "de"}, html=True)
    assert f"499,00{chr(160)}€" in found


@pytest.mark.parametrize("bounds", [
    "1..100000000", "1..'100000000'", "1..1e8", "1..a['x']", "1..a.b", "1..\n100000000", "-100000000..1", "1..100_000_000",
])  # fmt: skip
def test_a_range_is_judged_however_it_is_written(bounds: str) -> None:
    for source in (
        f"{{{{ ({bounds}) | sort }}}}",
        f"{{% for i in ({bounds}) %}}{{% endfor %}}",
        f"{{% if x == ({bounds}) %}}{{% endif %}}",
    ):
        with pytest.raises(liquid.BadSource, match=r"may only have bounds from|not|expected"):
            liquid.parse(source)
    assert liquid.render("Rooms (1..5000), pages (a..z).", {}) == "Rooms (1..5000), pages (a..z)."
    assert liquid.render("Rooms (1..5000) {{ (-2..1) | join: ' ' }}", {}) == "Rooms (1..5000) -2 -1 0 1"


@pytest.mark.parametrize("source", [
    "x" * 5_000_000 + "{{ a }}",
    "{{ a }}" * 700_000,
    "{{ a }}" * 50_000,
    "{% if true %}" * 5_000 + "{% endif %}" * 5_000,
    "{% if " + " or ".join(["a"] * 60_000) + " %}x{% endif %}",
    "{{" * 90_000 + "}}" * 90_000,
    "{{ '" + "9" * 100_000 + "' | times: 2 }}",
    "{% assign a = 'xxxxxxxxxx' %}" + "{% assign a = a | append: a %}" * 40,
    "{% assign a = 'xxxxxxxxxx' %}" + "{% capture a %}{{ a }}{{ a }}{% endcapture %}" * 40,
    "{{ 'aaaaaaaaaa' " + "| replace: 'a', 'aaaaaaaaaa' " * 12 + "}}",
    "{% assign a = 'a,b,c' | split: ',' %}" + "{% assign a = a | concat: a %}" * 26,
    "{% assign a = 99999999 %}" + "{% assign a = a | times: a %}" * 30 + "{{ a }}",
    "{{ 'now' | date: '" + "%c" * 90_000 + "' }}",
])  # fmt: skip
def test_bombs_of_liquid_are_refused(source: str) -> None:
    with pytest.raises((liquid.BadSource, liquid.Unrenderable)):
        liquid.render(source, {"a": "x"}, html=True)


@pytest.mark.parametrize(("source", "sentence"), [
    (SECTIONS.format(f"<mj-head><mj-attributes><mj-all {FONT}/></mj-attributes></mj-head>", "<mj-text>a</mj-text>" * 5_000), "too long for so many"),
    (SECTIONS.format(f"<mj-head><mj-attributes><mj-class name='c' {FONT}/></mj-attributes></mj-head>", "<mj-text mj-class='c'>a</mj-text>" * 5_000), "too long for so many"),
    (SECTIONS.format("", f"<mj-social {FONT}>" + "<mj-social-element>a</mj-social-element>" * 4_000 + "</mj-social>"), "too long for so many"),
    (SECTIONS.format("", "<mj-text>a</mj-text>" * 5_000), "becomes HTML of more than 400,000 characters"),
    ("<mjml><mj-body>" + "<mj-section/>" * 11_000 + "</mj-body></mjml>", "becomes HTML of more than 400,000 characters"),
    ("<mjml><mj-body>" + "<mj-section>" * 5_000 + "</mj-section>" * 5_000 + "</mj-body></mjml>", "stand within each other"),
])  # fmt: skip
def test_bombs_of_mjml_are_refused(source: str, sentence: str) -> None:
    assert not blocks.unreadable(source, "mjml")
    fields, findings = content.compiled({"mjml": source})
    assert "html" not in fields
    assert sentence in str(findings[0])


@pytest.mark.parametrize("source", [
    "<div>" * 30_000, "<a " * 130_000, "<!--" * 90_000, '<div x="' * 40_000, "<a<b" * 90_000, "<a b='>' " * 40_000 + "<b>",
    "<![CDATA[" * 40_000, "<p>a</p>" * 9_000,
])  # fmt: skip
def test_markup_that_takes_parsers_long_is_refused(source: str) -> None:
    assert blocks.unreadable(source, "html")


def test_pictures_in_the_source_are_no_bomb() -> None:
    picture = "<mj-image src='data:image/png;base64," + "A" * 100_000 + "'/>"
    html, findings = mjml.compiled(SECTIONS.format("", picture + "<mj-text>Hello</mj-text>" * 200))
    assert "A" * 100_000 in html
    assert not findings
