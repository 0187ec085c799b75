"""Lanes, turns and the pulse, without processes: who works when, and what a broken pump may not do."""

from datetime import timedelta

import pytest

from config import clock, faults, lanes, pulse, pumps, queue, tasks
from config.models import Fault, Heartbeat, Ticket
from tests.builders import NOW

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


class Work:
    """A pump over a list: as many rows as it has, in batches of ten; it fails as long as it is told to."""

    def __init__(self, name: str, rows: int = 0, order: int = 50) -> None:
        self.name, self.rows, self.broken, self.runs = name, rows, False, 0
        pumps.register(pumps.Pump(name, self.next_due, self.run, order))

    def next_due(self, now):
        return now if self.rows else None

    def run(self, now):
        self.runs += 1
        if self.broken:
            raise RuntimeError("boiler out of steam")
        took = min(10, self.rows)
        self.rows -= took
        return took


@pytest.fixture(autouse=True)
def own_pumps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pumps, "_pumps", {})


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[tuple]:
    """The doorbells that were rung."""
    found: list[tuple] = []
    monkeypatch.setattr(queue, "enqueue", lambda *call: found.append(call))
    lanes.reset("here")
    return found


def turn(lane: lanes.Lane | None) -> int:
    assert lane
    return tasks.turn(lane.queue, lane.lane, lane.number)


class TestLanes:
    def test_a_lane_is_taken_once(self) -> None:
        lanes.reset("here")
        taken = [lanes.take("here", NOW) for _ in range(lanes.count())]
        assert all(taken)
        assert lanes.take("here", NOW) is None

    def test_a_silent_turn_loses_its_lane_and_notices(self) -> None:
        lanes.reset("here")
        old = lanes.take("here", NOW)
        for _ in range(lanes.count()):
            new = lanes.take("here", NOW + lanes.LEASE)
        assert old
        assert new
        assert (old.lane, old.number + 1) in {(new.lane, new.number), (0, 2)}
        assert not old.keep(lambda: NOW)
        assert new.keep(lambda: NOW)

    def test_a_late_turn_does_not_free_the_lane_of_another(self) -> None:
        lanes.reset("here")
        old = lanes.take("here", NOW)
        assert old
        later = NOW + lanes.LEASE
        while lanes.take("here", later):
            pass
        old.free()
        assert lanes.take("here", later) is None

    def test_two_machines_have_lanes_of_their_own(self) -> None:
        lanes.reset("here")
        lanes.reset("there")
        while lanes.take("here", NOW):
            pass
        assert lanes.take("there", NOW)

    def test_a_restart_frees_what_the_dead_held(self) -> None:
        lanes.reset("here")
        while lanes.take("here", NOW):
            pass
        lanes.reset("here")
        assert lanes.take("here", NOW)


class TestTurns:
    def test_a_turn_works_until_nothing_is_due_and_frees_its_lane(self, rung: list) -> None:
        first, second = Work("first", 25, order=1), Work("second", 12, order=2)
        assert turn(lanes.take("here", NOW)) == 37
        assert not first.rows
        assert not second.rows
        assert not Ticket.objects.exclude(taken_until=None).exists()

    def test_a_turn_that_was_replaced_does_nothing(self, rung: list) -> None:
        work, lane = Work("work", 25), lanes.take("here", NOW)
        assert lane
        Ticket.objects.filter(lane=lane.lane).update(number=lane.number + 1)
        assert turn(lane) == 0
        assert work.rows == 25

    @pytest.mark.django_db(transaction=True)  # the worker drops a connection that may be broken
    def test_a_broken_pump_stops_nobody_else_and_rests(self, rung: list, caplog: pytest.LogCaptureFixture) -> None:
        broken, other = Work("broken", 25, order=1), Work("other", 25, order=2)
        broken.broken = True
        assert turn(lanes.take("here", NOW)) == 25
        assert (broken.runs, other.runs) == (1, 4)
        assert "boiler out of steam" in Fault.objects.get(pump="broken").error
        assert "broken failed" in caplog.text

    def test_a_broken_pump_does_not_ring(self, rung: list) -> None:
        Work("broken", 25)
        faults.note("broken", RuntimeError("no steam"), NOW)
        assert not pulse.tick("here", NOW)
        assert pulse.tick("here", NOW + faults.FIRST_REST)

    def test_rests_grow_up_to_a_minute_and_end_with_a_success(self, rung: list) -> None:
        work = Work("work", 5)
        for _ in range(9):
            faults.note("work", RuntimeError("no steam"), NOW - 2 * faults.LONGEST_REST)
        fault = Fault.objects.get()
        assert fault.failures == 9
        assert fault.rests_until == NOW - faults.LONGEST_REST
        turn(lanes.take("here", NOW))
        assert not work.rows
        assert not Fault.objects.exists()

    def test_an_empty_run_proves_nothing_until_it_has_been_quiet_for_long(self, rung: list) -> None:
        """What made it raise is still leased, so that the next run finds nothing: the one after that rests for longer."""
        Work("work")
        faults.note("work", RuntimeError("no steam"), NOW)
        with clock.at(NOW + faults.QUIET):
            turn(lanes.take("here", clock.now()))
            assert Fault.objects.get().failures == 1
        with clock.at(NOW + faults.QUIET + faults.FIRST_REST):
            turn(lanes.take("here", clock.now()))
            assert not Fault.objects.exists()


class TestPulse:
    def test_it_rings_once_while_a_turn_is_on_its_way(self, rung: list) -> None:
        Work("work", 25)
        rings = [pulse.tick("here", NOW) for _ in range(5)]
        assert rings == [True] * lanes.count() + [False] * (5 - lanes.count())
        assert rung[0] == ("config.tasks.turn", "here", 0, 1)

    def test_nothing_due_rings_nothing(self, rung: list) -> None:
        Work("work")
        assert not pulse.tick("here", NOW)
        assert not rung

    def test_future_work_waits(self, rung: list) -> None:
        pumps.register(pumps.Pump("later", lambda now: NOW + SECOND, lambda now: 0))
        assert not pulse.tick("here", NOW)
        assert pulse.tick("here", NOW + SECOND)

    def test_a_broker_that_is_away_does_not_cost_the_lane(self, rung: list, monkeypatch: pytest.MonkeyPatch) -> None:
        def away(*call):
            raise ConnectionError("no broker")

        Work("work", 25)
        with monkeypatch.context() as patch:
            patch.setattr(queue, "enqueue", away)
            with pytest.raises(ConnectionError):
                pulse.tick("here", NOW)
        assert pulse.tick("here", NOW)

    @pytest.mark.django_db(transaction=True)  # the worker drops a connection that may be broken
    def test_a_pump_that_cannot_say_when_it_is_due_rests(self, rung: list) -> None:
        def broken(now):
            raise RuntimeError("no calendar")

        pumps.register(pumps.Pump("broken", broken, lambda now: 0, order=1))
        Work("work", 5, order=2)
        assert pulse.tick("here", NOW)
        assert Fault.objects.get().pump == "broken"

    def test_queues_that_nobody_serves_are_forgotten_after_a_day(self, rung: list) -> None:
        Heartbeat.objects.create(name="gone", beat_at=NOW - 2 * pulse.FORGOTTEN, started_at=NOW - 2 * pulse.FORGOTTEN)
        lanes.reset("gone")
        pulse.begin("here", NOW)
        assert list(Heartbeat.objects.values_list("name", flat=True)) == ["here"]
        assert set(Ticket.objects.values_list("queue", flat=True)) == {"here"}

    def test_a_late_beat_does_not_bring_back_a_worker_that_was_stopped(self) -> None:
        pulse.begin("here", NOW)
        tasks.beat("here")
        assert Heartbeat.objects.get().beat_at > NOW
        pulse.end("here")
        tasks.beat("here")
        assert not Heartbeat.objects.exists()

    def test_the_loop_outlives_a_database_that_is_away(self, rung: list, monkeypatch: pytest.MonkeyPatch) -> None:
        answers = iter([ConnectionError("no database"), None, None])
        ticks: list[int] = []

        def tick(*_):
            ticks.append(1)
            if error := next(answers):
                raise error

        monkeypatch.setattr(pulse, "tick", tick)
        waits = iter([False, False, False, True])
        pulse.run(lambda seconds: next(waits))
        assert len(ticks) == 3
