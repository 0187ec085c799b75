"""A real worker in real processes on a database of its own, and what a test does to it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from django.conf import settings

from tests.patience import PATIENCE

ROOT = Path(settings.BASE_DIR)
COUNTED = "supervisor", "pulse", "cluster", "sentinel", "worker 1", "worker 2", "monitor", "pusher"


class Site:
    """A database, an environment, and the worker's processes."""

    def __init__(self, directory: Path, database: str, broker: str = "") -> None:
        self.directory, self.database = directory, database
        self.env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.config.worker_settings",
            "VAR_DIR": str(directory),
            "DATABASE_URL": database,
            "BROKER_URL": broker,
            "WORKER_QUEUE": f"test-{directory.name}-{os.getpid()}",
            "PYTHONPATH": str(ROOT),
        }
        self.worker: psutil.Popen | None = None
        self._connection = connect(database)
        self.manage("migrate", "--run-syncdb", "-v0")

    def manage(self, *arguments: str) -> str:
        """Run a command and return what it prints; fails loudly."""
        done = subprocess.run(command(*arguments), env=self.env, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self) -> None:
        """Start `manage.py worker` and wait until it has worked a job."""
        self.log = (self.directory / "worker.log").open("a")
        self.worker = psutil.Popen(
            command("worker"), env=self.env, cwd=ROOT, stdout=self.log, stderr=self.log, start_new_session=True
        )
        job = self.add()
        assert self.until_done(job, PATIENCE), self.said()

    def stop(self) -> int | None:
        """SIGTERM to the supervisor; its exit code, None when it is nobody's child here."""
        supervisor = self.roles()["supervisor"]
        supervisor.send_signal(signal.SIGTERM)
        return self.worker.wait(PATIENCE) if supervisor.pid == self.worker.pid else supervisor.wait(PATIENCE)

    def roles(self, timeout: float = PATIENCE) -> dict[str, psutil.Process]:
        """The worker's processes by what they do; waits until all are there."""
        until = time.monotonic() + timeout
        while True:
            found = self._roles()
            if set(COUNTED) <= set(found):
                return found
            assert time.monotonic() < until, f"only {sorted(found)} after {timeout} s\n{self.said()}"
            time.sleep(0.2)

    def _roles(self) -> dict[str, psutil.Process]:
        found: dict[str, psutil.Process] = {}
        try:
            for process in self.processes():
                line = process.cmdline()
                if line[-1:] == ["worker"]:
                    found["supervisor"] = process
                elif "pulse" in line and "--part" in line:
                    found["pulse"] = process
                elif (
                    line[-2:] == ["--part", "cluster"]
                    and process.parent()
                    and "cluster" not in process.parent().cmdline()
                ):
                    found["cluster"] = process
            sentinel = found["cluster"].children()[0]
            found["sentinel"] = sentinel
            names = ("worker 1", "worker 2", "monitor", "pusher")
            found.update(zip(names, sorted(sentinel.children(), key=lambda process: process.pid), strict=False))
        except (psutil.NoSuchProcess, IndexError, KeyError):
            return {}
        return found

    def processes(self) -> list[psutil.Process]:
        """Everything that runs with this site's environment, orphans included."""
        return [process for process in psutil.process_iter() if self._mine(process)]

    def _mine(self, process: psutil.Process) -> bool:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            return "worker" in process.cmdline() and process.environ().get("VAR_DIR") == str(self.directory)
        except psutil.Error:
            return False

    def add(self, count: int = 1, seconds: float = 0.0, due_in: float = 0.0, raises: bool = False) -> int:
        """Add jobs; the id of the last."""
        due = datetime.fromtimestamp(time.time() + due_in, UTC)
        values = [
            (due if "postgres" in self.database else due.replace(tzinfo=None).isoformat(" "), seconds, raises)
        ] * count
        mark = "%s" if "postgres" in self.database else "?"
        self._many(f"INSERT INTO jobs_job (due_at, seconds, raises) VALUES ({mark}, {mark}, {mark})", values)
        return int(self.ask("SELECT max(id) FROM jobs_job")[0][0])

    def until_done(self, job: int, timeout: float) -> float:
        """Seconds until the job is done; 0 when it is not in time."""
        return self.until(lambda: self.ask(f"SELECT 1 FROM jobs_job WHERE id = {job} AND done_at IS NOT NULL"), timeout)

    @staticmethod
    def until(holds: Callable[[], Any], timeout: float) -> float:
        """Seconds until this is so; 0 when it is not in time."""
        begun = time.monotonic()
        while time.monotonic() - begun < timeout:
            if holds():
                return time.monotonic() - begun + 1e-6
            time.sleep(0.05)
        return 0.0

    def ask(self, statement: str) -> list[Any]:
        """The rows of a query."""
        return self._connection.execute(statement).fetchall()

    def change(self, statement: str) -> None:
        """Carry out a statement that answers nothing."""
        self._many(statement, [()])

    def _many(self, statement: str, values: list[Any]) -> None:
        cursor = self._connection.cursor()
        cursor.executemany(statement, values)
        if "postgres" not in self.database:
            self._connection.commit()

    def said(self) -> str:
        """The end of the worker's log."""
        path = self.directory / "worker.log"
        return path.read_text()[-4000:] if path.exists() else ""

    def end(self) -> None:
        """Nobody is left behind, whatever the test did."""
        for process in self.processes():
            process.kill()
        self._connection.close()


def command(*arguments: str) -> list[str]:
    return [sys.executable, str(ROOT / "manage.py"), *arguments]


def connect(database: str) -> Any:
    if database.startswith("postgres"):
        import psycopg

        return psycopg.connect(database.replace("postgres://", "postgresql://", 1), autocommit=True)
    import sqlite3

    return sqlite3.connect(database.removeprefix("sqlite:///"), timeout=20)


@contextmanager
def postgres_database(server: str) -> Iterator[str]:
    """A database of its own on this server, dropped afterwards."""
    import psycopg

    name = f"wm_worker_{os.getpid()}_{time.time_ns() % 10**9}"
    base, _, _ = server.replace("postgres://", "postgresql://", 1).rpartition("/")
    with psycopg.connect(f"{base}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield f"{base.replace('postgresql://', 'postgres://', 1)}/{name}"
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
