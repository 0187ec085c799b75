"""The worker in real processes: whatever is killed, due work goes on.

Every process is killed in turn, of one and the same worker: it must survive not only one accident but a series of them.
How soon it goes on is measured by `bench --kill`; here it only has to.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.config.running import COUNTED, Site, postgres_database
from tests.patience import PATIENCE

pytestmark = pytest.mark.slow

KINDS = [
    pytest.param("sqlite", id="sqlite"),
    pytest.param("servers", id="postgresql-redis", marks=[pytest.mark.postgres, pytest.mark.redis]),
]


@pytest.fixture(scope="module", params=KINDS)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A running worker, on SQLite alone or on PostgreSQL with Redis."""
    directory: Path = tmp_path_factory.mktemp("worker")
    if request.param == "sqlite":
        yield from _running(Site(directory, f"sqlite:///{directory / 'db.sqlite3'}"))
    else:
        with postgres_database(os.environ["DATABASE_URL"]) as database:
            yield from _running(Site(directory, database, os.environ["BROKER_URL"]))


def _running(site: Site) -> Iterator[Site]:
    try:
        site.start()
        yield site
    finally:
        site.end()


@pytest.fixture(autouse=True)
def _nothing_is_left_over(site: Site) -> Iterator[None]:
    """What one test left undone is no burden of the next one."""
    yield
    site.change("DELETE FROM jobs_job WHERE done_at IS NULL")
    site.change("DELETE FROM config_fault")


def test_work_that_falls_due_later_wakes_the_worker(site: Site) -> None:
    for _ in range(4):
        assert site.until_done(site.add(due_in=0.7), PATIENCE), site.said()


def test_idling_hardly_wakes_anybody(site: Site) -> None:
    """Counted in wake-ups, which a slow machine has no more of than a fast one: a pulse a second, and looks into the queue."""

    def woken() -> int:
        return sum(process.num_ctx_switches().voluntary for process in site.roles().values())

    before = woken()
    time.sleep(10)
    a_second = (woken() - before) / 10
    print(f"idle: {a_second:.1f} wake-ups a second")
    assert a_second < 40


def test_a_broken_pump_does_not_spin(site: Site) -> None:
    """It rests 2 s, then 4 s, then 8 s: however fast or slow the machine, it fails no oftener than that allows."""
    begun = time.monotonic()
    broken = site.add(raises=True)
    assert site.until(lambda: _failures(site) >= 2, PATIENCE), site.said()
    time.sleep(2)
    failures, passed = _failures(site), time.monotonic() - begun
    assert sum(2.0**number for number in range(1, failures)) <= passed
    site.change(f"DELETE FROM jobs_job WHERE id = {broken}")
    assert site.until_done(site.add(), PATIENCE), site.said()


@pytest.mark.parametrize("role", COUNTED)
def test_killed_while_idle(site: Site, role: str) -> None:
    site.roles()[role].kill()
    time.sleep(0.2)
    job = site.add()
    assert site.until_done(job, PATIENCE), f"{role}: {site.said()}"


@pytest.mark.parametrize("role", COUNTED)
def test_killed_while_busy(site: Site, role: str) -> None:
    roles = site.roles()
    last = site.add(60, seconds=0.1)
    time.sleep(1.5)
    done = _done(site)
    roles[role].kill()
    assert _goes_on(site, done), f"{role}: {site.said()}"
    assert site.until_done(last, PATIENCE), f"{role}: {site.said()}"


def test_a_second_worker_of_the_same_queue_is_refused(site: Site) -> None:
    site.roles()
    with pytest.raises(AssertionError, match="is running on this machine already"):
        site.manage("worker")


def test_a_worker_stops_cleanly_and_leaves_nobody(site: Site) -> None:
    site.add(20, seconds=0.1)
    time.sleep(1)
    assert site.stop() in (0, None)  # None: after a take-over it is nobody's child here
    psutil.wait_procs(site.processes(), timeout=PATIENCE)
    assert not site.processes()
    assert not site.ask("SELECT name FROM config_heartbeat")


def test_a_fresh_worker_ends_with_code_0_and_its_work_goes_on_later(site: Site) -> None:
    site.start()
    last = site.add(30, seconds=0.1)
    time.sleep(0.5)
    assert site.stop() == 0, site.said()
    assert not site.processes()
    site.start()
    assert site.until_done(last, PATIENCE)


def _done(site: Site) -> int:
    return int(site.ask("SELECT count(*) FROM jobs_job WHERE done_at IS NOT NULL")[0][0])


def _goes_on(site: Site, before: int) -> bool:
    """Whether jobs are done that were not: what the killed one held (a batch) may come later."""
    return bool(site.until(lambda: _done(site) > before + 5, PATIENCE))


def _failures(site: Site) -> int:
    return sum(row[0] for row in site.ask("SELECT failures FROM config_fault WHERE pump = 'jobs'"))
