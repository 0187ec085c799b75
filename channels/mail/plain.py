"""The plain text part of a mail, made from its HTML when the author leaves it empty. Liquid tags pass through untouched."""

import re
from html.parser import HTMLParser

_LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_MASK = re.compile("\ue000(\\d+)\ue001")
_UNSEEN = frozenset({"head", "style", "script", "title", "template"})
_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "div", "dl", "fieldset", "footer", "form", "h1", "h2", "h3",
    "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section", "table", "tr", "ul",
    "br",
})  # fmt: skip
_PARAGRAPHS = frozenset({
    "p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "blockquote", "hr",
})  # fmt: skip


def from_html(html: str) -> str:
    """Readable text: one line a block, links as `words (address)`, images by their alternative text."""
    tags: list[str] = []

    def mask(found: re.Match[str]) -> str:
        tags.append(found.group())
        return f"\ue000{len(tags) - 1}\ue001"

    reader = _Reader()
    reader.feed(_LIQUID.sub(mask, html))
    reader.close()
    text = re.sub(r"[ \t]+", " ", "".join(reader.parts))
    text = re.sub(r" ?\n ?", "\n", text)
    text = re.sub(r"\n{3,}", "\n\n", text).strip()
    return _MASK.sub(lambda found: tags[int(found.group(1))], text)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.unseen = 0
        self.links: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in _UNSEEN:
            self.unseen += 1
        elif tag == "a":
            self.links.append((given.get("href") or "", len(self.parts)))
        elif tag == "img" and given.get("alt"):
            self.parts.append(f"{given['alt']}")
        self._break(tag)
        if tag == "li":
            self.parts.append("- ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self.unseen = max(0, self.unseen - 1)
        elif tag == "a" and self.links:
            href, start = self.links.pop()
            words = "".join(self.parts[start:]).strip()
            if href and not href.startswith("#") and href != words:
                self.parts.append(f" ({href})" if words else href)
        self._break(tag)

    def handle_data(self, data: str) -> None:
        if not self.unseen:
            self.parts.append(re.sub(r"\s+", " ", data))

    def _break(self, tag: str) -> None:
        """The end of one block and the beginning of the next are one break; each <br> is one of its own."""
        if tag not in _BLOCKS:
            return
        while self.parts and self.parts[-1] == " ":
            self.parts.pop()
        if tag in _PARAGRAPHS:
            self.parts.append("\n\n")
        elif tag == "br" or not "".join(self.parts[-1:]).endswith("\n"):
            self.parts.append("\n")
