"""Instants come back from the database as they went in."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.db import DataError, connection

from config.models import Heartbeat

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "instant",
    [
        datetime(2026, 11, 24, 12, tzinfo=UTC),
        datetime(2026, 11, 24, 12, 0, 0, 1, tzinfo=UTC),
        datetime(2026, 11, 24, 12, 30, 15, 500_000, tzinfo=timezone(timedelta(hours=5, minutes=30))),
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    ],
)
def test_every_instant_survives(instant: datetime) -> None:
    Heartbeat.objects.create(name="here", beat_at=instant, started_at=instant)
    found = Heartbeat.objects.values_list("beat_at", flat=True).get()
    assert found == instant
    assert found.utcoffset() == timedelta(0)


@pytest.mark.postgres
def test_the_fast_loader_is_in_use() -> None:
    loader = connection.connection.adapters.get_loader(1184, 0)
    assert loader.__module__ == "config.instants"


@pytest.mark.postgres
def test_what_iso_8601_cannot_say_is_left_to_psycopg() -> None:
    def infinity() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 'infinity'::timestamptz")
            cursor.fetchone()

    with pytest.raises(DataError, match="too large"):
        infinity()
