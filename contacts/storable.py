"""Values as both databases can store them: no NUL, no half characters, no NaN. One such value would fail a whole batch."""

import math
from collections.abc import Mapping
from typing import Any


def storable(value: Any) -> Any:
    """The value itself if nothing is wrong with it, else a mended copy: NUL is removed, NaN and infinity become None."""
    if isinstance(value, str):
        return value if _is_fine(value) else text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return mapping(value)
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    return value


def mapping(values: Mapping[str, Any]) -> dict[str, Any]:
    """`storable` for a JSON object, its keys included."""
    return {text(str(key)): storable(value) for key, value in values.items()}


def text(value: str) -> str:
    """Without NUL and lone surrogates (halves of characters, as broken JSON carries them)."""
    if _is_fine(value):
        return value
    return value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def _is_fine(value: str) -> bool:
    if "\x00" in value:
        return False
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
