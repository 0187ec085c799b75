"""Secrets at rest: encrypted fields, keyed address hashes, signed tokens."""

import base64
import functools
import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.db import models


def _derived(purpose: str) -> bytes:
    return hashlib.sha256(f"{purpose}:{settings.FIELD_KEY}".encode()).digest()


@functools.cache
def _fernet() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(_derived("fields")))


@functools.cache
def _hash_key() -> bytes:
    return _derived("addresses")


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def address_digest(kind: str, value: str) -> str:
    """HMAC-SHA-256 of an address, 43 characters: comparable, but not reversible without the key."""
    return _b64(hmac.digest(_hash_key(), f"{kind}:{value}".encode(), "sha256"))


def digest(purpose: str, text: str) -> str:
    """HMAC-SHA-256 under FIELD_KEY, 43 characters, comparable for this purpose only."""
    return _b64(hmac.digest(_purpose_key(purpose, settings.FIELD_KEY), text.encode(), "sha256"))


def sign(purpose: str, text: str) -> str:
    """A 22-character signature (128 bits of HMAC-SHA-256) over `text`, valid for this purpose only."""
    return _b64(hmac.digest(_purpose_key(purpose, settings.SECRET_KEY), text.encode(), "sha256")[:16])


def signed(purpose: str, text: str, signature: str) -> bool:
    """Whether `signature` was made by `sign` for this text; in constant time."""
    return hmac.compare_digest(sign(purpose, text).encode(), signature.encode())


@functools.lru_cache(maxsize=64)
def _purpose_key(purpose: str, secret: str) -> bytes:
    return hashlib.sha256(f"{purpose}:{secret}".encode()).digest()


if TYPE_CHECKING:
    _Text = models.TextField[dict[str, Any], dict[str, Any]]
else:
    _Text = models.TextField


class EncryptedJSONField(_Text):
    """A JSON value stored as a Fernet token (AES-128-CBC with HMAC) under FIELD_KEY."""

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Any:
        if not value:
            return {}
        try:
            return json.loads(_fernet().decrypt(value.encode()))
        except InvalidToken as error:
            raise ValueError(
                "A stored credential cannot be read: FIELD_KEY is not the key it was written with."
            ) from error

    def to_python(self, value: Any) -> Any:
        return json.loads(value) if isinstance(value, str) and value else value or {}

    def get_prep_value(self, value: Any) -> str | None:
        return None if value is None else _fernet().encrypt(json.dumps(value).encode()).decode()

    def value_to_string(self, obj: models.Model) -> str:
        return json.dumps(self.value_from_object(obj))
