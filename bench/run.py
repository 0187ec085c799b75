"""One run from an empty database to the figures."""

import http.client
import json
import os
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import databases, people, services
from bench.costs import Meter
from bench.databases import Database
from bench.driver import Driver
from bench.services import Service, Sink

LOOK_SECONDS = 0.5
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    """What to measure. `kill`: SIGKILL a worker process at a fifth of the messages and its supervisor at half of them.
    `patience`: seconds without any movement after which the run is over. `connections`: requests under way at once."""

    users: int
    channel: str = "webhook"
    kill: bool = False
    patience: float = 60.0
    connections: int = 4
    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))


@dataclass
class Stage:
    """Everything that runs while people are sent through."""

    sink: Sink
    database: Database
    web: Service
    worker: Service
    meter: Meter
    driver: Driver


def run(options: Options, tell: Tell) -> dict[str, Any]:
    """The figures of one run. Raises services.Failed, driver.NotTaken."""
    with ExitStack() as stack:
        stage = _set_up(options, stack, tell)
        tell(f"{options.users:,} people, {stage.database.kind}, {_broker(options)}, {options.channel}")
        stage.meter.start()
        stage.driver.start()
        _watch(stage, options, tell)
        posting = stage.driver.finish()
        figures = _figures(stage, options, posting, stage.meter.stop())
        if figures["lost"] or figures["duplicated"]:
            tell(f"The worker's last words:\n{stage.worker.said()}")
        return figures


def _set_up(options: Options, stack: ExitStack, tell: Tell) -> Stage:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="waymark-bench-", ignore_cleanup_errors=True)))
    name = f"waymark_bench_{os.getpid()}"
    database = stack.enter_context(databases.fresh(options.env.get("DATABASE_URL", ""), folder, name))
    sink = Sink(folder)
    stack.callback(sink.stop)
    port = _free_port()
    env = _environment(options, database, folder, name, port, sink)
    tell("Preparing the database …")
    services.manage(env, "migrate", "-v0")
    write_key = _journey(env, options, sink)
    bodies = list(people.bodies(options.users))
    web = stack.enter_context(
        services.running("web server", (*services.WEB, "--bind", f"127.0.0.1:{port}"), env, folder)
    )
    worker = stack.enter_context(services.running("worker", ("manage.py", "worker"), env, folder))
    services.until(lambda: _answers(port), web)
    services.until(database.awake, worker)
    meter = Meter({"web": web.session, "worker": worker.session}, database.server(), options.env.get("BROKER_URL", ""))
    return Stage(sink, database, web, worker, meter, Driver(port, write_key, bodies, options.connections))


def _environment(
    options: Options, database: Database, folder: Path, name: str, port: int, sink: Sink
) -> dict[str, str]:
    """The product's settings: its own database, nothing reaches anybody but the sink."""
    return {
        **options.env,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": database.url,
        "VAR_DIR": str(folder),
        "WORKER_QUEUE": name,
        "DELIVERY": "sandbox",
        "ENVIRONMENT": "development",
        "BASE_URL": f"http://127.0.0.1:{port}",
        "SANDBOX_SMTP": f"smtp://127.0.0.1:{sink.ports['smtp']}",
        "INGEST_RATE": "0",
    }


def _journey(env: Mapping[str, str], options: Options, sink: Sink) -> str:
    """Prepare the journey as anybody would; the write key."""
    address = f"http://127.0.0.1:{sink.ports['http']}"
    place = f"smtp://127.0.0.1:{sink.ports['smtp']}" if options.channel == "email" else f"{address}/messages"
    told = services.manage(env, "bench", "setup", "--sink", place, "--look-up", f"{address}/look-up")
    return str(json.loads(told)["write_key"])


def _watch(stage: Stage, options: Options, tell: Tell) -> None:
    """Until everything expected is there and nobody is on their way any more, or nothing moves."""
    wanted = len(people.expected(options.users))
    plan = [(wanted // 2, services.kill_supervisor), (wanted // 5, services.kill_busiest)] if options.kill else []
    moved_at, before, told_at = time.monotonic(), (-1, -1), 0.0
    while time.monotonic() - moved_at < options.patience:
        time.sleep(LOOK_SECONDS)
        arrived = stage.sink.ask("summary")["total"]
        if (arrived, stage.driver.posted) != before:
            moved_at, before = time.monotonic(), (arrived, stage.driver.posted)
        if plan and arrived >= plan[-1][0]:
            _, kill = plan.pop()
            kill(stage.worker)
            tell(f"{kill.__name__.replace('_', ' ')} at {arrived:,} messages")
        if time.monotonic() - told_at > 2:
            told_at = time.monotonic()
            tell(
                f"posted {min(stage.driver.posted * people.BATCH, options.users):,}, arrived {arrived:,} of {wanted:,}"
            )
        if stage.driver.problem or (arrived >= wanted and not stage.database.busy()):
            return
        stage.web.check()
        stage.worker.check()


def _figures(stage: Stage, options: Options, posting: float, cpu: dict[str, float]) -> dict[str, Any]:
    summary, came = stage.sink.ask("summary"), stage.sink.ask("contents")
    wanted = people.expected(options.users)
    arrived = wanted & came.keys()
    seconds = summary["last_at"] - stage.driver.began_at
    first = summary["first_at"] - stage.driver.began_at
    return {
        "users": options.users,
        "database": stage.database.kind,
        "broker": _broker(options),
        "events_per_s": round(options.users / posting),
        "users_per_s": round(options.users / seconds) if summary["total"] else 0,
        "messages_per_s": round(summary["total"] / seconds) if summary["total"] else 0,
        "cpu_s_per_1000_users": round(sum(cpu.values()) / options.users * 1000, 3),
        "first_message_s": round(first, 3) if summary["total"] else None,
        "lost": len(wanted - arrived),
        "duplicated": summary["total"] - len(arrived),
        "steps": {
            "cpu_s": cpu,
            "entered": stage.database.steps(),
            "messages": stage.database.states(),
            "rows": stage.database.rows(),
        },
    }


def _broker(options: Options) -> str:
    return "redis" if options.env.get("BROKER_URL") else "database"


def _answers(port: int) -> bool:
    """Whether the web server is there; asks more than once, so that every process of it has loaded its code."""
    try:
        for _ in range(20):
            line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            line.request("OPTIONS", "/v1/batch")
            line.getresponse().read()
            line.close()
    except OSError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def say(sentence: str) -> None:
    """Progress goes beside the figures, not among them."""
    sys.stderr.write(sentence + "\n")
    sys.stderr.flush()
