"""A replay from curtain to curtain: the world, the mail sandbox, the endpoint, the clock, the report."""

from datetime import timedelta

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from config import clock
from demo import report, world
from demo.mail import sandbox
from demo.plan import Plan
from demo.replay import Progress as Progressed
from demo.replay import run
from demo.web import client


def perform(plan: Plan, tick: timedelta, speed: float | None, console: Console) -> report.Report:
    """Replay the plan, show how far it is, and print the report. Loads the demo's world first if it is not there."""
    with clock.at(plan.start):
        source = world.load(plan.start)
    console.print(
        f"{len(plan.moments):,} calls from {plan.start:%Y-%m-%d} to {plan.end:%Y-%m-%d %H:%M} (file + {plan.shift.days:,} days)"
    )
    with sandbox(), client(source.write_key) as send, _bar(console) as bar:
        shown = bar.add_task("", total=len(plan.moments), day=f"{plan.start:%Y-%m-%d}")

        def tell(progress: Progressed) -> None:
            bar.update(shown, completed=progress.events, day=f"{progress.now:%Y-%m-%d}")

        progress = run(plan.moments, send, start=plan.start, end=plan.end, tick=tick, speed=speed, tell=tell)
    found = report.read(plan.start, plan.end)
    report.show(found, progress, console)
    return found


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("[bold]{task.fields[day]}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("calls"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
    )
