"""Links of a mail go over us, however their tag is written; nothing else does."""

import time

import pytest

from channels import links
from channels.base import channels
from tests.patience import PATIENCE

OVER_US = links.click_url(1, "https://shop.example/?a=1&b=2").replace("&", "&amp;")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('<a href="https://shop.example/?a=1&amp;b=2">', f'<a href="{OVER_US}">'),
        ("<A class='b' HREF='https://shop.example/?a=1&b=2' >", f"<A class='b' HREF=\"{OVER_US}\" >"),
        ("<a href=https://shop.example/?a=1&amp;b=2>", f'<a href="{OVER_US}">'),
        ('<a\nhref=" https://shop.example/?a=1&amp;b=2 ">', f'<a\nhref="{OVER_US}">'),
        ('<a title="a > b" href="https://shop.example/?a=1&amp;b=2">', f'<a title="a > b" href="{OVER_US}">'),
        (
            '<a data-href="https://b.example" href="https://shop.example/?a=1&amp;b=2">',
            f'<a data-href="https://b.example" href="{OVER_US}">',
        ),
        (
            '<a title=" href=https://b.example" href="https://shop.example/?a=1&amp;b=2">',
            f'<a title=" href=https://b.example" href="{OVER_US}">',
        ),
    ],
)
def test_a_web_address_is_noted(before: str, after: str) -> None:
    assert links.tracked(f"<p>x</p>{before}y</a>", 1, clicks=True, opens=False) == f"<p>x</p>{after}y</a>"


@pytest.mark.parametrize(
    "html",
    [
        '<a href="mailto:a@b.example">x</a>',
        '<a href="#top">x</a>',
        "<a>https://b.example</a>",
        '<link href="https://b.example">',
        '<abbr href="https://b.example">x</abbr>',
        f'<a href="{links.unsubscribe_url(1)}">x</a>',
    ],
)
def test_all_else_stays(html: str) -> None:
    assert links.tracked(html, 1, clicks=True, opens=False) == html


@pytest.mark.parametrize("piece", ['<a "', "<a ", "<a x='", "<a href="])
def test_hostile_markup_does_not_hang(piece: str) -> None:
    begun = time.process_time()
    links.tracked(piece * (400_000 // len(piece)) + ">", 1, clicks=True, opens=False)
    assert time.process_time() - begun < PATIENCE


@pytest.mark.parametrize(
    ("channel", "field", "value", "fine"),
    [
        ("in_app", "link", "{% if event.url %}{{ event.url }}{% else %}https://b.example{% endif %}", True),
        ("in_app", "link", "javascript:alert(1)", False),
        ("push", "action", "acorn://shoes/1", True),
        ("push", "action", "{{ event.url }}", True),
        ("push", "action", "javascript:alert(1)", False),
        ("push", "image", "{{ event.image }}", True),
        ("push", "image", "shoe.png", False),
        ("push", "image", "javascript:alert(1)", False),
    ],
)
def test_addresses_in_fields_of_their_own(channel: str, field: str, value: str, fine: bool) -> None:
    form = channels[channel].Content(
        {"title": "t", "body": "b", "label": "Go", "link": "https://b.example", field: value}
    )
    assert (field not in form.errors) is fine
