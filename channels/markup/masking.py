"""Liquid out of the way of engines that know markup only: each of its tags becomes a sign that they pass through.

Where an element may stand, the sign is a comment, since bare text is not allowed (or moved elsewhere) between table rows,
or between MJML's columns; in sentences, attributes and styles it is a word.
"""

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

LIQUID = re.compile(
    r"\{%-?\s*(?P<whole>comment|raw|doc)\b.*?\{%-?\s*end(?P=whole)\s*-?%\}|\{\{.*?\}\}|\{%.*?%\}", re.DOTALL
)
"""One tag of Liquid; a comment or raw text with all that is in it. Only for sources that parse: others may take long."""
MARKUP = re.compile(
    r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<(?P<end>/?)(?P<name>[a-zA-Z][\w:-]*)(?P<rest>(?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>",
    re.DOTALL,
)
VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}
)
UNCLOSED = 20
"""Signs of less-than after the last tag; parsers of HTML take quadratic time over many, and nobody means them."""
MOST_TAGS = 12_000
"""So many would be 33 characters each in the longest source; what compares elements takes a second over them."""
_SPECIAL = re.compile(r"<!--|<!\[(?P<known>if\b|endif\b|CDATA\[)?", re.IGNORECASE)
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")


@dataclass(frozen=True, slots=True)
class Masked:
    """A source without its Liquid. `stray` are the numbers of tags that stand within a markup tag, but in no value of it."""

    text: str
    tags: tuple[str, ...]
    starts: tuple[int, ...]
    prefix: str
    source: str
    stray: frozenset[int]
    depth: int

    def unmasked(self, text: str) -> str:
        """The text with its Liquid back in place."""
        return self._signs().sub(lambda found: self.tags[int(found[1] or found[2])], text)

    def without(self, text: str) -> str:
        """The text without its signs."""
        return self._signs().sub("", text)

    def order(self, text: str) -> list[int]:
        """The numbers of the signs in the text, as they come."""
        return [int(found[1] or found[2]) for found in self._signs().finditer(text)]

    def line(self, offset: int) -> int:
        """The line of the source that this place of the masked text comes from."""
        before = self.text[:offset]
        within = sum(self.tags[number].count("\n") for number in self.order(before))
        return before.count("\n") + within + 1

    def line_of(self, number: int) -> int:
        """The line of the source where this tag begins."""
        return self.source.count("\n", 0, self.starts[number]) + 1

    def _signs(self) -> re.Pattern[str]:
        return re.compile(rf"<!--{self.prefix}(\d+)z-->|{self.prefix}(\d+)z")


def unreadable(text: str) -> str:
    """Why this markup must not be handed to a parser, as a sentence with its line; empty for all that may be."""
    if text.count("<") > MOST_TAGS:
        return f"there are more than {MOST_TAGS:,} tags; a mail program shows none of a mail so large."
    if text.count("<", text.rfind(">") + 1) > UNCLOSED:
        return f"line {text.count(chr(10), 0, text.rfind('>') + 1) + 1}: too many tags are not closed; write < as &lt;."
    place = 0
    while found := _SPECIAL.search(text, place):
        ends = "-->" if found[0] == "<!--" else "]>"
        end = text.find(ends, found.end())
        if end < 0 or (ends == "]>" and not found["known"]):
            line = text.count("\n", 0, found.start()) + 1
            return f"line {line}: {text[found.start() : found.start() + 12]!r} begins a comment that does not end."
        place = end + len(ends)
    return ""


Bare = Callable[[list[str]], bool]
"""Whether bare text is unwelcome where these elements are open."""


def mask(source: str, as_comment: Bare) -> Masked:
    """Set the Liquid aside. The source must parse as Liquid, and be readable as markup (`unreadable`)."""
    prefix = _prefix(source)
    found = list(LIQUID.finditer(source))
    numbers = iter(range(len(found)))
    words = LIQUID.sub(lambda _: f"{prefix}{next(numbers)}z", source)
    text, stray, depth = _placed(words, prefix, as_comment)
    return Masked(text, tuple(m[0] for m in found), tuple(m.start() for m in found), prefix, source, stray, depth)


def opened(stack: list[str], found: re.Match[str], *, html: bool = False) -> None:
    """Keep `stack`, the names of the open elements, up to date with a match of MARKUP."""
    name = (found["name"] or "").lower()
    if not name or found["rest"].endswith("/") or (html and name in VOID):
        return
    if not found["end"]:
        stack.append(name)
    elif name in stack:
        del stack[len(stack) - 1 - stack[::-1].index(name) :]


def _prefix(source: str) -> str:
    """A word that the source does not hold; lower case, since parsers of HTML fold the names of attributes."""
    return f"wm{hashlib.sha256(source.encode()).hexdigest()[:12]}n"


def _placed(words: str, prefix: str, as_comment: Bare) -> tuple[str, frozenset[int], int]:
    sign = re.compile(rf"{prefix}(\d+)z")
    parts: list[str] = []
    stray: set[int] = set()
    stack: list[str] = []
    end = depth = 0

    def between(text: str) -> str:
        return sign.sub(r"<!--\g<0>-->", text) if as_comment(stack) else text

    for found in MARKUP.finditer(words):
        parts += [between(words[end : found.start()]), found[0]]
        if found["name"]:
            stray.update(_numbers(sign, _QUOTED.sub("", found["rest"])))
        opened(stack, found, html=True)
        depth, end = max(depth, len(stack)), found.end()
    return "".join([*parts, between(words[end:])]), frozenset(stray), depth


def _numbers(sign: re.Pattern[str], text: str) -> Iterable[int]:
    return (int(number) for number in sign.findall(text))
