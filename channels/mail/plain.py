"""The plain text part of a mail, made from its HTML when the author leaves it empty. Liquid tags pass through untouched.

Those in what nobody sees (the head, comments such as Outlook's, attributes) go with it, unless the words beside depend on them: a
value assigned there, or a condition that begins in one comment and ends in another, as MJML writes them around its sections.
"""

import re
from html.parser import HTMLParser

from channels import liquid

_LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_MASK = re.compile("\ue000(\\d{1,6})\ue001")
_TRIMS = re.compile(r"\s*(\{[{%])-|-([%}]\})\s*")
"""Liquid's own trimming of blanks, done before: after it a paragraph's end may stand where a blank stood."""
_TEXTS = re.compile(r"\"[^\"]*\"|'[^']*'")
_LASTING = re.compile(r"\{%-?\s*(?:assign|capture|liquid)\b")
"""Tags that matter to what comes after them."""
_SAID = re.compile(r"\{\{|\{%-?\s*(?:cycle|echo|increment|decrement)\b")
"""Tags that say something where they stand."""
_UNSEEN = frozenset({"head", "style", "script", "title", "template"})
_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "div", "dl", "fieldset", "footer", "form", "h1", "h2", "h3",
    "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section", "table", "tr", "ul",
    "br",
})  # fmt: skip
_CELLS = frozenset({"td", "th"})
_PARAGRAPHS = frozenset({
    "p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "blockquote", "hr",
})  # fmt: skip


def from_html(html: str) -> str:
    """Readable text: one line a block, links as `words (address)`, images by their alternative text."""
    tags: list[str] = []
    html = _MASK.sub("", html)  # signs that nobody but this function writes
    html = _TRIMS.sub(lambda found: found[1] or found[2], html)

    def mask(found: re.Match[str]) -> str:
        tags.append(_worded(found.group()))
        return f"\ue000{len(tags) - 1}\ue001"

    reader = _Reader(tags)
    reader.feed(_LIQUID.sub(mask, html))
    reader.close()
    text = re.sub(r"[ \t]+", " ", "".join(reader.parts))
    text = tidied(re.sub(r" ?\n ?", "\n", text)).strip()
    return _MASK.sub(lambda found: tags[int(found.group(1))], text)


def tidied(text: str) -> str:
    """The text without empty lines at its ends, and with one at most between paragraphs: conditions leave them behind."""
    return re.sub(r"\n[ \t]*(?:\n[ \t]*){2,}", "\n\n", text).strip("\n")


class _Reader(HTMLParser):
    def __init__(self, tags: list[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.tags = tags
        self.parts: list[str] = []
        self.hidden: list[str] = []
        self.unseen = 0
        self.links: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        told = given.get("href" if tag == "a" else "alt" if tag == "img" else "") or ""
        self._keep(_without(self.get_starttag_text() or "", told))
        if tag in _UNSEEN:
            self.unseen += 1
        elif tag == "a":
            self.links.append((given.get("href") or "", len(self.parts)))
        elif tag == "img" and given.get("alt"):
            self.parts.append(f"{given['alt']}")
        elif tag == "body":  # whose head may have no end
            self.unseen = 0
        self._break(tag)
        if tag == "li":
            self.parts.append("- ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self.unseen = max(0, self.unseen - 1)
            if not self.unseen:
                self._keep("".join(self.hidden))
                self.hidden.clear()
        elif tag == "a" and self.links:
            href, start = self.links.pop()
            words = "".join(self.parts[start:]).strip()
            if href and not href.startswith("#") and href != words:
                self.parts.append(f" ({href})" if words else href)
        self._break(tag)

    def handle_data(self, data: str) -> None:
        if self.unseen:
            self.hidden.append(data)
        else:
            self.parts.append(re.sub(r"\s+", " ", data))

    def handle_comment(self, data: str) -> None:
        self._keep(data)

    def _keep(self, hidden: str) -> None:
        """Of what is not seen, the Liquid that the words beside depend on."""
        if self.unseen:
            self.hidden.append(hidden)
            return
        numbers = [int(found[1]) for found in _MASK.finditer(hidden)]
        acting = [number for number in numbers if not _SAID.match(self.tags[number])]
        if not acting or not _matters("".join(self.tags[number] for number in acting)):
            return
        captures = any("capture" in self.tags[number] for number in acting)
        words = re.sub("<[^>]*>", "", hidden[hidden.index("\ue000") : hidden.rindex("\ue001") + 1])
        self.parts.append(words if captures else "".join(map(_masked, acting)))

    def _break(self, tag: str) -> None:
        """The end of one block and the beginning of the next are one break; each <br> is one of its own."""
        if tag in _CELLS and self.parts and not self.parts[-1][-1:].isspace():
            self.parts.append(" ")
        if tag not in _BLOCKS:
            return
        while self.parts and self.parts[-1] == " ":
            self.parts.pop()
        if tag in _PARAGRAPHS:
            self.parts.append("\n\n")
        elif tag == "br" or not "".join(self.parts[-1:]).endswith("\n"):
            self.parts.append("\n")


def _masked(number: int) -> str:
    return f"\ue000{number}\ue001"


def _without(text: str, part: str) -> str:
    return text.replace(part, "", 1) if _MASK.search(part) else text


def _matters(source: str) -> bool:
    """Whether these tags of Liquid do anything beyond themselves."""
    if _LASTING.search(source):
        return True
    try:
        liquid.parse(source)
    except liquid.BadSource:
        return True
    return False


def _worded(tag: str) -> str:
    """The Liquid without the HTML that it writes itself."""
    tag = re.sub(r"\|\s*newline_to_br\b\s*", "", tag)
    return _TEXTS.sub(lambda text: re.sub(r"<[a-zA-Z/][^>]*>", "", re.sub(r"(?i)<br\s*/?>", "\n", text[0])), tag)
