"""From the bytes of a request to JSON, within limits that no body can talk its way round."""

import json
import zlib
from typing import Any

from contacts.ingest.refusals import Refused

# Segment's limits, in its own units (1 KB = 1,024 bytes); sizes are those of the uncompressed text.
REQUEST_BYTES = 500 * 1024
EVENT_BYTES = 32 * 1024
REQUEST_EVENTS = 2_500
DEPTH = 50
"""Levels of nesting in an item; SQLite's own JSON functions give up soon after."""

_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def text_of(raw: bytes, encoding: str) -> str:
    """The text of a body under this Content-Encoding. Raises Refused (400)."""
    if encoding in ("gzip", "x-gzip"):
        raw = _gunzip(raw)
    elif encoding not in ("", "identity"):
        raise Refused(
            400, "unknown_encoding", f"Content-Encoding {encoding!r} is not known; send gzip, or leave it out."
        )
    if len(raw) > REQUEST_BYTES:
        raise too_large()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(400, "invalid_json", f"The body is not UTF-8 (byte {error.start}).") from error


def too_large() -> Refused:
    """The refusal of a body over the limit."""
    return Refused(400, "too_large", f"The body is larger than {REQUEST_BYTES // 1024} KB; send smaller batches.")


def _gunzip(raw: bytes) -> bytes:
    """Stops at the limit, however much a few bytes claim to unpack to."""
    unzip = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        plain = unzip.decompress(raw, REQUEST_BYTES + 1)
    except zlib.error as error:
        raise Refused(400, "invalid_gzip", "The body says it is gzip, but cannot be unpacked.") from error
    if len(plain) > REQUEST_BYTES:
        raise too_large()
    if not unzip.eof:
        raise Refused(400, "invalid_gzip", "The gzip body ends too early.")
    return plain


def parse(text: str) -> dict[str, Any]:
    """The JSON object in `text`. NaN and what else JSON does not know is taken here, and mended where it is stored.

    Raises Refused (400).
    """
    try:
        found = json.loads(text)
    except RecursionError as error:
        raise Refused(400, "invalid_json", f"The body is nested deeper than {DEPTH} levels.") from error
    except ValueError as error:
        raise Refused(400, "invalid_json", f"The body is not JSON: {error}.") from error
    if not isinstance(found, dict):
        raise Refused(400, "invalid_json", "The body must be a JSON object.")
    return found


def check_sizes(items: list[Any], length: int) -> None:
    """Raises Refused (400) if there are too many items, or one is too large; `length` is that of the whole text."""
    if len(items) > REQUEST_EVENTS:
        raise Refused(400, "too_many_events", f"{len(items)} events in one request; at most {REQUEST_EVENTS}.")
    if length <= EVENT_BYTES // 4:  # not even all of it as four-byte characters
        return
    for index, item in enumerate(items):
        if _size(item) > EVENT_BYTES:
            sentence = f"Event {index} of the batch is larger than {EVENT_BYTES // 1024} KB; send less in one event."
            raise Refused(400, "event_too_large", sentence)


def _size(item: Any) -> int:
    try:
        return len(_compact.encode(item).encode("utf-8", "replace"))
    except RecursionError:
        return 0  # too deep, which is that item's own fault and found later


def too_deep(value: Any, room: int = DEPTH) -> bool:
    """Whether containers are nested more than `room` levels deep."""
    if room < 0:
        return True
    children = value.values() if type(value) is dict else value
    return any(too_deep(child, room - 1) for child in children if type(child) in (dict, list))
