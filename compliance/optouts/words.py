"""Words as people type them, in the one spelling that we compare; and the keywords with their meaning."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

ACTIONS = ("stop", "start", "help")
COLUMNS = ("language", "keyword", "action", "source", "note")
SHIPPED = Path(__file__).resolve().parent.parent / "data" / "opt_keywords.csv"
_APOSTROPHES = re.compile("['’‘‛`´ʼʹ′＇]")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?")


class BadKeywords(ValueError):
    """A table that cannot be taken; each line of the message names a line of the table."""


@dataclass(frozen=True, slots=True)
class Keyword:
    """A word that means something when it is the whole message. `region` limits it to a country; empty: everywhere."""

    language: str
    word: str
    action: str
    region: str = ""
    marketing_only: bool = False


def normalise(said: str) -> str:
    """Lower case, no accents, no punctuation, single spaces; full-width letters are letters (NFKC). Idempotent."""
    before, after = None, said
    while after != before:
        before, after = after, _once(after)
    return after


def squeezed(said: str) -> str:
    """`normalise` without its spaces: `S.T.O.P`, `stop all` and `opt-out` are the words `stop`, `stopall` and `optout`."""
    return normalise(said).replace(" ", "")


def _once(said: str) -> str:
    plain = unicodedata.normalize("NFKC", _APOSTROPHES.sub("", said)).casefold()
    letters = (_letter(character) for character in unicodedata.normalize("NFD", plain))
    return " ".join("".join(letters).split())


def _letter(character: str) -> str:
    """Letters and digits stay; accents and invisible signs go; everything else parts words."""
    if character.isalnum():
        return character
    return "" if unicodedata.category(character) in ("Mn", "Me", "Cf") else " "


def read(text: str) -> tuple[Keyword, ...]:
    """The keywords of a CSV table. Raises BadKeywords with every mistake and its line."""
    reader = csv.DictReader(io.StringIO(text))
    missing = [name for name in COLUMNS[:3] if name not in (reader.fieldnames or ())]
    if missing:
        raise BadKeywords(f"Line 1: the column {missing[0]} is missing; write {','.join(COLUMNS)}.")
    rows = [(reader.line_num, row) for row in reader]
    mistakes = [f"Line {line}: {sentence}" for line, row in rows if (sentence := _mistake(row))]
    mistakes += _contradictions(rows) if not mistakes else []
    if mistakes:
        raise BadKeywords("\n".join(mistakes))
    return tuple(_keyword(row) for _, row in rows)


def _mistake(row: Mapping[str, str | None]) -> str:
    """What is wrong with a line, and what to write instead; empty if nothing."""
    if not _LANGUAGE.fullmatch(row["language"] or ""):
        return f"{row['language']!r} is no language; write for example en, or en-ZA for one country only."
    if not squeezed(row["keyword"] or ""):
        return "the keyword is empty."
    if row["action"] not in ACTIONS:
        return f"{row['action']!r} is no action; write {', '.join(ACTIONS)}."
    return ""


def _contradictions(rows: Iterable[tuple[int, Mapping[str, str]]]) -> Iterator[str]:
    """Two actions for one word in one country: nobody could tell what it means."""
    known: dict[tuple[str, str], str] = {}
    for line, row in rows:
        place = squeezed(row["keyword"]), row["language"].partition("-")[2]
        if known.setdefault(place, row["action"]) != row["action"]:
            yield f"Line {line}: {row['keyword']} means {known[place]} further up, and {row['action']} here."


def _keyword(row: Mapping[str, str]) -> Keyword:
    language, _, region = row["language"].partition("-")
    marketing_only = "marketing scope" in (row.get("note") or "")
    return Keyword(language, squeezed(row["keyword"]), row["action"], region, marketing_only)


@lru_cache(maxsize=1)
def shipped() -> Mapping[str, tuple[Keyword, ...]]:
    """The keywords that come with the product, by their squeezed word. Raises BadKeywords."""
    found: dict[str, tuple[Keyword, ...]] = {}
    for keyword in read(SHIPPED.read_text(encoding="utf-8")):
        found[keyword.word] = (*found.get(keyword.word, ()), keyword)
    return found
