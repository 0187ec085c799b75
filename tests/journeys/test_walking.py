"""From step to step: waits, events, branches, messages, loops; and those who cannot go on."""

from datetime import UTC, datetime, timedelta

import pytest

from channels.models import Message
from config import ledger
from contacts import timeline
from contacts.models import Contact
from journeys import engine, publishing, reactions, writes
from journeys.base import Go, Wait
from journeys.base import steps as kinds
from journeys.models import Enrolment
from tests.builders import NOW, contact, template
from tests.journeys.driving import at_step, happens, live, only, publisher, run, step, tell, way

pytestmark = pytest.mark.django_db

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
PRO = {"kind": "attribute", "path": "plan", "op": "is", "value": "pro"}


def wait(key="pause", length="1d", **more):
    return step("wait", key, for_=length, **more)


class TestWaiting:
    def test_nobody_moves_before_the_time_and_everybody_at_it(self):
        live(wait(), wait("second", "2d"))
        happens(contact("ada"))
        run(NOW + DAY - timedelta(seconds=1))
        assert at_step() == {"pause": 1}
        run(NOW + DAY)
        assert at_step() == {"second": 1}
        run(NOW + 3 * DAY)
        assert (only().state, only().end_reason) == ("finished", "completed")
        assert way(only()) == [("pause", "next"), ("second", "next")]

    def test_until_a_local_time_of_each_person(self):
        live(step("wait", "morning", until="09:00"))
        for zone in ("America/Los_Angeles", "Europe/Berlin", "Asia/Tokyo", ""):
            happens(contact(zone, timezone=zone))
        due = {e.contact.timezone: e.due_at for e in Enrolment.objects.select_related("contact")}
        assert due == {
            "America/Los_Angeles": datetime(2026, 11, 24, 17, tzinfo=UTC),
            "Europe/Berlin": datetime(2026, 11, 25, 8, tzinfo=UTC),
            "Asia/Tokyo": datetime(2026, 11, 25, 0, tzinfo=UTC),
            "": datetime(2026, 11, 25, 9, tzinfo=UTC),
        }

    def test_a_bad_zone_stops_nobody(self):
        live(step("wait", "morning", until="09:00"))
        ada = contact("ada")
        Contact.objects.filter(pk=ada.pk).update(timezone="Mars/Olympus Mons")
        happens(ada)
        assert only().due_at == datetime(2026, 11, 25, 9, tzinfo=UTC)

    def test_a_late_worker_does_not_move_the_next_wait(self):
        live(wait(), wait("second", "1d"))
        happens(contact("ada"))
        run(NOW + DAY + 3 * HOUR)
        assert only().due_at == NOW + 2 * DAY + 3 * HOUR


class TestWaitingForAnEvent:
    def start(self, **config):
        config = {"event": "order.completed", "timeout": "24h", **config}
        live(step("wait_for_event", "order", exits={"happened": "end"}, **config), wait("reminder"))
        ada = contact("ada")
        happens(ada)
        return ada

    def test_it_comes(self):
        ada = self.start()
        happens(ada, "order.completed", NOW + HOUR)
        assert way(only()) == [("order", "happened")]
        assert only().state == "finished"

    def test_it_does_not_come(self):
        self.start()
        run(NOW + DAY)
        assert way(only()) == [("order", "timeout"), ("reminder", "")]

    def test_with_the_right_properties(self):
        ada = self.start(where=[{"path": "total", "op": "gt", "value": 10}])
        happens(ada, "order.completed", NOW + HOUR, total=10)
        assert at_step() == {"order": 1}
        happens(ada, "order.completed", NOW + 2 * HOUR, total=11)
        assert way(only()) == [("order", "happened")]

    def test_what_happened_before_does_not_count(self):
        ada = self.start()
        happens(ada, "order.completed", NOW - HOUR, now=NOW + HOUR)
        assert at_step() == {"order": 1}

    def test_what_happened_since_the_entry_counts_on_demand(self):
        live(
            wait("first", "1h"),
            step(
                "wait_for_event",
                "order",
                event="order.completed",
                timeout="1d",
                since="entry",
                exits={"happened": "end"},
            ),
            wait("reminder"),
        )
        ada, bob = contact("ada"), contact("bob")
        happens(ada)
        happens(bob)
        happens(ada, "order.completed", NOW + MINUTE)
        run(NOW + HOUR)
        assert way(Enrolment.objects.get(contact=ada))[-1] == ("order", "happened")
        assert way(Enrolment.objects.get(contact=bob))[-1] == ("order", "")

    def test_the_event_and_the_timeout_at_once_move_once(self):
        ada = self.start()
        happens(ada, "order.completed", NOW + DAY, now=NOW + DAY)
        assert len(way(only())) == 1

    def test_two_events_wake_once(self):
        live(
            step("wait_for_event", "first", event="ping", timeout="1d"),
            step("wait_for_event", "second", event="ping", timeout="1d"),
        )
        ada = contact("ada")
        happens(ada)
        timeline.record([timeline.NewEvent(ada.pk, "ping", NOW + HOUR, f"p{i}") for i in range(2)], NOW + HOUR)
        run(NOW + HOUR)
        assert way(only()) == [("first", "happened"), ("second", "")]


class TestBranching:
    def test_the_first_that_fits_is_the_way(self):
        branches = [
            {"name": "pro", "when": PRO},
            {"name": "german", "when": {"kind": "attribute", "path": "country", "op": "is", "value": "DE"}},
        ]
        live(
            step("branch", "plan", branches=branches, exits={"pro": "p", "german": "g", "otherwise": "o"}),
            wait("p"),
            wait("g"),
            wait("o"),
        )
        happens(contact("both", plan="pro", country="DE"))
        happens(contact("german", country="DE"))
        happens(contact("none"))
        assert at_step() == {"p": 1, "g": 1, "o": 1}

    def test_it_sees_the_person_as_they_are_now(self):
        live(
            wait(),
            step("branch", "plan", branches=[{"name": "pro", "when": PRO}], exits={"otherwise": "end"}),
            wait("p"),
        )
        ada = contact("ada", plan="free")
        happens(ada)
        Contact.objects.filter(pk=ada.pk).update(attributes={"plan": "pro"})
        run(NOW + DAY)
        assert way(only())[1] == ("plan", "pro")


class TestSending:
    @pytest.fixture
    def message(self):
        template()
        exits = {"blocked": "blocked", "failed": "failed", "unknown": "unknown"}
        live(
            step("send", "mail", template="hello", expires="2d", exits=exits),
            wait("sent"),
            wait("blocked"),
            wait("failed"),
            wait("unknown"),
        )
        happens(contact("ada"), total=5)
        return Message.objects.get()

    def test_it_asks_for_the_message_and_waits_for_its_outcome(self, message):
        visit = only().visit
        assert message.key == f"visit:{visit}"
        assert message.labels == {"journey": "welcome", "version": only().version_id, "step": "mail", "visit": visit}
        assert (message.context, message.due_at, message.expires_at) == ({"total": 5}, NOW, NOW + 2 * DAY)
        assert only().awaits

    @pytest.mark.parametrize("word", ["sent", "blocked", "failed", "unknown"])
    def test_every_outcome_is_a_way(self, message, word):
        tell(message, word, NOW + MINUTE)
        run(NOW + MINUTE)
        assert way(only()) == [("mail", word), (word, "")]

    def test_the_outcome_of_another_message_does_not_count(self, message):
        other = contact("bob")
        happens(other)
        tell(Message.objects.get(contact=other), "sent", NOW + MINUTE)
        run(NOW + MINUTE)
        assert at_step() == {"mail": 1, "sent": 1}

    def test_without_an_answer_it_is_unknown_in_the_end(self, message):
        run(NOW + 3 * DAY - MINUTE)
        assert at_step() == {"mail": 1}
        run(NOW + 3 * DAY)
        assert at_step() == {"unknown": 1}

    def test_another_message_in_every_round_of_a_loop(self):
        template("again")
        live(
            step("send", "mail", template="again"),
            wait("rest", exits={"next": "mail"}),
            key="loop",
            trigger={"kind": "event", "name": "go"},
        )
        happens(contact("ada"), "go")
        for day in range(3):
            tell(Message.objects.get(state="pending"), "sent", NOW + day * DAY)
            run(NOW + day * DAY)
            run(NOW + (day + 1) * DAY)
        assert Message.objects.count() == 4
        assert only().state == "waiting"


class TestPoison:
    """A step that fails for one person sets that person aside, and nobody else."""

    @pytest.fixture
    def broken(self, monkeypatch):
        bad = set()
        branch = kinds["branch"]
        real = type(branch).enter

        def enter(self, here):
            if here.contact.external_id in bad:
                raise ZeroDivisionError("division by zero")
            return real(self, here)

        monkeypatch.setattr(type(branch), "enter", enter)
        return bad

    def journey(self):
        return live(wait(length="1h"), step("branch", "plan", branches=[{"name": "pro", "when": PRO}]), wait("after"))

    def test_it_alone_is_set_aside_with_the_error(self, broken):
        self.journey()
        for name in ("ada", "bob", "eve"):
            happens(contact(name))
        broken.add("bob")
        run(NOW + HOUR)
        bob = only(contact__external_id="bob")
        assert (bob.state, bob.step.key, bob.error) == (
            "failed",
            "plan",
            "Step 'plan': ZeroDivisionError: division by zero",
        )
        assert at_step() == {"after": 2}

    def test_it_goes_on_where_it_was_when_tried_again(self, broken):
        self.journey()
        happens(contact("bob"))
        broken.add("bob")
        run(NOW + HOUR)
        assert engine.retry([only().pk], NOW + DAY) == 1
        run(NOW + DAY)
        assert only().state == "failed"
        broken.clear()
        assert engine.retry([only().pk], NOW + 2 * DAY) == 1
        run(NOW + 2 * DAY)
        assert at_step() == {"after": 1}
        assert [step for step, exit in way(only()) if exit] == ["pause", "plan"]

    def test_it_is_not_tried_again_when_its_person_is_in_it_once_more(self, broken):
        self.journey()
        bob = contact("bob")
        happens(bob)
        broken.add("bob")
        run(NOW + HOUR)
        failed = only()
        happens(bob, at=NOW + HOUR)
        assert engine.retry([failed.pk], NOW + HOUR) == 0
        failed.refresh_from_db()
        assert failed.state == "failed"

    def test_a_row_that_breaks_its_batch_stands_alone_in_the_end(self, monkeypatch):
        """Something that only the database refuses: the batch is halved until the bad one is alone."""
        self.journey()
        for n in range(20):
            happens(contact(f"u{n}"))
        bad = only(contact__external_id="u7").pk
        real = writes.write

        def write(walks, counts, now):
            if any(walk.run.id == bad for walk in walks):
                raise ValueError("cannot be written")
            real(walks, counts, now)

        monkeypatch.setattr("journeys.writes.write", write)
        run(NOW + HOUR)
        assert at_step() == {"after": 19}
        assert only(pk=bad).error == "ValueError: cannot be written"

    def test_a_system_that_is_down_sets_nobody_aside(self, monkeypatch):
        self.journey()
        for n in range(30):
            happens(contact(f"u{n}"))

        def write(walks, counts, now):
            raise ValueError("all is broken")

        monkeypatch.setattr("journeys.writes.write", write)
        with pytest.raises(ValueError, match="all is broken"):
            engine.advance(NOW + HOUR)
        assert at_step() == {"pause": 30}

    def test_a_loop_that_never_waits_stops_itself(self, monkeypatch):
        monkeypatch.setattr(type(kinds["wait"]), "enter", lambda self, here: Go("next"))
        live(wait("one"), wait("two", exits={"next": "one"}))
        happens(contact("ada"))
        assert only().state == "failed"
        assert "100 steps without a wait" in only().error

    def test_a_wait_for_nothing_is_an_error(self, monkeypatch):
        live(wait())
        monkeypatch.setattr(type(kinds["wait"]), "enter", lambda self, here: Wait())
        happens(contact("ada"))
        assert "waits for nothing" in only().error

    def test_an_exit_that_does_not_exist_is_an_error(self, monkeypatch):
        live(wait())
        monkeypatch.setattr(type(kinds["wait"]), "enter", lambda self, here: Go("sideways"))
        happens(contact("ada"))
        assert "It has no exit 'sideways'; it has: next." in only().error


class TestPausing:
    def test_a_pause_keeps_people_in_place(self):
        version = live(wait(), wait("second"))
        happens(contact("ada"))
        publishing.pause(version.journey, publisher(), NOW + HOUR, "A test.")
        run(NOW + 10 * DAY)
        assert at_step() == {"pause": 1}
        publishing.resume(version.journey, publisher(), NOW + 10 * DAY, "A test.")
        run(NOW + 10 * DAY)
        assert at_step() == {"second": 1}

    def test_nobody_enters_meanwhile(self):
        version = live(wait())
        publishing.pause(version.journey, publisher(), NOW, "A test.")
        happens(contact("ada"))
        publishing.resume(version.journey, publisher(), NOW + HOUR, "A test.")
        happens(contact("bob"), at=NOW + HOUR)
        assert only().contact.external_id == "bob"

    def test_an_event_that_comes_meanwhile_is_not_lost(self):
        version = live(
            step("wait_for_event", "order", event="order.completed", timeout="1d", exits={"happened": "end"}), wait()
        )
        ada = contact("ada")
        happens(ada)
        publishing.pause(version.journey, publisher(), NOW, "A test.")
        happens(ada, "order.completed", NOW + HOUR)
        assert at_step() == {"order": 1}
        publishing.resume(version.journey, publisher(), NOW + 3 * DAY, "A test.")
        run(NOW + 3 * DAY)
        assert way(only()) == [("order", "happened")]


def test_ends_with_the_reason_of_the_exit_step():
    live(step("exit", reason="no consent"))
    happens(contact("ada"))
    assert (only().state, only().end_reason) == ("finished", "no consent")


def test_moving_hundreds_takes_a_constant_number_of_queries(django_assert_max_num_queries):
    template()
    live(
        step("branch", "plan", branches=[{"name": "pro", "when": PRO}], exits={"otherwise": "mail"}),
        wait("nothing", "0"),
        step("send", "mail", template="hello"),
        exit_when=[{"event": "order.completed"}],
        goal={"event": "order.completed"},
    )
    people = [contact(f"u{n}", plan="pro" if n % 2 else "free") for n in range(200)]
    timeline.record([timeline.NewEvent(p.pk, "signup", NOW, f"k{p.pk}") for p in people], NOW)
    reactions.react(NOW)
    with django_assert_max_num_queries(25):
        assert engine.advance(NOW) == 200
    assert Message.objects.count() == 200


def test_a_deleted_contact_takes_its_enrolments_along():
    live(wait())
    ada = contact("ada")
    happens(ada)
    with ledger.unlocked():
        ada.delete()
    run(NOW + DAY)
    assert not Enrolment.objects.exists()
