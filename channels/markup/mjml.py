"""MJML to HTML by the mrml engine, Liquid untouched."""

import re

import mjml

from channels.findings import Finding
from channels.markup import unclosed
from channels.markup.masking import MARKUP, Masked, mask, opened
from channels.markup.shielding import shielded, unshielded

DEEPEST = 200
MOST_GROWN = 10_000_000
_ADDRESS = re.compile(r"\b(?:src|href|background-url|alt)\s*=\s*(?:\"[^\"]*\"|'[^']*')")
"""What no other element takes over, and may be long."""
_SHARED = re.compile(r"<mj-(attributes|html-attributes)\b.*?(?:</mj-\1|\Z)", re.DOTALL)
"""Elements within elements; the engine recurses and brings the process down at some ten thousand."""
_STRUCTURE = frozenset(
    {"mjml", "mj-body", "mj-wrapper", "mj-section", "mj-group", "mj-column", "mj-hero", "mj-navbar", "mj-social",
     "mj-accordion", "mj-accordion-element", "mj-carousel"}
)  # fmt: skip
_HEAD = frozenset({"mj-head", "mj-attributes"})
TAGS = _STRUCTURE | _HEAD | {
    "mj-all", "mj-class", "mj-breakpoint", "mj-font", "mj-html-attributes", "mj-selector", "mj-html-attribute",
    "mj-preview", "mj-style", "mj-title", "mj-accordion-text", "mj-accordion-title", "mj-button", "mj-carousel-image",
    "mj-divider", "mj-image", "mj-navbar-link", "mj-raw", "mj-social-element", "mj-spacer", "mj-table", "mj-text",
}  # fmt: skip
"""What MJML 4 knows, without mj-include: there is nothing to include, content blocks are for that."""
_COMMENTS = re.compile(r"\A(?:\s|<!--.*?-->)+", re.DOTALL)
_POSITION = re.compile(r" at position (\d+):\d+")
_ROOT = " in root template"
_MARK = "\ufeff"
"""What Windows writes before a text."""
_PANIC = "PanicException"
"""A fault in the engine itself, which would end more than the request; its class cannot be imported."""
_UNREADABLE = "it cannot be read"
_VAGUE = {"unexpected end of stream": "a tag is not closed", "unable to parse next template": _UNREADABLE}


def compiled(source: str, field: str = "mjml") -> tuple[str, list[Finding]]:
    """The HTML, and what is wrong with the MJML; the HTML is empty where there is none. The source must parse as Liquid."""
    masked = mask(source.lstrip(_MARK), _wants_elements)
    if found := _refused(masked, field):
        return "", found
    html, said = _made(shielded(masked.text))
    if said:
        return "", [_broken(masked, said, field)]
    html = unshielded(html)
    return masked.unmasked(html), _lost(masked, html, field)


def _made(text: str) -> tuple[str, str]:
    """The engine's HTML, or what it says against the MJML."""
    try:
        # No fonts by default: a mail would tell Google of each reader.
        return mjml.mjml2html(text, fonts={}), ""
    except ValueError as error:
        return "", str(error)
    except BaseException as error:
        if type(error).__name__ != _PANIC:
            raise
        return "", _UNREADABLE


def unknown_tags(source: str, field: str = "mjml") -> list[Finding]:
    """Tags that MJML does not have: the engine would leave them out, or in, without a word."""
    masked = mask(source, _wants_elements)
    found: list[Finding] = []
    stack: list[str] = []
    for tag in MARKUP.finditer(masked.text):
        name = (tag["name"] or "").lower()
        if name and not tag["end"] and (sentence := _misplaced(name, stack)):
            found.append(Finding(field, sentence, "unknown_mjml", line=masked.line(tag.start())))
        opened(stack, tag, html=True)
    return found


def _misplaced(name: str, stack: list[str]) -> str:
    if name == "mj-include":
        return "mj-include has nothing to include; write a content block, {{ blocks.… }}."
    if name.startswith("mj") and name not in TAGS:
        return f"MJML has no tag <{name}>; it would be left out."
    if not name.startswith("mj") and stack and stack[-1] in _STRUCTURE:
        return f"<{name}> cannot stand directly in <{stack[-1]}>; put it into <mj-text> or <mj-raw>."
    return ""


def _wants_elements(stack: list[str]) -> bool:
    return not stack or stack[-1] in _STRUCTURE


def _refused(masked: Masked, field: str) -> list[Finding]:
    if not _COMMENTS.sub("", masked.text).lower().startswith("<mjml"):
        return [Finding(field, "MJML begins with <mjml> and ends with </mjml>.", "broken_mjml", line=1)]
    if masked.depth > DEEPEST:
        return [Finding(field, f"more than {DEEPEST} elements stand within each other.", "broken_mjml")]
    if _grown(masked.text) > MOST_GROWN:
        return [
            Finding(field, "its attributes are too long for so many elements, which take them over.", "broken_mjml")
        ]
    return [
        Finding(
            field,
            f"{masked.tags[number]} stands between the attributes of a tag, where MJML cannot keep it; put it into a value.",
            "lost_liquid",
            line=masked.line_of(number),
        )
        for number in sorted(masked.stray)
    ]


def _grown(text: str) -> int:
    """Characters that elements may take over at most: from the longest tag around them, and from mj-attributes and styles. The
    engine writes them out for each: 100 kB of a font's name and 5,000 elements took 1.4 GB."""
    tags = [len(_ADDRESS.sub("", tag[0])) for tag in MARKUP.finditer(text) if tag["name"]]
    head = sum(len(found[0]) for found in _SHARED.finditer(text))
    return (max(tags, default=0) + head) * len(tags)


def _lost(masked: Masked, html: str, field: str) -> list[Finding]:
    kept = set(masked.order(html))
    return [
        Finding(
            field,
            f"{masked.tags[number]} is lost in MJML here; {_whither(masked, number)}.",
            "lost_liquid",
            line=masked.line_of(number),
        )
        for number in range(len(masked.tags))
        if number not in kept
    ]


def _whither(masked: Masked, number: int) -> str:
    between = f"<!--{masked.prefix}{number}z-->" in masked.text
    return "put it into <mj-body>" if between else "this attribute takes no variable"


def _broken(masked: Masked, said: str, field: str) -> Finding:
    place = _POSITION.search(said)
    words = _POSITION.sub("", said).replace(_ROOT, "")
    words, vague = _VAGUE.get(words, words), words in _VAGUE or words == _UNREADABLE
    offset = len(shielded(masked.text).encode()[: int(place[1])].decode(errors="ignore")) if place else -1
    if vague and (fault := unclosed.fault(masked.text)):
        words, offset = fault
    if offset >= 0 and masked.prefix in masked.text[offset : offset + 40] and not vague:
        words = "Liquid cannot stand between these elements; put it around the whole of them"
    line = masked.line(offset) if offset >= 0 else 0
    return Finding(field, f"this is not MJML: {masked.unmasked(words)}.", "broken_mjml", line=line)
