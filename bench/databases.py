"""A fresh database for one run, and the few questions that the bench asks it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.postgres import Postgres

ROWS = ("contacts_event", "journeys_enrolment", "journeys_visit", "channels_message", "compliance_decision")
BUSY = (
    "SELECT EXISTS (SELECT 1 FROM contacts_eventbatch WHERE handled_at IS NULL) "
    "OR EXISTS (SELECT 1 FROM journeys_enrolment WHERE state IN ('active', 'waiting'))"
)
AWAKE = "SELECT count(*) FROM config_heartbeat WHERE beat_at > started_at"
STEPS = (
    "SELECT step.key, count(*) FROM journeys_visit visit JOIN journeys_step step ON step.id = visit.step_id GROUP BY 1"
)
STATES = "SELECT state, count(*) FROM channels_message GROUP BY 1"


class Database:
    """A database by its URL, while the product works on it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.kind = "sqlite" if url.startswith("sqlite") else "postgresql"
        self._connection: Any = None

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        if self._connection is None:
            self._connection = _connect(self.url)
        return list(self._connection.execute(statement).fetchall())

    def server(self) -> Postgres | None:
        """The processes whose CPU counts; None for SQLite, which works inside ours. Raises ValueError."""
        if self.kind == "sqlite":
            return None
        return Postgres(self.ask("SELECT pg_backend_pid()")[0][0], urlsplit(self.url).path.strip("/"))

    def awake(self) -> bool:
        """Whether a worker has carried out its first task."""
        return bool(self.ask(AWAKE)[0][0])

    def busy(self) -> bool:
        """Whether anybody is still on their way, or anything happened that nobody has reacted to."""
        return bool(self.ask(BUSY)[0][0])

    def steps(self) -> dict[str, int]:
        """How many people entered each step."""
        return dict(sorted(self.ask(STEPS)))

    def states(self) -> dict[str, int]:
        """Messages by state."""
        return dict(sorted(self.ask(STATES)))

    def rows(self) -> dict[str, int]:
        """How many rows the run made, by table."""
        return {table: self.ask(f"SELECT count(*) FROM {table}")[0][0] for table in ROWS}  # noqa: S608

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()


@contextmanager
def fresh(server: str, folder: Path, name: str) -> Iterator[Database]:
    """An empty database: on the PostgreSQL that `server` (a URL) names, or in a file; it goes when the block ends."""
    if not server.startswith("postgres"):
        yield from _held(Database(f"sqlite:///{folder / 'bench.sqlite3'}"))
        return
    place = urlsplit(server)
    with _connect(place._replace(path="/postgres").geturl()) as keeper:
        keeper.execute(f'CREATE DATABASE "{name}"')
        try:
            yield from _held(Database(place._replace(path=f"/{name}").geturl()))
        finally:
            keeper.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _held(database: Database) -> Iterator[Database]:
    try:
        yield database
    finally:
        database.close()


def _connect(url: str) -> Any:
    if url.startswith("sqlite"):
        return sqlite3.connect(url.removeprefix("sqlite:///"), timeout=20, isolation_level=None)
    import psycopg

    return psycopg.connect(url.replace("postgres://", "postgresql://", 1), autocommit=True)
