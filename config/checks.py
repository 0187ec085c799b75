"""System checks: wrong settings are told at start, each with an id that can be looked up and silenced."""

import os
import sqlite3
from typing import Any

import tzdata
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

OLDEST_TZDATA = (2026, 6)
OLDEST_SQLITE = (3, 35, 0)


@register()
def timezones_are_current(**rest: Any) -> list[CheckMessage]:
    """Quiet hours are only as right as the zone rules: 2026.6 knows this winter's changes in Canada and Morocco."""
    found = tuple(int(part) for part in tzdata.__version__.split(".")[:2])
    if found >= OLDEST_TZDATA:
        return []
    hint = "Install the versions of requirements/base.txt."
    return [Error(f"tzdata is {tzdata.__version__}; 2026.6 or newer is needed.", hint=hint, id="config.E001")]


@register()
def sqlite_is_new_enough(**rest: Any) -> list[CheckMessage]:
    """The batches use RETURNING, which SQLite has since 3.35."""
    if "sqlite3" not in settings.DATABASES["default"]["ENGINE"] or sqlite3.sqlite_version_info >= OLDEST_SQLITE:
        return []
    return [
        Error(
            f"SQLite is {sqlite3.sqlite_version}; 3.35 or newer is needed.",
            hint="Use a newer Python build, or set DATABASE_URL to a PostgreSQL.",
            id="config.E002",
        )
    ]


@register(Tags.security)
def live_is_meant(**rest: Any) -> list[CheckMessage]:
    """With DELIVERY=live real people get messages: then no debug pages, no plain-text links, no key that may be lost."""
    if settings.DELIVERY != "live":
        return []
    found: list[CheckMessage] = []
    if settings.DEBUG:
        hint = "Unset DEBUG, or go back to DELIVERY=sandbox."
        found.append(
            Error("DELIVERY=live together with DEBUG shows people's data on error pages.", hint=hint, id="config.E003")
        )
    if not settings.BASE_URL.startswith("https://"):
        hint = "Set BASE_URL to the https:// address under which contacts reach this site."
        found.append(
            Error(
                f"DELIVERY=live with BASE_URL={settings.BASE_URL}: mail providers refuse such unsubscribe links.",
                hint=hint,
                id="config.E004",
            )
        )
    if not os.environ.get("FIELD_KEY"):
        hint = "Put it into the environment (FIELD_KEY) and into a backup: without it credentials and suppressions are lost."
        found.append(
            Warning("DELIVERY=live with a FIELD_KEY that was made up on this machine.", hint=hint, id="config.W001")
        )
    return found


@register()
def limits_are_shared(**rest: Any) -> list[CheckMessage]:
    """A rate limit is counted in the cache, and without Redis every web process has its own."""
    if not settings.INGEST_RATE or settings.BROKER_URL:
        return []
    hint = "Set BROKER_URL to a Redis, or set INGEST_RATE per web process."
    return [Warning("INGEST_RATE is counted by each web process for itself.", hint=hint, id="config.W002")]
