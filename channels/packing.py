"""Rendered words made small: deflated against the words that they were made from, so that what is stored is what varies.

The form is for ever: archives are read with it for years. A change of it needs another column, never other bytes here.
"""

import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from django.core.serializers.json import DjangoJSONEncoder

PIECE, BEFORE, AFTER = 16_384, 8_192, 8_192
"""Deflate looks back 32 kB, so that long words are packed in pieces, each against the same place of the source and its surroundings."""
_encoder = DjangoJSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


class Damaged(Exception):
    """The copy cannot be read, or is not what was written."""


class Packed(NamedTuple):
    """Deflated canonical JSON, and the SHA-256 of the JSON itself."""

    packed: bytes
    sha256: bytes


class Packer:
    """Packs copies of one version; each piece of its source is read once for all of them."""

    def __init__(self, source: Mapping[str, Any] | None) -> None:
        self._source = _plain(source) if source else b""
        self._fresh: list[Any] = []

    def pack(self, content: Mapping[str, Any]) -> Packed:
        """These fields."""
        plain = _plain(content)
        pieces = (
            self._deflated(number, plain[at : at + PIECE]) for number, at in enumerate(range(0, len(plain), PIECE))
        )
        return Packed(b"".join(pieces), hashlib.sha256(plain).digest())

    def _deflated(self, number: int, piece: bytes) -> bytes:
        while len(self._fresh) <= number:
            known = surroundings(self._source, len(self._fresh))
            self._fresh.append(zlib.compressobj(zdict=known) if known else zlib.compressobj())
        deflating = self._fresh[number].copy()
        return bytes(deflating.compress(piece) + deflating.flush())


def unpack(packed: bytes, sha256: bytes, source: Mapping[str, Any] | None) -> dict[str, Any]:
    """Exactly the fields that were packed. Raises Damaged."""
    known = _plain(source) if source else b""
    try:
        plain = b"".join(_inflated(packed, known))
    except zlib.error as error:
        raise Damaged(f"its bytes, or the version that it was made from, have changed ({error})") from error
    if hashlib.sha256(plain).digest() != sha256:
        raise Damaged("its words do not have the SHA-256 that was noted when they were sent")
    found: dict[str, Any] = json.loads(plain)
    return found


def surroundings(source: bytes, number: int) -> bytes:
    """What deflate may refer to in the piece of this number; may be empty."""
    return source[max(0, number * PIECE - BEFORE) : (number + 1) * PIECE + AFTER]


def _inflated(packed: bytes, source: bytes) -> Iterator[bytes]:
    number = 0
    while packed:
        known = surroundings(source, number)
        inflating = zlib.decompressobj(zdict=known) if known else zlib.decompressobj()
        yield inflating.decompress(packed) + inflating.flush()
        packed, number = inflating.unused_data, number + 1


def _plain(fields: Mapping[str, Any]) -> bytes:
    return _encoder.encode(fields).encode()
