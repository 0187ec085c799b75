"""System checks: a wrong setting is told with its id and what to do."""

import sqlite3

import pytest
import tzdata
from django.conf import LazySettings

from config import checks


def ids(found: list) -> set[str]:
    return {message.id for message in found}


def test_this_machine_is_fit() -> None:
    assert not checks.timezones_are_current()
    assert not checks.sqlite_is_new_enough()
    assert not checks.live_is_meant()
    assert not checks.limits_are_shared()


@pytest.mark.parametrize(
    ("version", "expected"),
    [("2025.9", {"config.E001"}), ("2026.5", {"config.E001"}), ("2026.6", set()), ("2027.1", set())],
)
def test_old_zone_rules_are_refused(monkeypatch: pytest.MonkeyPatch, version: str, expected: set[str]) -> None:
    monkeypatch.setattr(tzdata, "__version__", version)
    assert ids(checks.timezones_are_current()) == expected


def test_an_old_sqlite_is_refused_only_where_it_is_used(
    monkeypatch: pytest.MonkeyPatch, settings: LazySettings
) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 34, 1))
    engine = settings.DATABASES["default"]["ENGINE"]
    assert ids(checks.sqlite_is_new_enough()) == ({"config.E002"} if "sqlite" in engine else set())


def test_live_delivery_must_be_meant(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DELIVERY, settings.DEBUG, settings.BASE_URL = "live", True, "http://example.com"
    monkeypatch.delenv("FIELD_KEY", raising=False)
    assert ids(checks.live_is_meant()) == {"config.E003", "config.E004", "config.W001"}
    settings.DEBUG, settings.BASE_URL = False, "https://example.com"
    monkeypatch.setenv("FIELD_KEY", "kept")
    assert not checks.live_is_meant()


def test_a_rate_limit_without_a_shared_cache_is_told(settings: LazySettings) -> None:
    settings.INGEST_RATE, settings.BROKER_URL = 600, ""
    assert ids(checks.limits_are_shared()) == {"config.W002"}
    settings.BROKER_URL = "redis://localhost"
    assert not checks.limits_are_shared()
