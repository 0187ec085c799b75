"""The bench itself, short: it counts what a driver and a sink from outside would count. No figure is judged here but loss."""

import asyncio
import http.client
import json
import os
import smtplib
import subprocess
import sys
import threading
from argparse import ArgumentTypeError
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import psutil
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from bench import __main__, databases, people, services
from bench.book import Book
from bench.driver import Driver, NotTaken
from channels.models import Account, TemplateVersion
from compliance.models import Approval, FrequencyCap, QuietHours, Review
from contacts.models import Source
from journeys.models import Journey

USERS = 200
KEYS = {
    "users", "database", "broker", "events_per_s", "users_per_s", "messages_per_s", "cpu_s_per_1000_users",
    "first_message_s", "lost", "duplicated", "steps",
}  # fmt: skip
KINDS = [
    pytest.param(("sqlite", "database"), id="sqlite"),
    pytest.param(("postgresql", "redis"), id="postgresql-redis", marks=[pytest.mark.postgres, pytest.mark.redis]),
]


def run_bench(kind: tuple[str, str], *arguments: str) -> dict:
    """The bench as anybody runs it; its last line."""
    env = {name: value for name, value in os.environ.items() if name not in ("VAR_DIR", "N")}
    if kind[0] == "sqlite":
        env = {name: value for name, value in env.items() if name not in ("DATABASE_URL", "BROKER_URL")}
    command = [sys.executable, "-m", "bench", *arguments]
    done = subprocess.run(command, cwd=settings.BASE_DIR, env=env, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("channel", ["webhook", "email"])
def test_everybody_gets_everything_once(kind, channel):
    figures = run_bench(kind, f"N={USERS}", "--channel", channel)
    assert set(figures) == KEYS
    assert (figures["database"], figures["broker"]) == kind
    assert (figures["users"], figures["lost"], figures["duplicated"]) == (USERS, 0, 0)
    steps = figures["steps"]
    assert steps["entered"] == {"m1": USERS, "pause": USERS, "plan": USERS, "m2": USERS // 2}
    assert steps["messages"] == {"sent": USERS * 3 // 2}
    assert steps["rows"]["compliance_decision"] == USERS * 3 // 2
    parts = {"web", "worker"} | ({"database", "broker"} if kind[0] == "postgresql" else set())
    assert set(steps["cpu_s"]) == parts
    assert all(seconds >= 0 for seconds in steps["cpu_s"].values())
    total = sum(steps["cpu_s"].values())
    assert figures["cpu_s_per_1000_users"] == pytest.approx(total / USERS * 1000, abs=0.01)
    assert total > 0


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_l11_nothing_is_lost_or_doubled_when_the_worker_is_killed(kind):
    figures = run_bench(kind, f"N={USERS * 5}", "--kill")
    assert (figures["lost"], figures["duplicated"]) == (0, 0)
    assert figures["steps"]["messages"] == {"sent": USERS * 15 // 2}


@pytest.mark.django_db
def test_setup_prepares_a_governed_journey_and_can_be_repeated(capsys):
    told = [_set_up(capsys, f"http://127.0.0.1:{port}/") for port in (8001, 8002)]
    assert told[0] == told[1]
    assert told[0]["address"] == f"{settings.BASE_URL}/v1/batch"
    assert Source.objects.get(write_key=told[0]["write_key"]).consent_grants[0]["channel"] == "webhook"
    assert Account.objects.get(key="bench-webhook").config["url"] == "http://127.0.0.1:8002/"
    assert Journey.objects.get(key="bench").state == Journey.State.LIVE
    assert set(TemplateVersion.objects.values_list("state", flat=True)) == {"approved"}
    assert all(approval.author != approval.approver for approval in Approval.objects.all())
    assert Review.objects.filter(state="approved").count() == 3
    assert FrequencyCap.objects.count() == QuietHours.objects.count() == 1


@pytest.mark.django_db
def test_setup_refuses_a_sink_that_it_cannot_send_to(capsys):
    with pytest.raises(CommandError, match="ftp://here"):
        call_command("bench", "setup", "--sink", "ftp://here")
    assert not Source.objects.exists()


def _set_up(capsys, sink: str) -> dict:
    call_command("bench", "setup", "--sink", sink)
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(("text", "number"), [("N=10_000", 10_000), ("7", 7)])
def test_a_number_of_people(text, number):
    assert __main__.users(text) == number


@pytest.mark.parametrize("text", ["N=0", "many", "-1", ""])
def test_no_number_of_people(text):
    with pytest.raises(ArgumentTypeError, match="N=10000"):
        __main__.users(text)


def test_the_environment_may_say_how_many(monkeypatch):
    monkeypatch.setenv("N", "42")
    assert __main__.options([]).users == 42
    assert __main__.options(["N=43"]).users == 43


def test_after_a_kill_the_bench_is_more_patient():
    assert __main__.options(["5"]).patience < __main__.options(["5", "--kill"]).patience
    assert __main__.options(["5", "--kill", "--patience", "7"]).patience == 7


def test_a_person_and_a_half_gets_one_and_a_half_messages():
    assert len(people.expected(10)) == 15
    events = [event for body in people.bodies(250) for event in json.loads(body)["batch"]]
    assert [len(json.loads(body)["batch"]) for body in people.bodies(250)] == [100, 100, 50]
    assert len({event["userId"] for event in events}) == len({event["messageId"] for event in events}) == 250
    pro = {event["userId"] for event in events if event["context"]["traits"]["plan"] == "pro"}
    assert {f"{people.SECOND}:{user}" for user in pro} == {w for w in people.expected(250) if people.SECOND in w}


def test_a_book_counts_what_came_twice():
    book = Book()
    for what, key in (("m1:ada", "k1"), ("m1:bob", "k2"), ("m1:ada", "k1")):
        book.note(what, key)
    assert (book.total, json.loads(book.contents())) == (3, {"m1:ada": 2, "m1:bob": 1})
    assert book.first_at <= book.last_at


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[services.Sink]:
    found = services.Sink(tmp_path)
    yield found
    found.stop()


def test_the_sink_takes_webhooks_and_looks_them_up(sink):
    line = http.client.HTTPConnection("127.0.0.1", sink.ports["http"], timeout=10)
    body = json.dumps({"key": "visit:1", "template": "bench-m1", "contact": {"external_id": "ada"}})
    for _ in range(2):
        line.request("POST", "/messages", body)
        answer = line.getresponse()
        assert (answer.status, answer.read()) == (200, b"{}")
    assert [_status(line, f"/look-up/{key}") for key in ("visit%3A1", "visit%3A2")] == [200, 404]
    assert sink.ask("summary")["total"] == 2
    assert sink.ask("contents") == {"bench-m1:ada": 2}


def test_the_sink_takes_mail(sink):
    with smtplib.SMTP("127.0.0.1", sink.ports["smtp"], timeout=10) as line:
        for name in ("ada", "bob"):
            line.sendmail(
                "bench@example.test", f"{name}@example.test", "Subject: bench-m1\r\nMessage-ID: <1>\r\n\r\nHi.\r\n"
            )
    assert sink.ask("contents") == {"bench-m1:ada": 1, "bench-m1:bob": 1}


def test_the_sink_waits_for_a_request_that_comes_in_pieces(sink):
    async def post() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", sink.ports["http"])
        body = b'{"key": "k", "template": "t", "contact": {"external_id": "ada"}}'
        for piece in (b"POST / HT", b"TP/1.1\r\nContent-Length: %d\r\n" % len(body), b"\r\n", body[:9], body[9:]):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.02)
        found = await reader.readline()
        writer.close()
        return found

    assert b"200" in asyncio.run(post())
    assert sink.ask("contents") == {"t:ada": 1}


def _status(line: http.client.HTTPConnection, path: str) -> int:
    line.request("GET", path)
    answer = line.getresponse()
    answer.read()
    return answer.status


class Endpoint(BaseHTTPRequestHandler):
    """An ingest endpoint that says what it was told to say, one status a request."""

    protocol_version = "HTTP/1.1"
    statuses: list[int] = []
    bodies: list[bytes] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = self.statuses.pop(0) if self.statuses else 200
        if status == 200:
            self.bodies.append(body)
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def endpoint() -> Iterator[int]:
    Endpoint.statuses, Endpoint.bodies = [], []
    server = HTTPServer(("127.0.0.1", 0), Endpoint)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def test_the_driver_sends_again_what_was_not_taken(endpoint):
    Endpoint.statuses = [503, 429, 200]
    driver = Driver(endpoint, "key", [b"one", b"two", b"three"], 1)
    driver.start()
    assert driver.finish() > 0
    assert Endpoint.bodies == [b"one", b"two", b"three"]
    assert driver.posted == 3


def test_the_driver_gives_up_at_a_refusal(endpoint):
    Endpoint.statuses = [401]
    driver = Driver(endpoint, "key", [b"one", b"two"], 1)
    driver.start()
    with pytest.raises(NotTaken, match="401"):
        driver.finish()


def test_a_command_that_fails_says_why():
    with pytest.raises(services.Failed, match="ftp://nowhere"):
        services.manage(os.environ, "bench", "setup", "--sink", "ftp://nowhere")


def test_a_service_leaves_nobody_behind(tmp_path):
    script = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"
    with services.running("nest", ("-c", script), os.environ, tmp_path) as service:
        services.until(lambda: len(list(services.processes(service.session))) == 2, service)
        found = list(services.processes(service.session))
    assert psutil.wait_procs(found, timeout=5)[1] == []


def test_a_service_that_ends_by_itself_is_told_with_its_last_words(tmp_path):
    with (
        services.running("oracle", ("-c", "raise SystemExit('no more words')"), os.environ, tmp_path) as service,
        pytest.raises(services.Failed, match="no more words"),
    ):
        services.until(lambda: False, service)


@pytest.mark.postgres
@pytest.mark.django_db
def test_the_server_spends_what_our_backend_spends():
    from django.db import connection

    if connection.vendor != "postgresql":
        pytest.skip("PostgreSQL only.")
    found = connection.settings_dict
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        server = databases.Postgres(cursor.fetchone()[0], found["NAME"])
        server.start()
        cursor.execute("SELECT count(*) FROM generate_series(1, 3000000) AS n WHERE n % 7 = 3")
    assert server.spent() > 0.05
