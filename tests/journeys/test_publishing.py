"""From draft to live: who may, what keeps a draft back, and that what is published never changes, whoever tries."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, connection, transaction
from django.db.models import ProtectedError

from compliance import chain
from compliance.models import AuditNote, Stop
from config import ledger
from contacts.models import Segment
from journeys import blueprints, publishing
from journeys.blueprints import Blueprint
from journeys.inspection import flaws
from journeys.models import Enrolment, Journey, Step, Version
from tests.builders import NOW, brand, contact, segment, template, user
from tests.builders import topic as make_topic
from tests.journeys.driving import draft, happens, live, publish, publisher, step

pytestmark = pytest.mark.django_db

PRO = {"kind": "attribute", "path": "plan", "op": "is", "value": "pro"}


def wait(key="pause", length="1d", **more):
    return step("wait", key, for_=length, **more)


def sentences(version):
    return [str(problem) for problem in publishing.problems(version)]


class TestPublishing:
    def test_it_says_who_and_when_and_what(self):
        version = publish(draft(wait()))
        assert (version.state, version.published_at, version.published_by) == ("live", NOW, publisher())
        assert version.checksum == blueprints.checksum(blueprints.of(version))
        assert version.journey.state == "live"

    def test_the_one_before_is_retired(self):
        first = live(wait())
        second = live(wait("other"))
        first.refresh_from_db()
        assert (first.state, second.state, second.number) == ("retired", "live", 2)
        assert second.journey.live_version == second

    def test_twice_is_refused(self):
        version = live(wait())
        with pytest.raises(ValidationError, match="is published already"):
            publishing.publish(version, publisher(), NOW)

    def test_an_archived_journey_is_closed(self):
        version = live(wait())
        publishing.archive(version.journey, publisher(), NOW, "A test.")
        with pytest.raises(ValidationError, match="is archived"):
            publishing.publish(publishing.new_draft(version.journey), publisher(), NOW)

    @pytest.mark.parametrize("verb", ["publish", "pause", "resume", "retire", "archive"])
    def test_only_with_the_permission(self, verb):
        version = live(wait())
        call = getattr(publishing, verb)
        subject = version if verb == "publish" else version.journey
        with pytest.raises(PermissionDenied, match="permission to publish journeys"):
            call(subject, user("outsider"), *([] if verb == "retire" else [NOW]), "A test.")

    def test_publishing_a_paused_journey_leaves_it_paused(self):
        version = live(wait())
        publishing.pause(version.journey, publisher(), NOW, "A test.")
        live(wait("other"))
        version.journey.refresh_from_db()
        assert version.journey.state == "paused"

    def test_pausing_puts_a_stop_on_its_messages(self):
        version = live(wait())
        publishing.pause(version.journey, publisher(), NOW, "A test.")
        assert Stop.objects.filter(scope="journey", value="welcome", lifted_at=None).count() == 1
        publishing.resume(version.journey, publisher(), NOW, "A test.")
        assert not Stop.objects.filter(lifted_at=None).exists()

    @pytest.mark.parametrize(
        ("verb", "sentence"), [("pause", "only a live journey"), ("resume", "only a paused journey")]
    )
    def test_a_draft_can_be_neither_paused_nor_resumed(self, verb, sentence):
        journey = draft(wait()).journey
        with pytest.raises(ValidationError, match=sentence):
            getattr(publishing, verb)(journey, publisher(), NOW, "A test.")

    @pytest.mark.parametrize("verb", ["pause", "resume", "retire", "archive"])
    @pytest.mark.parametrize(("reason", "sentence"), [(" ", "Say why you"), ("x" * 101, "at most 100 characters")])
    def test_nothing_is_stopped_or_let_go_on_without_a_reason(self, verb, reason, sentence):
        version = live(wait())
        if verb == "resume":
            publishing.pause(version.journey, publisher(), NOW, "A test.")
        before = Journey.objects.get().state
        with pytest.raises(ValidationError, match=sentence):
            getattr(publishing, verb)(version.journey, publisher(), *([] if verb == "retire" else [NOW]), reason)
        version.refresh_from_db()
        assert (Journey.objects.get().state, version.state) == (before, "live")

    def test_the_reason_is_in_the_history_on_the_stop_and_sealed_in_the_audit_chain(self):
        version = live(wait())
        publishing.pause(version.journey, publisher(), NOW, "Ada complained.")
        publishing.resume(version.journey, publisher(), NOW, "It was not us.")
        publishing.retire(version.journey, publisher(), "The season is over.")
        said = [(one.state, one.history_change_reason, one.history_user) for one in version.journey.history.all()[:2]]
        assert said == [("live", "It was not us.", publisher()), ("paused", "Ada complained.", publisher())]
        stop = Stop.objects.get()
        assert (stop.reason, stop.lifted_because) == ("The journey is paused: Ada complained.", "It was not us.")
        last = version.history.first()
        assert (last.state, last.history_change_reason) == ("retired", "The season is over.")
        notes = {note.kind: note.payload for note in AuditNote.objects.order_by("pk")}
        assert notes["journey.retired"]["reason"] == chain.because("The season is over.")["reason"]
        assert notes["stop.lifted"]["reason"] == chain.because("It was not us.")["reason"]
        assert "Ada" not in str(list(AuditNote.objects.values_list("payload", flat=True)))

    def test_a_new_draft_is_a_copy_and_there_is_one_at_a_time(self):
        version = live(wait(), goal={"event": "order.completed"})
        made = publishing.new_draft(version.journey)
        assert blueprints.of(made) == blueprints.of(version)
        assert (made.number, made.state) == (2, "draft")
        assert publishing.new_draft(version.journey) == made

    def test_archiving_a_paused_journey_takes_its_stop_away(self):
        version = live(wait())
        happens(contact("ada"))
        publishing.pause(version.journey, publisher(), NOW, "A test.")
        assert publishing.archive(version.journey, publisher(), NOW, "A test.") == 1
        assert not Stop.objects.filter(lifted_at=None).exists()
        assert Enrolment.objects.get().end_reason == "journey archived"


class TestProblems:
    def test_a_good_draft_has_none(self):
        template()
        assert sentences(draft(step("send", "mail", template="hello"), wait())) == []

    def test_nothing_at_all(self):
        assert sentences(draft()) == ["steps: There are no steps; add at least one."]

    def test_what_the_database_does_not_have(self):
        theirs = make_topic("t", brand=brand("other"))
        template("theirs", topic=theirs)
        template("unapproved", state="submitted")
        found = sentences(
            draft(
                step("send", "a", template="gone"),
                step("send", "b", template="theirs"),
                step("send", "c", template="unapproved"),
                trigger={"kind": "segment", "segment": "nobody"},
            )
        )
        assert found == [
            "trigger.segment: There is no segment 'nobody'.",
            "step 'a', template: There is no template 'gone'.",
            "step 'b', template: The template 'theirs' belongs to another brand than Acme.",
            "step 'c', template: The template 'unapproved' has no approved version; have one approved first.",
        ]

    def test_a_segment_of_another_brand(self):
        segment("theirs", brand=brand("other"))
        [found] = sentences(draft(wait(), trigger={"kind": "segment", "segment": "theirs"}))
        assert "belongs to another brand" in found

    @pytest.mark.parametrize(
        ("steps", "sentence"),
        [
            ([wait("a", exits={"next": "gone"})], "step 'a', exits.next: There is no step 'gone'; there are: a, end."),
            ([wait("a", exits={"back": "a"})], "step 'a', exits.back: wait has no exit 'back'; it has: next."),
            ([wait("a"), wait("a")], "step 'a', key: Two steps have this key; each needs its own."),
            ([step("fly", "a")], "step 'a', kind: There is no step kind 'fly'"),
            ([wait("a", "soon")], "step 'a', for: 'soon' is not a duration"),
            ([step("wait", "a", for_="1d", colour="red")], "step 'a', colour: wait has no setting 'colour'"),
            ([step("exit", "a"), wait("b")], "step 'b': Nothing leads here"),
            ([wait("a", "0", exits={"next": "a"})], "step 'a', exits: A loop without a wait: a → a."),
            (
                [wait("a", "0"), step("branch", "b", branches=[{"name": "pro", "when": PRO}], exits={"pro": "a"})],
                "step 'a', exits: A loop without a wait: a → b → a.",
            ),
            ([step("branch", "a", branches=[{"name": "Not A Name", "when": PRO}])], "'Not A Name' is not a name"),
            ([step("branch", "a", branches=[{"name": "x", "when": {"kind": "moon"}}])], "kind: 'moon' is not known"),
        ],
    )
    def test_what_is_wrong_with_steps(self, steps, sentence):
        design = Blueprint(trigger="event", trigger_config={"name": "signup"}, steps=tuple(steps))
        [found] = map(str, flaws(design))
        assert sentence in found

    @pytest.mark.parametrize(
        ("design", "sentence"),
        [
            ({"reentry": "never"}, "reentry: There is no re-entry rule 'never'"),
            ({"reentry": "after", "reentry_after": "0"}, "reentry.after: It must be longer than 0"),
            ({"reentry_after": "3d"}, "reentry.after: Only the rule 'after' has a pause"),
            ({"exit_when": [{}]}, "exit_when.0: Name the event"),
            (
                {"exit_when": [{"event": "x", "when": 1}]},
                "exit_when.0.when: There is no 'when' here; there are: event, where.",
            ),
            ({"goal": {"event": "x", "within": "0"}}, "goal.within: It must be longer than 0"),
            ({"goal": {"event": "x", "value": 5}}, "goal.value: Name the property"),
            ({"trigger": {"kind": "moon"}}, "trigger: There is no trigger 'moon'"),
            ({"trigger": {"kind": "event", "name": "two words"}}, "trigger.name: 'two words' is not an event's name"),
        ],
    )
    def test_what_is_wrong_with_the_rules(self, design, sentence):
        assert any(found.startswith(sentence) for found in sentences(draft(wait(), **design)))

    def test_a_loop_with_a_wait_is_fine(self):
        assert sentences(draft(wait("a"), wait("b", exits={"next": "a"}))) == []


class TestSealed:
    """The database itself refuses, on SQLite and on PostgreSQL, by whatever way it is tried."""

    @pytest.fixture
    def version(self):
        segment("pros")
        template()
        return live(step("send", "mail", template="hello"), trigger={"kind": "segment", "segment": "pros"})

    def refused(self, change):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()

    @pytest.mark.parametrize(
        "columns",
        [
            {"trigger": "event"},
            {"trigger_config": {}},
            {"reentry": "once"},
            {"exit_when": [{"event": "x"}]},
            {"goal": {"event": "x"}},
            {"checksum": "0" * 64},
            {"published_at": None},
            {"number": 7},
            {"state": "draft"},
        ],
    )
    def test_its_columns(self, version, columns):
        self.refused(lambda: Version.objects.filter(pk=version.pk).update(**columns))

    def test_its_steps(self, version):
        mine = Step.objects.filter(version=version)
        self.refused(lambda: mine.update(config={}))
        self.refused(lambda: mine.update(title="other"))
        self.refused(lambda: mine.delete())
        self.refused(lambda: Step.objects.create(version=version, key="more", kind="exit", position=9))

    def test_a_step_cannot_be_moved_into_it(self, version):
        other = draft(wait("intruder"), key="other")
        self.refused(lambda: Step.objects.filter(version=other).update(version=version))

    def test_itself(self, version):
        Enrolment.objects.all().delete()
        with connection.cursor() as cursor:
            self.refused(lambda: cursor.execute("DELETE FROM journeys_version WHERE id = %s", [version.pk]))

    def test_not_even_in_raw_sql(self, version):
        def change():
            with connection.cursor() as cursor:
                cursor.execute("UPDATE journeys_step SET config = '{}' WHERE version_id = %s", [version.pk])

        self.refused(change)

    def test_it_can_still_be_retired(self, version):
        publishing.retire(version.journey, publisher(), "A test.")
        version.refresh_from_db()
        assert version.state == "retired"

    def test_what_it_names_cannot_be_deleted(self, version):
        assert version.segment.key == "pros"
        assert version.steps.get().template.key == "hello"
        with pytest.raises(ProtectedError):
            Segment.objects.all().delete()

    def test_a_draft_can_be_changed_and_deleted(self):
        made = draft(wait())
        made.steps.update(config={"for": "2d"})
        made.steps.all().delete()
        made.delete()
        assert not Version.objects.exists()

    def test_the_one_audited_way_round(self, version):
        with ledger.unlocked():
            Step.objects.filter(version=version).update(title="erased")
        assert Step.objects.get(version=version).title == "erased"

    def test_one_live_version_at_a_time(self, version):
        made = publishing.new_draft(version.journey)
        with pytest.raises(DatabaseError), transaction.atomic():
            Version.objects.filter(pk=made.pk).update(state="live", published_at=NOW)


class TestGoingBack:
    def test_an_old_version_begins_a_new_draft_and_nothing_is_lost(self):
        old = live(step("wait", for_="1d"))
        publish(draft(step("wait", for_="9d")))
        begun = draft(step("wait", for_="5d"))
        made = publishing.draft_of(old, user("eddie", "journeys.change_version"))
        assert (made.number, made.state) == (4, Version.State.DRAFT)
        assert made.steps.get().config == {"for": "1d"}
        assert begun.steps.get().config == {"for": "5d"}
        assert made.journey.live_version.number == 2

    def test_who_may_not_edit_may_not_go_back(self):
        old = live(step("wait", for_="1d"))
        with pytest.raises(PermissionDenied):
            publishing.draft_of(old, user("nobody"))
        assert old.journey.versions.count() == 1

    def test_an_archived_journey_has_no_new_draft(self):
        old = live(step("wait", for_="1d"))
        publishing.archive(old.journey, publisher(), NOW, "A test.")
        with pytest.raises(ValidationError, match="archived"):
            publishing.draft_of(old, user("eddie", "journeys.change_version"))
