"""Rendered words made small: deflated against the words that they were made from, so that what is stored is what varies.

The form is for ever: archives are read with it for years. A change of it needs another column, never other bytes here.
"""

import hashlib
import zlib
from collections.abc import Mapping
from json import JSONDecoder
from typing import Any, NamedTuple

from django.core.serializers.json import DjangoJSONEncoder

WINDOW = 32_768
"""As far as deflate looks back; of longer sources the end counts."""
_encoder = DjangoJSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
_decoder = JSONDecoder()


class Damaged(Exception):
    """The copy cannot be read, or is not what was written."""


class Packed(NamedTuple):
    """Deflated canonical JSON, and the SHA-256 of the JSON itself."""

    packed: bytes
    sha256: bytes


class Packer:
    """Packs copies of one version; the dictionary is read once for all of them."""

    def __init__(self, source: Mapping[str, Any] | None) -> None:
        known = dictionary(source)
        self._fresh = zlib.compressobj(zdict=known) if known else zlib.compressobj()

    def pack(self, content: Mapping[str, Any]) -> Packed:
        """These fields."""
        plain = _encoder.encode(content).encode()
        deflating = self._fresh.copy()
        return Packed(deflating.compress(plain) + deflating.flush(), hashlib.sha256(plain).digest())


def unpack(packed: bytes, sha256: bytes, source: Mapping[str, Any] | None) -> dict[str, Any]:
    """Exactly the fields that were packed. Raises Damaged."""
    known = dictionary(source)
    inflating = zlib.decompressobj(zdict=known) if known else zlib.decompressobj()
    try:
        plain = inflating.decompress(packed) + inflating.flush()
    except zlib.error as error:
        raise Damaged(f"its bytes, or the version that it was made from, have changed ({error})") from error
    if hashlib.sha256(plain).digest() != sha256:
        raise Damaged("its words do not have the SHA-256 that was noted when they were sent")
    found: dict[str, Any] = _decoder.decode(plain.decode())
    return found


def dictionary(source: Mapping[str, Any] | None) -> bytes:
    """What deflate may refer to: the end of a version's fields as JSON with sorted keys. Empty without a source."""
    return _encoder.encode(source).encode()[-WINDOW:] if source else b""
