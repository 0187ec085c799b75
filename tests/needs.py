"""What some tests need besides Python: a mark in pyproject.toml each, and how to tell whether it is here."""

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

CHROMIUM = next((path for path in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if path), "")


def _postgres() -> str:
    url = os.environ.get("DATABASE_URL", "")
    return "" if url.startswith(("postgres://", "postgresql://")) else "DATABASE_URL names no PostgreSQL"


def _redis() -> str:
    return "" if os.environ.get("BROKER_URL") else "BROKER_URL names no Redis"


def _npm() -> str:
    return "" if shutil.which("node") and shutil.which("npm") else "node and npm are not installed"


def _browser() -> str:
    return "" if CHROMIUM and Path(CHROMIUM).exists() else "Chromium is not installed"


MISSING: Mapping[str, Callable[[], str]] = {
    "postgres": _postgres,
    "redis": _redis,
    "npm": _npm,
    "browser": _browser,
}
"""By mark: why its tests cannot run here; an empty text when they can."""


def strict() -> bool:
    """With NO_SKIPS=1 a missing need is a failure: for machines that are meant to have everything."""
    return os.environ.get("NO_SKIPS") == "1"
