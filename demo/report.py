"""What a replay brought, as figures of the database: events, enrolments, messages with reasons, conversions."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, Sum
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from channels.models import Message
from contacts.models import Event, RejectedEvent
from demo.replay import Progress
from journeys.models import Enrolment

OUTCOMES: dict[str, str] = {
    Message.State.PENDING: "waiting",
    Message.State.SENDING: "leaving",
    Message.State.SENT: "sent",
    Message.State.BLOCKED: "not sent",
    Message.State.FAILED: "failed",
    Message.State.UNKNOWN: "maybe sent",
}


@dataclass(frozen=True, slots=True)
class JourneyLine:
    """One journey's people."""

    name: str
    entered: int
    inside: int
    finished: int
    left: int
    failed: int
    converted: int
    revenue: Decimal


@dataclass(frozen=True, slots=True)
class Report:
    """All figures of the time replayed. `messages` counts by channel, template, state and reason."""

    events: int
    rejected: int
    journeys: list[JourneyLine]
    messages: list[tuple[str, str, str, str, int]]

    @property
    def conversions(self) -> int:
        """Enrolments that reached their goal."""
        return sum(line.converted for line in self.journeys)


def read(start: datetime, end: datetime) -> Report:
    """The figures of what happened from `start` to `end`."""
    enrolments = Enrolment.objects.filter(entered_at__gte=start, entered_at__lte=end)
    messages = Message.objects.filter(contact__isnull=False, created_at__gte=start, created_at__lte=end)
    by_outcome = (
        messages.values_list("channel", "template__name", "state", "reason")
        .annotate(n=Count("id"))
        .order_by("channel", "template__name", "-n")
    )
    return Report(
        events=Event.objects.filter(received_at__gte=start, received_at__lte=end).count(),
        rejected=RejectedEvent.objects.filter(received_at__gte=start, received_at__lte=end).count(),
        journeys=_journeys(enrolments.values_list("journey__name", "state").annotate(
            n=Count("id"), converted=Count("converted_at"), revenue=Sum("conversion_value")
        ).order_by("journey__name")),
        messages=list(by_outcome),
    )  # fmt: skip


def _journeys(rows: Iterable[tuple[str, str, int, int, Decimal | None]]) -> list[JourneyLine]:
    found: dict[str, dict[str, int]] = {}
    sums: dict[str, tuple[int, Decimal]] = {}
    for name, state, count, converted, revenue in rows:
        found.setdefault(name, {})[state] = count
        total, money = sums.get(name, (0, Decimal(0)))
        sums[name] = total + converted, money + (revenue or 0)
    return [
        JourneyLine(
            name,
            entered=sum(states.values()),
            inside=sum(states.get(state, 0) for state in Enrolment.LIVE),
            finished=states.get(Enrolment.State.FINISHED, 0),
            left=states.get(Enrolment.State.LEFT, 0),
            failed=states.get(Enrolment.State.FAILED, 0),
            converted=sums[name][0],
            revenue=sums[name][1],
        )
        for name, states in found.items()
    ]


def show(report: Report, progress: Progress, console: Console) -> None:
    """Print the report; it fits a terminal of 80 columns."""
    console.print(_enrolments(report), _messages(report))
    rate = progress.events / progress.seconds if progress.seconds else 0
    sent = (
        f"{progress.events:,} sent, {report.events:,} on the timelines with our own facts, {report.rejected:,} rejected"
    )
    console.print(f"Events: {sent}")
    console.print(f"Messages: {sum(row[-1] for row in report.messages):,}; conversions: {report.conversions:,}")
    console.print(f"Seconds: {progress.seconds:.1f}; events/s: {rate:,.0f}; steps of the clock: {progress.ticks:,}")


def _enrolments(report: Report) -> Table:
    table = _table("Enrolments", "Journey")
    for title in ("entered", "inside", "finished", "left", "failed", "converted", "revenue"):
        table.add_column(title, justify="right", no_wrap=True)
    for line in report.journeys:
        counts = (line.entered, line.inside, line.finished, line.left, line.failed, line.converted)
        table.add_row(line.name, *(f"{count:,}" for count in counts), f"{line.revenue:,.0f} $")
    return table


def _messages(report: Report) -> Table:
    table = _table("Messages", "Channel", "Message", "Outcome", "Reason")
    table.add_column("number", justify="right", no_wrap=True)
    for channel, template, state, reason, count in report.messages:
        table.add_row(channel, template, OUTCOMES[state], reason, f"{count:,}")
    return table


def _table(title: str, *texts: str) -> Table:
    """Narrow: 80 columns hold it."""
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for text in texts:
        table.add_column(text, overflow="fold")
    return table
