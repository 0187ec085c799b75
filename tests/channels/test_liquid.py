"""Liquid as users may write it: what is missing is told, what is greedy is stopped, what is hostile finds nothing."""

import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels import liquid
from tests.patience import PATIENCE

CONTEXT = {
    "contact": {"first_name": "Ada", "plan": "pro", "tags": ["a", "b"], "html": "<b>", "age": 36, "nothing": None},
    "event": {},
    "brand": {"name": "Acme"},
    "now": datetime(2026, 11, 24, 23, 30, tzinfo=UTC),
    "zone": ZoneInfo("Europe/Paris"),
}


def render(source: str, html: bool = False) -> str:
    return liquid.render(source, CONTEXT, html)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Hello {{ contact.first_name }}", "Hello Ada"),
        ("{{ contact.nick | default: 'you' }}", "you"),
        ("{% if contact.vip %}A{% else %}B{% endif %}", "B"),
        ("{% if contact.vip == 'yes' %}A{% else %}B{% endif %}", "B"),
        ("{% for tag in contact.tags %}{{ tag }}{% endfor %}", "ab"),
        ("{% if contact.age > 30 %}old{% endif %}", "old"),
        ("{{ 'now' | date: '%d.%m.%Y %H:%M' }}", "25.11.2026 00:30"),
        ("{{ '2026-01-31T12:00:00Z' | date: '%H:%M' }}", "13:00"),
        ("{{ 'not a date' | date: '%Y' }}", "not a date"),
        ("plain { text } 100 %", "plain { text } 100 %"),
        ("{% if contact.nick != blank %}Hi {{ contact.nick }}{% else %}Hello{% endif %}", "Hello"),
        ("{% if contact.plan == 'pro' and blank == contact.nick %}A{% endif %}", "A"),
        ("{% unless contact.nothing == blank %}A{% else %}B{% endunless %}", "B"),
        ("{% if contact.nick == empty %}A{% else %}B{% endif %}", "B"),
        ("{% if contact.plan != blank %}{{ contact.plan }}{% endif %}", "pro"),
    ],
)
def test_what_marketers_write(source: str, text: str) -> None:
    assert render(source) == text


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "UTC", "Pacific/Kiritimati"])
def test_a_birthday_is_the_same_day_everywhere(zone: str) -> None:
    context = {**CONTEXT, "zone": ZoneInfo(zone), "contact": {"birthday": "1990-12-24"}}
    assert liquid.render("{{ contact.birthday | date: '%d %B' }}", context) == "24 December"


def test_values_are_escaped_in_html_only() -> None:
    assert render("{{ contact.html }}", html=True) == "&lt;b&gt;"
    assert render("{{ contact.html }}") == "<b>"


@pytest.mark.parametrize(
    "source", ["{{ contact.nick }}", "Dear {{ contact.nick | upcase }}", "{% for x in event.items %}{% endfor %}"]
)
def test_a_hole_in_a_sentence_is_an_error_that_names_it(source: str) -> None:
    with pytest.raises(liquid.Missing) as error:
        render(source)
    assert error.value.name in ("contact.nick", "event.items")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("{{ contact.first_name", "not closed"),
        ("a\n\n{% if %}x{% endif %}", "line 3"),
        ("{% if contact.vip %}", "endif|expected|end of"),
        ("{{ contact.first_name | nope }}", "unknown filter 'nope'"),
        ("{% include 'secret' %}", "include"),
        ("{% render 'secret' %}", "render"),
        ("{% for x in (1..50000000) %}{% endfor %}", "range"),
        ("{% assign a = (1..contact.age) %}", "range"),
    ],
)
def test_broken_sources_are_told_with_their_place(source: str, words: str) -> None:
    with pytest.raises((liquid.BadSource, liquid.Unrenderable), match=words):
        render(source)


BOMBS = {
    "loops": "{% for i in (1..1000) %}{% for j in (1..1000) %}x{% endfor %}{% endfor %}",
    "replace": "{% assign a = 'aaaaaaaaaa' %}" + "{% assign a = a | replace: 'a', a %}" * 12 + "{{ a | size }}",
    "append": "{% assign a = 'aaaaaaaaaa' %}" + "{% assign a = a | append: a %}" * 40 + "{{ a | size }}",
    "join": "{% assign a = 'a,b,c,d' %}"
    + "{% assign b = a | split: ',' %}{% assign a = b | join: a %}" * 30
    + "{{ a | size }}",
    "capture": "{% capture a %}xxxxxxxxxx{% endcapture %}" + "{% capture a %}{{ a }}{{ a }}{% endcapture %}" * 30,
    "nesting": "{% if true %}" * 500 + "{% endif %}" * 500,
    "unclosed": "{{" * 4000,
    "raw": "{% raw %}" * 19_000 + "}}" * 19_000,
    "concat": "{% assign a = 'x,x' | split: ',' %}" + "{% assign a = a | concat: a %}" * 40 + "{{ a | size }}",
    "long": "x{{ contact.plan }}" * 40_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_greedy_templates_are_stopped_early(name: str) -> None:
    begun = time.process_time()
    with pytest.raises((liquid.BadSource, liquid.Unrenderable)):
        render(BOMBS[name])
    assert time.process_time() - begun < PATIENCE


@pytest.mark.parametrize(
    "path", ["__class__", "first_name.__class__", "tags.append", "keys", "items", "__init__.__globals__"]
)
def test_python_is_out_of_reach(path: str) -> None:
    with pytest.raises(liquid.Missing):
        render("{{ contact." + path + " }}")


def test_a_contact_cannot_smuggle_markup_through_a_filter() -> None:
    with pytest.raises(liquid.Unrenderable, match="safe"):
        render("{{ contact.html | safe }}", html=True)


@given(st.text(alphabet="{}%| .'\"acont()1[]", max_size=60))
@settings(max_examples=300, deadline=None)
def test_no_text_at_all_raises_anything_else(source: str) -> None:
    try:
        render(source)
    except (liquid.BadSource, liquid.Missing, liquid.Unrenderable) as error:
        assert str(error).endswith(".")  # noqa: PT017


def test_variables_are_listed() -> None:
    source = "{% assign q = 1 %}{{ q }}{{ contact.a.b | default: event.c }}{% if brand.name %}{% endif %}"
    assert liquid.variables(source) == {"contact.a.b", "event.c", "brand.name"}
