"""What it all meant: figures for pages and exports. Reads sums, never counts rows of the hot tables."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Q, QuerySet, Sum

from analytics.models import Tally
from journeys.models import Journey, Step, Version

BLOCKED = "blocked:"
ENDS = ("finished", "left", "failed")
# Counted at a step for a message, or (converted) for the journey as a whole: all that happened to people from outside.
OUTSIDE = ~Q(step="") & ~Q(outcome="entered") & ~Q(outcome__startswith="exit:") | Q(step="", outcome="converted")


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums over some time, by outcome; `revenue` is the worth of the conversions."""

    outcomes: Mapping[str, int] = field(default_factory=dict)
    revenue: Decimal = Decimal(0)

    def of(self, word: str) -> int:
        """The count of an outcome, e.g. sent; `blocked` sums all reasons."""
        return sum(self.reasons.values()) if word == "blocked" else self.outcomes.get(word, 0)

    @property
    def reasons(self) -> dict[str, int]:
        """Refusals of the gate by reason, most frequent first."""
        found = {word.removeprefix(BLOCKED): n for word, n in self.outcomes.items() if word.startswith(BLOCKED)}
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


@dataclass(frozen=True, slots=True)
class StepFigures(Figures):
    """One step of a version. `outcomes` holds every counted word, e.g. sent, blocked:no_consent, exit:next."""

    key: str = ""
    title: str = ""
    kind: str = ""

    @property
    def entered(self) -> int:
        """How often somebody came here."""
        return self.of("entered")

    @property
    def sent(self) -> int:
        """Messages that the provider took."""
        return self.of("sent")

    @property
    def blocked(self) -> int:
        """Messages that the gate refused, for whatever reason."""
        return self.of("blocked")

    @property
    def left(self) -> int:
        """People who have gone on from here."""
        return sum(n for outcome, n in self.outcomes.items() if outcome.startswith("exit:"))


@dataclass(frozen=True, slots=True)
class Funnel:
    """A version's figures: the journey as a whole, then step by step in order."""

    version: Version
    whole: Figures
    steps: list[StepFigures]

    @property
    def entered(self) -> int:
        """People who have entered."""
        return self.whole.of("entered")

    @property
    def converted(self) -> int:
        """People who have reached the goal."""
        return self.whole.of("converted")

    @property
    def revenue(self) -> Decimal:
        """The worth of the conversions."""
        return self.whole.revenue

    @property
    def inside(self) -> int:
        """People who are in it now (of an all-time funnel)."""
        return self.entered - sum(self.whole.of(word) for word in ENDS)

    @property
    def conversion_rate(self) -> float:
        """Share of those who entered, 0 to 1."""
        return self.converted / self.entered if self.entered else 0.0


def funnel(version: Version) -> Funnel:
    """The all-time figures of one version, in two queries."""
    return funnels([version])[0]


def funnels(versions: Sequence[Version], since: datetime | None = None, until: datetime | None = None) -> list[Funnel]:
    """The figures of these versions from `since` to before `until` (None: all time), in two queries."""
    sums = _by_step(_between(Tally.objects.filter(version__in=versions), since, until))
    steps: dict[int, list[StepFigures]] = defaultdict(list)
    for step in Step.objects.filter(version__in=versions).order_by("position"):
        found = sums.get((step.version_id, step.key), Figures())
        steps[step.version_id].append(StepFigures(found.outcomes, found.revenue, step.key, str(step), step.kind))
    return [Funnel(version, sums.get((version.pk, ""), Figures()), steps[version.pk]) for version in versions]


def period(since: datetime, until: datetime) -> Figures:
    """What happened to messages of all journeys, and conversions, from `since` to before `until`, in one query."""
    rows = (
        _between(Tally.objects.filter(OUTSIDE), since, until)
        .values_list("outcome")
        .annotate(n=Sum("count"), money=Sum("value"))
        .order_by()
    )
    return _figures(rows)


@dataclass(frozen=True, slots=True)
class Day(Figures):
    """What happened on one day (UTC)."""

    day: date = date.min


def daily(until: datetime, days: int = 30) -> list[Day]:
    """Message outcomes and conversions of all journeys for the last `days` days up to `until`, oldest first, no gaps."""
    since = (until - timedelta(days=days - 1)).replace(hour=0, minute=0, second=0, microsecond=0)
    rows = (
        Tally.objects.filter(OUTSIDE, hour__gte=since, hour__lte=until)
        .values_list("hour", "outcome")
        .annotate(n=Sum("count"))
        .order_by()
    )
    found: dict[date, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for hour, outcome, n in rows:
        found[hour.date()][outcome] += n
    dates = [since.date() + timedelta(days=i) for i in range(days)]
    return [Day(dict(found.get(day, {})), day=day) for day in dates]


@dataclass(frozen=True, slots=True)
class JourneyFigures:
    """A line of the list of live journeys."""

    journey: Journey
    entered: int
    inside: int
    sent: int
    converted: int
    revenue: Decimal


def journeys(found: Sequence[Journey]) -> list[JourneyFigures]:
    """All-time figures per journey, over all its versions, in one query."""
    rows = (
        Tally.objects.filter(Q(step="") | Q(outcome="sent"), version__journey__in=found)
        .values_list("version__journey_id", "step", "outcome")
        .annotate(n=Sum("count"), money=Sum("value"))
        .order_by()
    )
    counts: dict[tuple[int, str], int] = defaultdict(int)
    revenue: dict[int, Decimal] = defaultdict(Decimal)
    for journey, _step, outcome, n, money in rows:
        counts[journey, outcome] += n
        revenue[journey] += money
    return [_line(journey, counts, revenue[journey.pk]) for journey in found]


def _line(journey: Journey, counts: Mapping[tuple[int, str], int], revenue: Decimal) -> JourneyFigures:
    def of(word: str) -> int:
        return counts.get((journey.pk, word), 0)

    inside = of("entered") - sum(of(word) for word in ENDS)
    return JourneyFigures(journey, of("entered"), inside, of("sent"), of("converted"), revenue)


def _between(tallies: QuerySet[Tally], since: datetime | None, until: datetime | None) -> QuerySet[Tally]:
    if since:
        tallies = tallies.filter(hour__gte=since)
    return tallies.filter(hour__lt=until) if until else tallies


def _by_step(tallies: QuerySet[Tally]) -> dict[tuple[int, str], Figures]:
    rows = tallies.values_list("version_id", "step", "outcome").annotate(n=Sum("count"), money=Sum("value")).order_by()
    grouped: dict[tuple[int, str], list[tuple[str, int, Decimal]]] = defaultdict(list)
    for version, step, outcome, n, money in rows:
        grouped[version, step].append((outcome, n, money))
    return {key: _figures(group) for key, group in grouped.items()}


def _figures(rows: Iterable[tuple[str, int, Decimal]]) -> Figures:
    found = list(rows)
    money = sum((value for outcome, _, value in found if outcome == "converted"), Decimal(0))
    return Figures({outcome: n for outcome, n, _ in found}, money)
