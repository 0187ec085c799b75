"""Whose personal data an answer shows, where its address does not say so: a preview, a search, a question about somebody.

The view tells it on the request; the audit log, two floors above some of these views, notes it when the answer leaves.
"""

from typing import Any

from django.http import HttpRequest

_KEY = "waymark.shown"


def tell(request: HttpRequest, model: str, key: int | str = "") -> None:
    """This answer shows the row `key` of `model` (e.g. `contacts.contact`), or without a key a list of such rows."""
    request.META.setdefault(_KEY, []).append((model, str(key)))


def told(request: HttpRequest) -> list[Any]:
    """What was told: `(model, key)`."""
    return list(request.META.get(_KEY, ()))
