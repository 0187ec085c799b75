"""What it all meant: figures for pages and exports. Reads sums, never counts rows of the hot tables."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Sum
from django.db.models.functions import TruncDate

from analytics.models import Tally
from journeys.models import Journey, Version

AFTER_SENDING = ("delivered", "opened", "clicked", "bounced", "complained", "unsubscribed")


@dataclass(frozen=True, slots=True)
class StepFigures:
    """One step of a version. `outcomes` holds every counted word, e.g. sent, blocked:no_consent, exit:next."""

    key: str
    title: str
    kind: str
    entered: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)

    @property
    def sent(self) -> int:
        """Messages that the provider took."""
        return self.outcomes.get("sent", 0)

    @property
    def blocked(self) -> int:
        """Messages that the gate refused, for whatever reason."""
        return sum(n for outcome, n in self.outcomes.items() if outcome.startswith("blocked:"))

    @property
    def reasons(self) -> dict[str, int]:
        """Refusals by reason, most frequent first."""
        found = {outcome.removeprefix("blocked:"): n for outcome, n in self.outcomes.items() if outcome.startswith("blocked:")}
        return dict(sorted(found.items(), key=lambda item: -item[1]))

    @property
    def left(self) -> int:
        """People who have gone on from here."""
        return sum(n for outcome, n in self.outcomes.items() if outcome.startswith("exit:"))


@dataclass(frozen=True, slots=True)
class Funnel:
    """A version's figures: the journey as a whole, then step by step in order."""

    entered: int
    finished: int
    left: int
    failed: int
    converted: int
    revenue: Decimal
    steps: list[StepFigures]

    @property
    def inside(self) -> int:
        """People who are in it now."""
        return self.entered - self.finished - self.left - self.failed

    @property
    def conversion_rate(self) -> float:
        """Share of those who entered, 0 to 1."""
        return self.converted / self.entered if self.entered else 0.0


def funnel(version: Version) -> Funnel:
    """The figures of one version, in two queries."""
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    revenue = Decimal(0)
    rows = Tally.objects.filter(version=version).values_list("step", "outcome").annotate(n=Sum("count"), money=Sum("value")).order_by()
    for step, outcome, n, money in rows:
        counts[step][outcome] = n
        revenue += money if outcome == "converted" else Decimal(0)
    whole = counts[""]
    steps = [
        StepFigures(step.key, str(step), step.kind, counts[step.key].get("entered", 0), counts[step.key])
        for step in version.steps.order_by("position")
    ]
    return Funnel(
        entered=whole.get("entered", 0),
        finished=whole.get("finished", 0),
        left=whole.get("left", 0),
        failed=whole.get("failed", 0),
        converted=whole.get("converted", 0),
        revenue=revenue,
        steps=steps,
    )


@dataclass(frozen=True, slots=True)
class Day:
    """What happened on one day (UTC)."""

    day: date
    outcomes: dict[str, int]

    def of(self, word: str) -> int:
        """The count of an outcome; `blocked` sums all reasons."""
        if word == "blocked":
            return sum(n for outcome, n in self.outcomes.items() if outcome.startswith("blocked:"))
        return self.outcomes.get(word, 0)


def daily(until: datetime, days: int = 30) -> list[Day]:
    """Message outcomes and conversions of all journeys for the last `days` days up to `until`, oldest first, no gaps."""
    since = (until - timedelta(days=days - 1)).replace(hour=0, minute=0, second=0, microsecond=0)
    rows = (
        Tally.objects.filter(hour__gte=since, hour__lte=until)
        .exclude(outcome__startswith="exit:")
        .annotate(day=TruncDate("hour"))
        .values_list("day", "step", "outcome")
        .annotate(n=Sum("count"))
        .order_by()
    )
    found: dict[date, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for day, step, outcome, n in rows:
        if step or outcome == "converted":
            found[day][outcome] += n
    first = since.date()
    return [Day(first + timedelta(days=i), dict(found.get(first + timedelta(days=i), {}))) for i in range(days)]


@dataclass(frozen=True, slots=True)
class JourneyFigures:
    """A line of the list of live journeys."""

    journey: Journey
    entered: int
    inside: int
    sent: int
    converted: int
    revenue: Decimal


def journeys(found: list[Journey]) -> list[JourneyFigures]:
    """All-time figures per journey, over all its versions, in one query."""
    rows = (
        Tally.objects.filter(version__journey__in=found)
        .values_list("version__journey_id", "step", "outcome")
        .annotate(n=Sum("count"), money=Sum("value"))
        .order_by()
    )
    counts: dict[tuple[int, str], int] = defaultdict(int)
    revenue: dict[int, Decimal] = defaultdict(Decimal)
    for journey, step, outcome, n, money in rows:
        counts[journey, f"steps:{outcome}" if step else outcome] += n
        revenue[journey] += money
    return [
        JourneyFigures(
            journey=journey,
            entered=counts[journey.pk, "entered"],
            inside=counts[journey.pk, "entered"] - sum(counts[journey.pk, word] for word in ("finished", "left", "failed")),
            sent=counts[journey.pk, "steps:sent"],
            converted=counts[journey.pk, "converted"],
            revenue=revenue[journey.pk],
        )
        for journey in found
    ]
