"""The endpoint as it runs: several processes of gunicorn, a database on disk, connections kept open."""

import base64
import http.client
import json
import os
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from tests.builders import source
from tests.patience import PATIENCE

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
HEADERS = {"Authorization": "Basic " + base64.b64encode(b"key-1:").decode(), "Content-Type": "application/json"}
MAKE_SOURCE = (
    "import django; django.setup(); from contacts.models import *; "
    "Source.objects.create(brand=Brand.objects.create(key='acme', name='Acme'), name='Shop', write_key='key-1')"
)


class Served:
    """A running gunicorn, and how many rows a table of its database has."""

    def __init__(self, port: int, count: Callable[[str], int]) -> None:
        self.port, self.count = port, count

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def post(self, batch: list, line: http.client.HTTPConnection | None = None) -> tuple[int, dict]:
        line = line or self.connect()
        line.request("POST", "/v1/batch", json.dumps({"batch": batch}), HEADERS)
        response = line.getresponse()
        return response.status, json.loads(response.read())


def on_disk(folder: Path) -> tuple[dict[str, str], Callable[[str], int]]:
    """A migrated database for the server, with one source: a file on SQLite, on PostgreSQL the one of the tests."""
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "VAR_DIR": str(folder), "LOG_LEVEL": "ERROR"}
    if connection.vendor == "postgresql":
        source("key-1")
        found = connection.settings_dict
        login = f"{found['USER']}:{found['PASSWORD']}@" if found["USER"] else ""
        env["DATABASE_URL"] = f"postgres://{login}{found['HOST']}:{found['PORT'] or 5432}/{found['NAME']}"
        return env, counted
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=settings.BASE_DIR, env=env, check=True)
    subprocess.run([sys.executable, "-c", MAKE_SOURCE], cwd=settings.BASE_DIR, env=env, check=True)
    return (
        env,
        lambda table: (
            sqlite3.connect(folder / "waymark.sqlite3").execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        ),
    )


def counted(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return cursor.fetchone()[0]


@pytest.fixture
def served(tmp_path) -> Iterator[Served]:
    env, count = on_disk(tmp_path)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "4"]
    process = subprocess.Popen([sys.executable, *command, "--log-level", "error"], cwd=settings.BASE_DIR, env=env)
    try:
        wait_for(port)
        yield Served(port, count)
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE)


def wait_for(port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("gunicorn did not start.")


def calls(numbers) -> list[dict]:
    return [{"type": "track", "userId": f"u{n}", "event": "Signup", "messageId": f"m{n}"} for n in numbers]


def test_what_many_post_at_once_is_stored_once(served):
    """The same people and messages in different order, as after a time-out: no error, no loss, no double."""
    orders = [range(200), range(199, -1, -1), [*range(100, 200), *range(100)], range(50, 150)] * 2
    answers = []
    senders = [
        threading.Thread(target=lambda order=order: answers.append(served.post(calls(order)))) for order in orders
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert answers == [(200, {"success": True})] * len(orders)
    assert served.count("contacts_event") == served.count("contacts_contact") == 200


def test_a_kept_open_line_is_answered_without_delay(served):
    line, took = served.connect(), []
    for number in range(30):
        begun = time.perf_counter()
        assert served.post(calls([number]), line) == (200, {"success": True})
        took.append(time.perf_counter() - begun)
    # An answer in two packets that waits for an acknowledgement would take 40 ms more.
    assert min(took) < 0.035


def test_a_body_without_a_length_comes_in_chunks(served):
    line = served.connect()
    body = json.dumps({"batch": calls([1])}).encode()
    line.request("POST", "/v1/batch", iter([body[:20], body[20:]]), HEADERS, encode_chunked=True)
    assert line.getresponse().status == 200
    assert served.count("contacts_event") == 1


def test_what_was_answered_survives_the_death_of_the_servers(served):
    import psutil

    assert served.post(calls(range(10)))[0] == 200
    for process in psutil.Process().children(recursive=True):
        if "gunicorn" in " ".join(process.cmdline()) and process.ppid() != os.getpid():
            process.kill()
    assert served.count("contacts_event") == 10
