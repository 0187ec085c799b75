"""React to what happened: wake who waited for it, let out who is done, count successes, let new people in.

Whole event batches are handled in one transaction that also marks them handled: exactly once, whatever crashes. The order of
locks is batches, contacts (of possible entries), enrolments, messages; the engine takes the last two only, in the same order.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from logging import getLogger

from django.db import transaction

from config import bulk
from contacts.models import Event, EventBatch
from journeys import designs, entries, goals, watching
from journeys.bisection import bisect, sentence
from journeys.designs import Design
from journeys.entries import Candidate, Knowledge
from journeys.matching import Occurrence, occurrences, wakes
from journeys.models import Enrolment
from journeys.runs import Counts, Run, State, convert, ended_for_goals, leave, live_of
from journeys.watching import Watch

log = getLogger(__name__)

FIRST_BATCHES = 16


def react(now: datetime, limit: int = 1000) -> int:
    """Handle the oldest unhandled event batches, about `limit` events of them; 0 only when there was none.

    An event that cannot be handled is set aside: its error stays with its batch, and the other events go on.
    """
    with transaction.atomic():
        batches = _claim(limit)
        if not batches:
            return 0
        events = occurrences(Event.objects.filter(batch_id__in=batches))
        problems: list[str] = []
        failed = bisect(events, lambda part: _handle(part, now, problems)) if events else []
        problems += [f"event {event.id}: {sentence(error)}" for event, error in failed]
        _mark(batches, problems, now)
    return max(len(events), len(batches))


def _claim(limit: int) -> list[int]:
    """Lock unhandled batches until they hold `limit` events; a few more may stay locked, unused, until the commit."""
    found: list[int] = []
    total, size = 0, FIRST_BATCHES
    unhandled = (
        EventBatch.objects.filter(handled_at=None).order_by("id").select_for_update(skip_locked=True, no_key=True)
    )
    while total < limit:
        rows = list(unhandled.filter(id__gt=found[-1] if found else 0).values_list("id", "size")[:size])
        for batch_id, events in rows:
            if found and total + events > limit:
                return found
            found.append(batch_id)
            total += events
        if len(rows) < size:
            break
        size *= 4
    return found


def _mark(batches: Sequence[int], problems: list[str], now: datetime) -> None:
    EventBatch.objects.filter(id__in=batches).update(handled_at=now)
    if problems:
        log.error("Events were set aside: %s", "; ".join(problems))
        EventBatch.objects.filter(id=batches[0]).update(error="\n".join(problems)[:20_000])


@dataclass
class Reaction:
    """A batch of events being reacted to, in memory, before anything is written."""

    now: datetime
    watch: Watch
    designs: dict[int, Design]
    runs: dict[int, list[Run]]
    entering: Knowledge
    candidates: dict[int, list[Design]]
    problems: list[str]
    new: list[Run] = field(default_factory=list)
    woken: list[Run] = field(default_factory=list)
    left: list[Run] = field(default_factory=list)
    converted: list[Run] = field(default_factory=list)

    def take(self, event: Occurrence) -> None:
        """Everything that one event does. The order is: success, exit, waking, entry."""
        runs = self.runs.get(event.contact_id, ())
        if runs:
            self._convert(event, runs)
            for run in runs:
                if run.live:
                    self._end_or_wake(event, run)
        for design in self.candidates.get(event.id, ()):
            self._let_in(event, design)

    def _convert(self, event: Occurrence, runs: Iterable[Run]) -> None:
        """One event is one success per journey: that of the newest run that is open for it."""
        done: set[int] = set()
        if not self.watch.goals[event.name]:
            return
        for run in sorted(runs, key=lambda run: (run.entered_at, run.id), reverse=True):
            design = self.designs.get(run.version_id)
            if design and run.journey_id not in done and goals.reaches(design, run, event):
                goals.reach(design, run, event, self.now)
                self.converted.append(run)
                done.add(run.journey_id)

    def _end_or_wake(self, event: Occurrence, run: Run) -> None:
        design = self.designs.get(run.version_id)
        if design and goals.ends(design, run, event):
            goals.end(run, event)
            self.left.append(run)
        elif run.awaits and run.woken_by is None and self._wakes(event, run, design):
            run.woken_by, run.due_at = event.id, self.now
            self.woken.append(run)

    def _wakes(self, event: Occurrence, run: Run, design: Design | None) -> bool:
        seen = design is None or event.of_brand(design.brand_id)
        return seen and event.occurred_at >= run.since and wakes(run.awaits, event, run.visit)

    def _let_in(self, event: Occurrence, design: Design) -> None:
        runs = self.runs.setdefault(event.contact_id, [])
        try:
            run = entries.admitted(design, event, runs, self.entering, self.now)
        except Exception as error:
            self.problems.append(f"event {event.id}, journey {design.journey_key}: {sentence(error)}")
            return
        if run:
            runs.append(run)
            self.new.append(run)

    def write(self) -> None:
        """All of it, with one statement a kind."""
        counts = Counts()
        counts.journey(_inserted(self.new), "entered")
        bulk.update(
            Enrolment,
            [{"id": run.id, "due_at": run.due_at, "woken_by": run.woken_by} for run in self.woken if run.live],
        )
        leave([run for run in self.left if run.id], self.now)
        convert(self.converted)
        counts.journey(self.left, str(State.LEFT))
        counts.converted(self.converted)
        counts.tell(self.now)


def _handle(events: Sequence[Occurrence], now: datetime, problems: list[str]) -> None:
    watch = watching.current()
    found: list[str] = []
    candidates = _candidates(events, watch, now, found)
    pairs = [(design, event) for event, started in candidates for design in started]
    if pairs:
        entries.lock(pairs)
    runs = live_of({event.contact_id for event in events}) + _over(events, watch)
    reaction = Reaction(
        now=now,
        watch=watch,
        designs=_designs(runs, pairs),
        runs=_by_contact(runs),
        entering=entries.know(pairs, now) if pairs else Knowledge(),
        candidates={event.id: started for event, started in candidates},
        problems=found,
    )
    for event in events:
        reaction.take(event)
    reaction.write()
    problems += found


def _candidates(
    events: Sequence[Occurrence], watch: Watch, now: datetime, problems: list[str]
) -> list[tuple[Occurrence, list[Design]]]:
    """The events that may start a journey, with the designs that they may start."""
    found = []
    for event in events:
        started = [design for design in watch.triggers[event.name] if _concerns(design, event, now, problems)]
        if started:
            found.append((event, started))
    return found


def _concerns(design: Design, event: Occurrence, now: datetime, problems: list[str]) -> bool:
    try:
        return event.of_brand(design.brand_id) and design.trigger.concerns(design.trigger_config, event, now)
    except Exception as error:
        problems.append(f"event {event.id}, journey {design.journey_key}: {sentence(error)}")
        return False


def _over(events: Sequence[Occurrence], watch: Watch) -> list[Run]:
    """Ended runs that one of these events may still make a success."""
    goal_events = [event for event in events if watch.goals[event.name]]
    if not goal_events:
        return []
    versions = {design.version_id for event in goal_events for design in watch.goals[event.name]}
    since = min(event.occurred_at for event in goal_events) - watch.longest
    return ended_for_goals({event.contact_id for event in goal_events}, versions, since)


def _designs(runs: Sequence[Run], pairs: Sequence[Candidate]) -> dict[int, Design]:
    known = {design.version_id: design for design, _ in pairs}
    missing = {run.version_id for run in runs} - known.keys()
    return {**known, **designs.many(missing)[0]} if missing else known


def _by_contact(runs: Iterable[Run]) -> dict[int, list[Run]]:
    found: dict[int, list[Run]] = defaultdict(list)
    for run in runs:
        found[run.contact_id].append(run)
    return found


def _inserted(runs: Sequence[Run]) -> Sequence[Run]:
    """Insert the new runs; returns those that are now in the table (a live one of the same instance wins)."""
    rows = [
        {
            "journey_id": run.journey_id,
            "version_id": run.version_id,
            "contact_id": run.contact_id,
            "instance_key": run.instance_key,
            "state": run.state,
            "due_at": run.due_at if run.live else None,
            "context": run.context,
            "since": run.since,
            "entered_by": run.entered_by,
            "entered_at": run.entered_at,
            "ended_at": None if run.live else run.entered_at,
            "end_reason": run.end_reason[:120],
            "converted_at": run.converted_at,
            "conversion_value": run.conversion_value,
        }
        for run in runs
    ]
    kept = bulk.insert(Enrolment, rows, ignore_conflicts=True, returning=("version_id", "entered_by"))
    if len(kept) == len(runs):
        return runs
    known = set(kept)
    return [run for run in runs if (run.version_id, run.entered_by) in known]
