"""The page "Jobs & queues": who works, what is late, what failed."""

from datetime import timedelta

import pytest
from django_q.models import Task

from config import clock, pumps
from config.models import Fault, Heartbeat
from config.pumps import Pump
from contacts.models import EventBatch
from tests import staff
from tests.builders import NOW, contact, event, segment

pytestmark = pytest.mark.django_db
URL = "/admin/operations/"


@pytest.fixture
def only(monkeypatch):
    """Only the pumps that a test registers."""
    monkeypatch.setattr(pumps, "_pumps", {})
    return lambda name, due: pumps.register(Pump(name, lambda now: due, lambda now: 0))


@pytest.fixture
def page():
    browser = staff.client("Operator")

    def get():
        with clock.at(NOW):
            return browser.get(URL).content.decode()

    return get


def test_workers_and_when_they_were_last_seen(page):
    Heartbeat.objects.create(name="mill-1", beat_at=NOW - timedelta(seconds=4), started_at=NOW - timedelta(hours=3))
    Heartbeat.objects.create(name="mill-2", beat_at=NOW - timedelta(hours=2), started_at=NOW - timedelta(days=3))
    html = page()
    assert "mill-1" in html
    assert "at work" in html
    assert "4 seconds ago" in html
    assert "silent" in html
    assert "2 hours ago" in html


def test_without_a_worker_it_says_how_to_start_one(page):
    html = page()
    assert "No worker has ever run." in html
    assert "python manage.py worker" in html


@pytest.mark.parametrize(
    ("due", "word"),
    [
        (None, "nothing to do"),
        (NOW + timedelta(hours=1), "waiting"),
        (NOW - timedelta(seconds=5), "at it"),
        (NOW - timedelta(minutes=5), "late"),
    ],
)
def test_each_kind_of_work_and_how_late_it_is(page, only, due, word):
    only("shop.sweep", due)
    html = page()
    assert "shop.sweep" in html
    assert f">{word}</span>" in html


def test_work_that_fails_shows_its_error(page, only):
    only("shop.sweep", NOW)
    Fault.objects.create(pump="shop.sweep", failures=3, rests_until=NOW, error="ValueError: <b>broom</b> is broken")
    html = page()
    assert ">failing</span>" in html
    assert "Failed 3 times in a row" in html
    assert "ValueError: &lt;b&gt;broom&lt;/b&gt; is broken" in html


def test_failed_tasks_of_the_queue(page):
    Task.objects.create(
        id="t1", name="t", func="shop.tasks.sweep", started=NOW, stopped=NOW, success=False, result="OSError: no broom"
    )
    html = page()
    assert "shop.tasks.sweep" in html
    assert "OSError: no broom" in html


def test_events_that_wait_and_batches_that_failed(page):
    event(contact("p-1"))
    EventBatch.objects.update(error="KeyError: 'trigger'", created_at=NOW - timedelta(minutes=3))
    html = page()
    assert "batch of events wait" in html
    assert "3 minutes ago" in html
    assert "KeyError: &#x27;trigger&#x27;" in html


def test_segments_that_failed(page):
    found = segment()
    found.error = "ValueError: unknown"
    found.save(update_fields=["error"])
    assert "ValueError: unknown" in page()


def test_nothing_is_wrong(page):
    html = page()
    assert "The journeys have reacted to every event." in html
    assert "No task has failed." in html
