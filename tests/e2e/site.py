"""A whole site as its users meet it: server, worker and mail sandbox in processes of their own, with the demo's last weeks."""

import json
import os
import subprocess
import time
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings

from demo import processes
from demo.processes import Service
from demo.world import WRITE_KEY
from tests.patience import PATIENCE

ROOT = Path(settings.BASE_DIR)
DAYS = "30"
"""How much of the demo's purchases is replayed: long enough that post-purchase runs to its end."""


class Site:
    """Nothing in it is the test process's own: what a browser sees went through sockets and a database on disk."""

    def __init__(self, folder: Path, database: str, broker: str) -> None:
        self.port = processes.free_port(0)
        self.url = f"http://localhost:{self.port}"
        self.env = {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "VAR_DIR": str(folder),
            "DATABASE_URL": database,
            "BROKER_URL": broker,
            "WORKER_QUEUE": f"e2e-{os.getpid()}",
            "BASE_URL": self.url,
            "SANDBOX_SMTP": f"smtp://127.0.0.1:{processes.free_port(0)}",
            "PYTHONPATH": str(ROOT),
        }

    def load(self) -> None:
        """A fresh database with the demo's world and the last weeks of its purchases."""
        self._manage("demo", "--no-serve", "--days", DAYS, "--tick", "1d")

    @contextmanager
    def serving(self) -> Iterator[None]:
        """The web server answers until the block ends."""
        web = processes.python("-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{self.port}", "--threads", "4")
        with self._running("web", [*web, "--log-level", "warning"]):
            self._until_healthy()
            yield

    @contextmanager
    def working(self) -> Iterator[None]:
        """Worker and mail sandbox run until the block ends."""
        with (
            self._running("sandbox", processes.python("manage.py", "sandbox")),
            self._running("worker", processes.python("manage.py", "worker")),
        ):
            yield

    def track(self, event: str, user: str, properties: dict[str, Any], traits: dict[str, Any]) -> None:
        """Post one call to /v1/track, as a shop does."""
        call = {"userId": user, "event": event, "properties": properties, "context": {"traits": traits}}
        headers = {"Authorization": "Basic " + b64encode(f"{WRITE_KEY}:".encode()).decode()}
        request = urllib.request.Request(f"{self.url}/v1/track", json.dumps(call).encode(), headers)
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            assert json.load(answer) == {"success": True}

    @contextmanager
    def _running(self, name: str, command: list[str]) -> Iterator[None]:
        service = Service(name, command, self.env)
        try:
            yield
        finally:
            processes.stop([service])

    def _manage(self, *arguments: str) -> None:
        command = processes.python(str(ROOT / "manage.py"), *arguments)
        done = subprocess.run(
            command, env={**os.environ, **self.env}, cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def _until_healthy(self) -> None:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}/admin/login/", timeout=PATIENCE):
                    return
            except OSError:
                assert time.monotonic() < until, "The web server does not answer."
                time.sleep(0.1)
