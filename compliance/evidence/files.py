"""Evidence as files, written piece by piece: a person may have thousands of messages."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from typing import Any

from django.template.loader import render_to_string

from compliance.evidence.gathering import Plain

HOW = "SHA-256 over the value of content, as UTF-8 JSON with keys sorted, without spaces, and text as it is (not escaped)."


def canonical(value: Any) -> str:
    """The one way to write a value down, so that its hash can be checked by anybody."""
    return _encoder.encode(value)


def checksum(items: Iterable[Plain]) -> str:
    """SHA-256 (hex) of these items as a list in canonical JSON."""
    digest = hashlib.sha256()
    for piece in _listed(items):
        digest.update(piece.encode())
    return digest.hexdigest()


def as_json(items: Iterable[Plain]) -> Iterator[str]:
    """`{"content": [item, …], "sha256": …, "sha256_of": …}`; the hash comes last, since it is known only then."""
    digest = hashlib.sha256()
    yield '{"content":'
    for piece in _listed(items):
        digest.update(piece.encode())
        yield piece
    yield f',"sha256":"{digest.hexdigest()}","sha256_of":{canonical(HOW)}}}\n'


def as_html(items: Iterable[Plain], title: str) -> Iterator[str]:
    """A page for reading and printing: no script, nothing to load, the same checksum as the JSON."""
    digest = hashlib.sha256(b"[")
    yield render_to_string("compliance/evidence/head.html", {"title": title})
    for number, item in enumerate(items):
        digest.update((("," if number else "") + canonical(item)).encode())
        yield render_to_string(f"compliance/evidence/{item['kind']}.html", item)
    digest.update(b"]")
    yield render_to_string("compliance/evidence/foot.html", {"sha256": digest.hexdigest()})


def _listed(items: Iterable[Plain]) -> Iterator[str]:
    yield "["
    for number, item in enumerate(items):
        yield ("," if number else "") + canonical(item)
    yield "]"


def _text(value: Any) -> str:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    raise TypeError(f"{value!r:.80} cannot stand in evidence.")


_encoder = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_text)
