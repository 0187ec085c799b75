"""A first look at the whole product: the purchases replayed once, then web, worker and mail sandbox together."""

from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from rich.console import Console
from rich.table import Table

from contacts.models import Event, Source
from demo import performance, plan, processes, purchases, world
from demo.plan import Plan
from demo.staff import LOGINS

SAMPLE = Path(__file__).parent / "cdnow_sample.txt"
ORDER = "Order Completed"


def rehearse(now: datetime, tick: timedelta, stretch: timedelta | None, console: Console) -> None:
    """Replay the sample up to yesterday, unless that was done before; `stretch` limits it to the last days."""
    found = purchases.read(SAMPLE)
    first = found[-1].day - stretch if stretch else None
    planned = plan.plan(found, now, first=first)
    if _played(planned):
        console.print("The demo is loaded.")
        return
    performance.perform(planned, tick, None, console)


def require(port: int) -> None:
    """Raises OSError if somebody else has the port; asked first, since a replay takes minutes."""
    if processes.free_port(port) != port:
        raise OSError(f"Port {port} is taken; choose another one: PORT={port + 1} make demo.")


def open_doors(port: int, console: Console) -> None:
    """Serve until Ctrl-C. Raises Died, OSError."""
    web = ["-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "4"]
    commands = {
        "The mail sandbox": processes.python("manage.py", "sandbox"),
        "The web server": processes.python(*web, "--log-level", "warning"),
        "The worker": processes.python("manage.py", "worker"),
    }
    env = {"BASE_URL": settings.BASE_URL, "SANDBOX_SMTP": f"smtp://127.0.0.1:{processes.free_port(1025)}"}
    processes.run(commands, env, port, ready=lambda: _welcome(port, console))
    console.print("Stopped.")


def _played(planned: Plan) -> bool:
    """Whether the last order is on its timeline: orders are sent one after the other, and none is lost."""
    source = Source.objects.filter(write_key=world.WRITE_KEY).first()
    if source is None:
        return False
    last = next(moment for moment in reversed(planned.moments) if moment.call.get("event") == ORDER)
    return Event.objects.filter(key=f"{source.pk}:{last.call['messageId']}").exists()


def _welcome(port: int, console: Console) -> None:
    logins = Table("user", "password", "sees", title="Logins of the demo", title_justify="left")
    for login in LOGINS:
        logins.add_row(login.name, login.password, login.shows)
    console.print(logins)
    console.print(f"Waymark runs at [bold]http://localhost:{port}/admin/[/bold]. Ctrl-C stops it.")
