"""The one clock."""

import re
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from django.conf import settings

from config import clock

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
PACKAGES = "contacts", "channels", "compliance", "journeys", "analytics"
READS = re.compile(r"datetime\.(now|utcnow|today)\(|timezone\.now\(|date\.today\(|time\.time\(")


def test_it_tells_the_time_in_utc():
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
    assert clock.now().tzinfo is UTC


def test_it_can_be_held_within_a_block_and_within_another():
    with clock.at(NOON):
        assert clock.now() == NOON
        with clock.at(NOON + timedelta(days=1)):
            assert clock.now() == NOON + timedelta(days=1)
        assert clock.now() == NOON
    assert clock.now() != NOON


def test_an_error_lets_it_go_on():
    with pytest.raises(ZeroDivisionError), clock.at(NOON):
        raise ZeroDivisionError
    assert clock.now() != NOON


def test_all_threads_see_it():
    seen = []
    with clock.at(NOON):
        thread = threading.Thread(target=lambda: seen.append(clock.now()))
        thread.start()
        thread.join()
    assert seen == [NOON]


def test_any_zone_will_do_but_none_will_not():
    with clock.at(NOON.astimezone(timezone(timedelta(hours=9)))):
        assert clock.now() == NOON
    with pytest.raises(ValueError, match="needs an aware datetime"), clock.at(datetime(2026, 1, 1)):
        pass


def test_nobody_else_reads_the_time():
    """What reads a clock of its own cannot be simulated."""
    files = [
        path
        for name in PACKAGES
        for path in (Path(settings.BASE_DIR) / name).rglob("*.py")
        if "migrations" not in path.parts
    ]
    assert [
        f"{path}: {line.strip()}" for path in files for line in path.read_text().splitlines() if READS.search(line)
    ] == []
