"""What differs between two versions of words: in what people read, in the sources, and in what a reviewer looks for first."""

import difflib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from channels import liquid
from channels.mail import plain

Piece = tuple[str, str]
"""`same`, `ins`, `del` or `skip` (lines left out), and the text."""
MOST_PAIRS = 4_000_000
"""Comparing is quadratic: beyond about 2,000 words a side, lines are compared instead of words."""
AROUND = 3
"""Unchanged lines that are shown around a change."""

_LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_MASK = re.compile("\ue000(\\d+)\ue001")
_HREF = re.compile(r"""\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_BARE = re.compile(r"https?://[^\s\"'<>)]+", re.IGNORECASE)
_TARGET = re.compile(rf"\s*\({_BARE.pattern}\)", re.IGNORECASE)
"""Where a link leads, as plain text tells it behind the link's words."""
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_CLAIM = re.compile(
    r"\d|[%€$£¥]|\b(?:eur|usd|gbp|free|gratis|guarante\w*|warrant\w*|best|only today|save|discount|off|win|prize|no risk|"
    r"risk.free|always|never|proven|certified|money.back|unlimited|cheapest|lowest|limited)\b",
    re.IGNORECASE,
)
"""What makes a sentence a promise that somebody has to be able to keep: figures, money, and the words of advertising law."""


@dataclass(frozen=True, slots=True)
class Field:
    """How one field's source changed."""

    name: str
    pieces: list[Piece]


@dataclass(frozen=True, slots=True)
class Listed:
    """What came in and what went out of one kind of thing."""

    title: str
    added: list[str]
    removed: list[str]


def words(before: str, after: str) -> list[Piece]:
    """Both texts in one, in order, word by word."""
    old, new = (re.findall(r"\S+|\s+", text) for text in (before, after))
    if len(old) * len(new) > MOST_PAIRS:
        old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    return list(_pieces(old, new))


def lines(before: str, after: str) -> list[Piece]:
    """The changed lines of a source, each with a few around it."""
    found: list[Piece] = []
    whole = _pieces(before.splitlines(), after.splitlines(), joiner="\n")
    for place, (kind, text) in enumerate(whole):
        found += _shortened(text, first=place == 0, last=place == len(whole) - 1) if kind == "same" else [(kind, text)]
    return found


def sources(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Field]:
    """The fields that differ, in the order of the newer words."""
    names = [*after, *(name for name in before if name not in after)]
    found = (Field(name, lines(source(before.get(name)), source(after.get(name)))) for name in names)
    return [field for field in found if any(kind in ("ins", "del") for kind, _ in field.pieces)]


def lists(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Listed]:
    """Links, variables and claims that came in or went out; only the kinds in which something did."""
    found = (listed(title, read(before), read(after)) for title, read in _READ.items())
    return [one for one in found if one.added or one.removed]


def visible(content: Mapping[str, Any]) -> str:
    """The words that people see, as plain text: the HTML or else the text, after everything that stands before it."""
    content = {name: value for name, value in content.items() if name != "attachments"}
    if content.get("html"):
        rest = [source(content.get("subject")), plain.from_html(source(content["html"]))]
    else:
        rest = [source(value) for value in content.values()]
    return "\n\n".join(filter(None, rest))


def source(value: Any) -> str:
    """A field's value as text: sources as they are, lists and the like as JSON."""
    if isinstance(value, str):
        return value.replace("\r\n", "\n")
    return json.dumps(value, ensure_ascii=False, indent=1) if value else ""


def links(content: Mapping[str, Any]) -> list[str]:
    """Every address that the words lead to, each once."""
    found: dict[str, None] = {}
    for value in content.values():
        text, pieces = _masked(source(value))
        addresses = [part for match in _HREF.findall(text) for part in match if part] + _BARE.findall(text)
        found |= dict.fromkeys(_unmasked(address.rstrip(".,;"), pieces) for address in addresses)
    return list(found)


def variables(content: Mapping[str, Any]) -> list[str]:
    """Every variable that the words use; sources that do not parse count for nothing."""
    found: set[str] = set()
    for value in content.values():
        try:
            found |= liquid.variables(source(value))
        except liquid.BadSource:
            continue
    return sorted(found)


def claims(content: Mapping[str, Any]) -> list[str]:
    """The sentences that promise something: with figures, money, or words such as "free" and "guarantee"."""
    text, pieces = _masked(visible(content))
    sentences = (sentence.strip() for sentence in _SENTENCE.split(_BARE.sub("", _TARGET.sub("", text))))
    return list(dict.fromkeys(_unmasked(one, pieces) for one in sentences if _CLAIM.search(_MASK.sub("", one))))


_READ: dict[str, Callable[[Mapping[str, Any]], list[str]]] = {
    "Links": links,
    "Variables": variables,
    "Claims": claims,
}


def listed(title: str, old: list[str], new: list[str]) -> Listed:
    """What is only in the new list, and what only in the old one."""
    return Listed(title, [one for one in new if one not in set(old)], [one for one in old if one not in set(new)])


def _pieces(old: Sequence[str], new: Sequence[str], joiner: str = "") -> list[Piece]:
    found: list[Piece] = []
    # Beyond the bound, common lines are skipped by difflib's own heuristic, which keeps it fast.
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=len(old) * len(new) > MOST_PAIRS)
    for kind, i1, i2, j1, j2 in matcher.get_opcodes():
        parts = [("same", old[i1:i2])] if kind == "equal" else [("del", old[i1:i2]), ("ins", new[j1:j2])]
        found += [(word, joiner.join(part)) for word, part in parts if part]
    return found


def _shortened(text: str, *, first: bool, last: bool) -> list[Piece]:
    """An unchanged stretch without its middle, and without the ends that touch no change."""
    rows = text.split("\n")
    head, tail = (0 if first else AROUND), (0 if last else AROUND)
    left_out = len(rows) - head - tail
    if left_out < 2:
        return [("same", text)]
    said = ("skip", f"{left_out} unchanged lines")
    parts = [("same", "\n".join(rows[:head])), said, ("same", "\n".join(rows[len(rows) - tail :]))]
    return [part for part in parts if part is said or (head if part is parts[0] else tail)]


def _masked(text: str) -> tuple[str, list[str]]:
    """The text with a sign for each Liquid tag, whose quotes and dots would be taken for the text's own."""
    pieces: list[str] = []

    def mask(found: re.Match[str]) -> str:
        pieces.append(found.group())
        return f"\ue000{len(pieces) - 1}\ue001"

    return _LIQUID.sub(mask, text), pieces


def _unmasked(text: str, pieces: list[str]) -> str:
    return _MASK.sub(lambda found: pieces[int(found.group(1))], text)
