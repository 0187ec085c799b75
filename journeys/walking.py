"""One person's way through the steps, in memory: from where they are to the next wait or the end. No database, no clock."""

from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from contacts import zones
from contacts.base import ContactFacts, PastEvent
from journeys.base import AskForMessage, Awaited, End, Go, Here, Outcome, Wait
from journeys.designs import Design, Station
from journeys.runs import Run, State

MOST_STEPS = 100
"""More steps in one go than this are a loop that never waits."""


class Stuck(ValueError):
    """A step that answered what cannot be done; the person is set aside with this sentence."""


@dataclass(slots=True)
class Stay:
    """A visit: an open one of the table (`id`), or a new one (`id` is None until it is inserted)."""

    station: Station
    id: int | None
    left_at: datetime | None = None
    exit: str = ""
    asks: list[AskForMessage] = field(default_factory=list)


@dataclass(slots=True)
class Walk:
    """A run on its way. What `stays` and `run` say afterwards is what will be written."""

    run: Run
    design: Design
    zone: tzinfo
    event: PastEvent | None
    stays: list[Stay] = field(default_factory=list)
    until: datetime | None = None
    awaits: tuple[Awaited, ...] = ()
    error: str = ""
    steps: int = 0
    arriving: bool = True

    @property
    def stay(self) -> Stay:
        """Where the person is."""
        return self.stays[-1]

    def begin(self) -> None:
        """Stand where the row says: at the first step, at the open visit, or in front of a step to be tried again.

        Raises Stuck for a row that stands nowhere in this design.
        """
        station = self.design.first
        if self.run.step_id is not None:
            if self.run.step_id not in self.design.by_id:
                raise Stuck("It stands at a step that is not one of its version's.")
            station = self.design.by_id[self.run.step_id]
        self.arriving = self.run.visit is None
        self.stays.append(Stay(station, self.run.visit))

    def go(self, now: datetime, contact: ContactFacts | None) -> bool:
        """Walk on. False: the step here must know the person, and `contact` was not given. Raises whatever a step raises."""
        while self.steps < MOST_STEPS:
            station = self.stay.station
            if station.needs is not None and contact is None:
                return False
            here = self._here(station, now, contact)
            outcome = station.kind.enter(here) if self.arriving else station.kind.wake(here)
            self.steps += 1
            self.stay.asks.extend(outcome.effects)
            if self._done(outcome, now):
                return True
        raise Stuck(f"{MOST_STEPS} steps without a wait; there is a loop through {self.stay.station.key!r}.")

    def fail(self, error: str, now: datetime) -> None:
        """Set the person aside where they are. What was done on the way there stays done; a visit that was open stays open."""
        self.error = f"Step {self.stay.station.key!r}: {error}"
        if self.steps >= MOST_STEPS:
            del self.stays[1:]
        self.stay.asks.clear()
        self.run.state = str(State.FAILED)
        if self.arriving:
            self.stay.left_at = now

    def _here(self, station: Station, now: datetime, contact: ContactFacts | None) -> Here:
        run = self.run
        return Here(
            station.config,
            contact or ContactFacts(run.contact_id),
            run.context,
            now,
            run.since,
            self._zone(contact),
            station.template_id,
            None if self.arriving else self.event,
        )

    def _zone(self, contact: ContactFacts | None) -> tzinfo:
        """The person's own zone; the brand's when it is unknown, or no zone at all."""
        if contact and contact.timezone and zones.known(contact.timezone):
            return zones.zone(contact.timezone)
        return self.zone

    def _done(self, outcome: Outcome, now: datetime) -> bool:
        if isinstance(outcome, Wait):
            return self._wait(outcome)
        if isinstance(outcome, End):
            self._end(State.LEFT if outcome.early else State.FINISHED, outcome.reason, now)
            return True
        return self._leave(outcome, now)

    def _wait(self, wait: Wait) -> bool:
        if wait.until is None and not wait.awaits:
            raise Stuck("It waits for nothing: neither for an instant nor for an event.")
        self.run.state = str(State.WAITING)
        self.until, self.awaits = wait.until, wait.awaits
        return True

    def _leave(self, go: Go, now: datetime) -> bool:
        station = self.stay.station
        if go.exit not in station.next:
            raise Stuck(f"It has no exit {go.exit!r}; it has: {', '.join(station.next) or 'none'}.")
        self.stay.left_at, self.stay.exit = now, go.exit
        following = station.next[go.exit]
        if following is None:
            self._end(State.FINISHED, "completed", now)
            return True
        self.stays.append(Stay(self.design.stations[following], None))
        self.arriving = True
        return False

    def _end(self, state: State, reason: str, now: datetime) -> None:
        self.run.state, self.run.end_reason = str(state), reason
        if self.stay.left_at is None:
            self.stay.left_at = now
