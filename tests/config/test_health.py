"""`GET /health`, as a load balancer and a monitor read it."""

from datetime import datetime, timedelta

import pytest
from django.db import OperationalError
from django.test import Client

from config import clock, faults, health, pulse, pumps
from tests.builders import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_pumps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pumps, "_pumps", {})


def due_at(instant: datetime | None) -> None:
    pumps.register(pumps.Pump("letters", lambda now: instant, lambda now: 0))


def asked(client: Client) -> tuple[int, dict]:
    with clock.at(NOW):
        answer = client.get("/health")
    return answer.status_code, answer.json()


def test_all_is_well(client: Client) -> None:
    due_at(NOW + timedelta(days=3))
    pulse.begin("here", NOW - timedelta(seconds=2))
    status, said = asked(client)
    assert (status, said["status"]) == (200, "ok")
    assert said["workers"] == {"here": 2.0}
    assert said["late_seconds"] == {"letters": 0.0}


def test_work_that_waits_a_few_seconds_is_not_late(client: Client) -> None:
    due_at(NOW - timedelta(seconds=20))
    assert asked(client)[0] == 200


def test_work_that_nobody_does_is_told(client: Client) -> None:
    due_at(NOW - timedelta(minutes=5))
    faults.note("letters", RuntimeError("no steam"), NOW)
    status, said = asked(client)
    assert (status, said["status"]) == (503, "late")
    assert said["late_seconds"] == {"letters": 300.0}
    assert said["resting"] == ["letters"]


def test_a_database_that_is_away_is_told(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(now: datetime) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(health, "examine", away)
    assert asked(client) == (503, {"status": "down", "database": "does not answer"})


def test_only_reading_is_possible_and_nothing_is_cached(client: Client) -> None:
    assert client.post("/health").status_code == 405
    assert "no-cache" in client.get("/health")["Cache-Control"]
