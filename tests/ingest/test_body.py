"""Bytes from anybody: every body gets JSON or a sentence, and none costs more than its limit."""

import gzip
import tracemalloc
import zlib

import pytest

from contacts.ingest import body
from contacts.ingest.refusals import Refused


def refusal(function, *arguments):
    with pytest.raises(Refused) as caught:
        function(*arguments)
    assert caught.value.status == 400
    return caught.value


def test_plain_and_gzipped_bodies_are_read_alike():
    raw = '{"name": "Zoë 🎈"}'.encode()
    assert body.text_of(raw, "") == body.text_of(gzip.compress(raw), "gzip") == '{"name": "Zoë 🎈"}'


def test_a_byte_order_mark_is_no_error():
    assert body.text_of(b"\xef\xbb\xbf{}", "") == "{}"


@pytest.mark.parametrize(
    ("raw", "encoding", "code"),
    [
        (b"garbage", "gzip", "invalid_gzip"),
        (gzip.compress(b'{"batch": []}', mtime=0)[:-9], "gzip", "invalid_gzip"),
        (b"", "gzip", "invalid_gzip"),
        (b"{}", "br", "unknown_encoding"),
        (b'{"a": "\xff"}', "", "invalid_json"),
        (b" " * (body.REQUEST_BYTES + 1), "", "too_large"),
        (gzip.compress(b" " * (body.REQUEST_BYTES + 1), mtime=0), "gzip", "too_large"),
    ],
)
def test_unreadable_bodies_are_refused_with_a_code(raw, encoding, code):
    assert refusal(body.text_of, raw, encoding).code == code


def test_a_gzip_bomb_is_not_unpacked():
    bomb = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    packed = b"".join(bomb.compress(b"\0" * 1_000_000) for _ in range(200)) + bomb.flush()
    tracemalloc.start()
    assert refusal(body.text_of, packed, "gzip").code == "too_large"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * body.REQUEST_BYTES


@pytest.mark.parametrize("text", ["", "{", "nope", "[]", "1", '"x"', "null", '{"a": 1,}', "[" * 100_000])
def test_what_is_no_json_object_is_refused(text):
    assert refusal(body.parse, text).code == "invalid_json"


def test_a_request_holds_2500_events_and_no_more():
    body.check_sizes([{}] * 2_500, 10_000)
    assert refusal(body.check_sizes, [{}] * 2_501, 10_000).code == "too_many_events"


def test_an_event_of_33_kb_is_refused_and_named():
    large = {"event": "x", "properties": {"text": "y" * 33 * 1024}}
    error = refusal(body.check_sizes, [{"event": "fine"}, large], 34 * 1024)
    assert error.code == "event_too_large"
    assert "Event 1" in error.sentence
    body.check_sizes([{"text": "y" * 31 * 1024}], 32 * 1024)


def test_depth_is_counted_in_containers():
    flat = {"a": [{"b": 1}] * 1000}
    assert not body.too_deep(flat)
    deep: dict = {}
    for _ in range(body.DEPTH + 1):
        deep = {"deeper": deep}
    assert body.too_deep(deep)
