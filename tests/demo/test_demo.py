"""`manage.py demo` as a newcomer meets it: one command, a page to log in to, and a clean end."""

import http.cookiejar
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from base64 import b64encode
from pathlib import Path

import psutil
import pytest
from django.conf import settings

from demo.processes import free_port
from demo.staff import LOGINS
from tests.patience import PATIENCE

ROOT = Path(settings.BASE_DIR)
pytestmark = pytest.mark.slow


class Demo:
    """The demo in processes of its own, on a folder and a port of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port(0)
        self.url = f"http://localhost:{self.port}"
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
        self.env = {**kept, "VAR_DIR": str(folder), "WORKER_QUEUE": f"demo-{os.getpid()}", "PORT": str(self.port)}

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, str(ROOT / "manage.py"), "demo", *arguments]

    def run(self, *arguments: str) -> str:
        """Load only; what it says."""
        done = subprocess.run(
            self.command("--no-serve", *arguments), env=self.env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, *arguments: str) -> list[str]:
        """Until it says that it serves; its lines."""
        self.process = psutil.Popen(
            self.command(*arguments), env=self.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        lines: list[str] = []
        for line in self.process.stdout:
            lines.append(line.rstrip())
            if "Ctrl-C stops it" in line:
                return lines
        raise AssertionError("\n".join(lines))

    def stop(self) -> tuple[int, str, list[psutil.Process]]:
        """Ctrl-C: the exit code, the last words, and who is still alive."""
        family = self.process.children(recursive=True)
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(PATIENCE)
        said = self.process.stdout.read()
        time.sleep(0.2)
        return code, said, [one for one in family if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]

    def ask(self, query: str) -> list[tuple]:
        with sqlite3.connect(f"file:{self.folder}/waymark.sqlite3?mode=ro", uri=True, timeout=20) as connection:
            return connection.execute(query).fetchall()

    def log_in(self, name: str, password: str) -> tuple[str, str]:
        """Where the login leads, and that page."""
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
        page = browser.open(f"{self.url}/admin/login/?next=/admin/", timeout=20).read().decode()
        token = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        form = {"username": name, "password": password, "csrfmiddlewaretoken": token, "next": "/admin/"}
        request = urllib.request.Request(
            f"{self.url}/admin/login/?next=/admin/", urllib.parse.urlencode(form).encode(), {"Referer": self.url}
        )
        with browser.open(request, timeout=20) as answer:
            return urllib.parse.urlsplit(answer.url).path, answer.read().decode()

    def order(self, number: int) -> None:
        """Somebody new buys, as the quickstart shows."""
        call = {
            "userId": f"newcomer-{number}",
            "event": "Order Completed",
            "properties": {"order_id": str(number), "revenue": 29.9},
            "context": {"traits": {"email": f"new{number}@example.test", "firstName": "Ada", "locale": "en-US"}},
        }
        headers = {"Authorization": "Basic " + b64encode(b"demo-write-key:").decode()}
        request = urllib.request.Request(f"{self.url}/v1/track", json.dumps(call).encode(), headers)
        with urllib.request.urlopen(request, timeout=20) as answer:
            assert json.load(answer) == {"success": True}


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """Loaded with the last days of the purchases."""
    found = Demo(tmp_path_factory.mktemp("demo"))
    found.said = found.run("--days", "4", "--tick", "12h")
    return found


def test_it_ends_with_a_report(demo):
    assert "Enrolments" in demo.said
    assert "Post-purchase" in demo.said
    assert "steps of the clock" in demo.said
    assert max(map(len, demo.said.splitlines())) <= 80


def test_a_second_start_keeps_the_data_and_loads_nothing(demo):
    before = demo.ask("SELECT count(*) FROM contacts_event"), demo.ask("SELECT count(*) FROM channels_message")
    assert demo.run() == "The demo is loaded.\n"
    assert before == (
        demo.ask("SELECT count(*) FROM contacts_event"),
        demo.ask("SELECT count(*) FROM channels_message"),
    )


def test_it_serves_everybody_and_stops_without_a_trace(demo):
    lines = demo.start()
    try:
        shown = "\n".join(lines)
        assert f"http://localhost:{demo.port}/admin/" in shown
        for login in LOGINS:
            assert login.name in shown
            assert login.password in shown
            path, page = demo.log_in(login.name, login.password)
            assert path == "/admin/", login.name
            assert "Waymark" in page
        demo.order(1)
        assert mail_for(demo, "new1@example.test", seconds=PATIENCE)
    finally:
        code, said, alive = demo.stop()
    assert code == 0
    assert said.splitlines()[-1] == "Stopped."
    assert alive == []


def mail_for(demo: Demo, recipient: str, seconds: float) -> list[tuple]:
    """The subjects of this person's mails, as soon as there are any."""
    until = time.monotonic() + seconds
    query = f"SELECT subject FROM channels_sandboxmessage WHERE recipient = '{recipient}'"
    while not (found := demo.ask(query)) and time.monotonic() < until:
        time.sleep(0.2)
    return found


def test_a_taken_port_is_told_and_what_is_loaded_stays(demo):
    server = subprocess.Popen(
        [sys.executable, "-m", "http.server", str(demo.port), "--bind", "127.0.0.1"], stderr=subprocess.DEVNULL
    )
    try:
        while free_port(demo.port) == demo.port:
            time.sleep(0.05)
        done = subprocess.run(demo.command(), env=demo.env, capture_output=True, text=True, check=False)
    finally:
        server.kill()
        server.wait()
    assert done.returncode == 1
    assert f"Port {demo.port} is taken; choose another one: PORT={demo.port + 1} make demo." in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "variables",
    [
        {"DELIVERY": "live", "BASE_URL": "https://shop.example", "FIELD_KEY": "x"},
        {"ENVIRONMENT": "production", "SECRET_KEY": "x", "FIELD_KEY": "x"},
    ],
)
def test_it_refuses_to_make_known_passwords_where_they_would_matter(tmp_path, variables):
    demo = Demo(tmp_path)
    done = subprocess.run(
        demo.command("--no-serve"), env={**demo.env, **variables}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "known passwords" in done.stderr
    assert not (tmp_path / "waymark.sqlite3").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["--tick", "soon"], "soon"), (["--days", "0"], "at least 1"), (["--port", "99999"], "65535")],
)
def test_a_bad_command_line_is_told(tmp_path, arguments, words):
    demo = Demo(tmp_path)
    done = subprocess.run(demo.command(*arguments), env=demo.env, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert words in done.stderr
    assert "Traceback" not in done.stderr
