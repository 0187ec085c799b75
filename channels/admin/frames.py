"""Words of others, shown in the admin: always in a sandboxed frame with an address of its own, where no script can run.

`srcdoc` would inherit the admin's policy, which allows scripts; an own response has its own policy. The policy's
`sandbox` also holds when somebody opens the address outside its frame.
"""

import re
from collections.abc import Sequence

from django.conf import settings
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
_HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)
_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
_SUBJECT = '<p style="margin:0;padding:10px 16px;background:#e4e4e7;color:#18181b;font:600 15px/1.4 sans-serif">{}</p>'
_CARRIED = (
    '<p style="margin:0;padding:0 16px 10px;background:#e4e4e7;color:#18181b;font:13px/1.4 sans-serif">Attached: {}</p>'
)
_NOTE = '<p style="margin:0;padding:8px 16px;background:#fef3c7;color:#78350f;font:13px/1.4 sans-serif">{}</p>'
_TARGET = '<base target="_blank">'
_DARK = "<style>:root { color-scheme: dark; }</style>"


NO_IMAGES, OUR_IMAGES, ALL_IMAGES = "", f" 'self' {settings.BASE_URL}", " https: http:"
NOTHING = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="
"""An image of one transparent pixel."""


def html(
    words: str,
    *,
    images: str = NO_IMAGES,
    links: bool = False,
    dark: bool = False,
    subject: str = "",
    carried: Sequence[str] = (),
    note: str = "",
) -> HttpResponse:
    """A mail's HTML as its reader sees it.

    `images`: none for copies of what was sent: looking must not count as opening; those within the mail always show.
    `subject`, and the files in `carried`: shown above it, as mail programs do. `note`: a sentence of ours above all. `links`: they open in
    a new tab; otherwise they do nothing, so that looking does not count as clicking either.
    """
    if dark:
        words += _DARK
    if carried:
        words = _after(_BODY, words, format_html(_CARRIED, format_html_join(", ", "{}", ((name,) for name in carried))))
    if subject:
        words = _after(_BODY, words, format_html(_SUBJECT, subject))
    if note:
        words = _after(_BODY, words, format_html(_NOTE, note))
    return _framed(_after(_HEAD, words, _TARGET) if links else words, images=images, links=links)


def page(template: str, context: dict[str, object], *, images: str = NO_IMAGES) -> HttpResponse:
    """A page of our own with escaped words in it, e.g. a plain text, an SMS, or why there is nothing to see."""
    return _framed(render_to_string(template, context), images=images)


def _framed(document: str, *, images: str = NO_IMAGES, links: bool = False) -> HttpResponse:
    response = HttpResponse(document)
    sandbox = "sandbox allow-popups allow-popups-to-escape-sandbox" if links else "sandbox"
    response["Content-Security-Policy"] = f"{_POLICY}; img-src data:{images}; {sandbox}"
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response


def _after(tag: re.Pattern[str], words: str, piece: str) -> str:
    """Put `piece` behind the tag, if there is one: anything before the doctype would change how the mail is laid out."""
    found = tag.search(words)
    return f"{words[: found.end()]}{piece}{words[found.end() :]}" if found else piece + words
