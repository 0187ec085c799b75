"""Styles of a mail's head written into its elements, since some mail programs read no others."""

import re
from html.parser import HTMLParser

import css_inline

from channels.markup.masking import Masked, mask
from channels.markup.mjml import DEEPEST

_SHOWN_TO_OTHERS = re.compile(r"<!\[if\b", re.IGNORECASE)
"""`<![if !mso]>`: a parser of HTML writes it as a comment, and Outlook shows what was hidden from it."""
_RAW_TEXT = frozenset({"style", "title", "script", "textarea"})
# A parser of HTML adds or leaves out these by itself, without another meaning.
_OPTIONAL = frozenset({"html", "head", "body", "tbody"})


def inlined(html: str) -> str:
    """The HTML with its `<style>` rules in `style` attributes as well; what stands in the head stays there.

    Wherever that might change what the mail says (conditions within styles or tags, elements left open in one branch), it
    stays as it was written. The source must parse as Liquid.
    """
    if "<style" not in html.lower():
        return html
    masked = mask(html, lambda stack: not (stack and stack[-1] in _RAW_TEXT))
    if masked.stray or masked.depth > DEEPEST or _has_conditions(masked) or _SHOWN_TO_OTHERS.search(masked.text):
        return html
    try:
        found = css_inline.inline(masked.text, keep_style_tags=True, load_remote_stylesheets=False)
    except css_inline.InlineError:
        return html
    return masked.unmasked(found) if _same(masked, found) else html


def _has_conditions(masked: Masked) -> bool:
    """Whether Liquid's own tags stand in styles: a rule under a condition must not be written into elements for all."""
    styles = _Elements(masked.text).styles
    return any(masked.tags[number].startswith("{%") for number in masked.order(styles))


def _same(masked: Masked, found: str) -> bool:
    """Whether elements and Liquid come in the same order as before; copies of a value in attributes do not count."""
    before, after = _Elements(masked.text), _Elements(found)
    signs = [masked.order(text) for text in (before.texts, after.texts)]
    return (
        before.tags == after.tags and signs[0] == signs[1] and set(masked.order(found)) == set(range(len(masked.tags)))
    )


class _Elements(HTMLParser):
    """The elements of a document as they come, and what stands between them."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, str]] = []
        self.texts = self.styles = ""
        self._parts: list[str] = []
        self._styles: list[str] = []
        self._in_style = False
        self.feed(html)
        self.close()
        self.texts, self.styles = "".join(self._parts), "".join(self._styles)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_style = tag == "style"
        if tag not in _OPTIONAL:
            self.tags.append(("start", tag))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False
        if tag not in _OPTIONAL:
            self.tags.append(("end", tag))

    def handle_data(self, data: str) -> None:
        (self._styles if self._in_style else self._parts).append(data)

    def handle_comment(self, data: str) -> None:
        self._parts.append(f"<!--{data}-->")
