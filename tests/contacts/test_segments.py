"""Segments: kept in windows and person by person, with each entry and exit a fact, and one broken segment nobody else's problem."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts import segments
from contacts.identity import Person, resolve
from contacts.models import Contact, Event, Membership, Recheck, Segment
from contacts.segments import Changes
from contacts.traits import clean
from tests.builders import NOW, brand, contact, event, segment

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
PRO = {"kind": "attribute", "path": "plan", "op": "is", "value": "pro"}
BUYERS = {"kind": "event", "name": "order.completed", "within": "30d"}


def inside(group: Segment) -> set[str]:
    return set(segments.members(group).values_list("external_id", flat=True))


def facts() -> list[tuple[str, str, str]]:
    found = Event.objects.filter(name__startswith="segment.").order_by("pk")
    return [(one.name, one.contact.external_id, one.properties["segment"]) for one in found.select_related("contact")]


def work(now=NOW) -> int:
    """All that is due."""
    total = 0
    while (due := segments.next_due(now)) and due <= now:
        total += segments.work(now)
    return total


def say(external_id: str, now=NOW, **traits) -> None:
    """Somebody tells something about a person, as ingest does."""
    resolve([Person(external_id, "", clean(traits))], now)


class TestRefresh:
    def test_who_fits_is_in_and_each_entry_and_exit_is_a_fact(self):
        ada, bob = contact("ada", plan="pro"), contact("bob", plan="free")
        pros = segment()
        assert segments.refresh(pros, NOW) == Changes(1, 0)
        assert (inside(pros), pros.size, pros.refreshed_at, pros.refresh_due_at) == ({"ada"}, 1, NOW, NOW + HOUR)
        Contact.objects.filter(pk=ada.pk).update(attributes={"plan": "free"})
        Contact.objects.filter(pk=bob.pk).update(attributes={"plan": "pro"})
        assert segments.refresh(pros, NOW + HOUR) == Changes(1, 1)
        assert (inside(pros), pros.size) == ({"bob"}, 1)
        assert facts() == [
            ("segment.entered", "ada", "pros"),
            ("segment.entered", "bob", "pros"),
            ("segment.left", "ada", "pros"),
        ]
        stay = Membership.objects.get(contact=ada)
        assert (stay.entered_at, stay.left_at) == (NOW, NOW + HOUR)

    def test_nothing_changed_is_no_news(self):
        contact("ada", plan="pro")
        pros = segment(refreshed=NOW)
        assert segments.refresh(pros, NOW + HOUR) == Changes()
        assert Membership.objects.get().entered_at == NOW
        assert len(facts()) == 1

    def test_who_comes_back_enters_anew(self):
        ada = contact("ada", plan="pro")
        pros = segment(refreshed=NOW)
        for plan in ("free", "pro"):
            Contact.objects.filter(pk=ada.pk).update(attributes={"plan": plan})
            segments.refresh(pros, NOW + HOUR)
        assert [name for name, _, _ in facts()] == ["segment.entered", "segment.left", "segment.entered"]
        assert Membership.objects.filter(contact=ada).count() == 2

    def test_time_alone_moves_people_out(self):
        ada = contact("ada")
        event(ada, "order.completed", at=NOW)
        buyers = segment("buyers", BUYERS, refreshed=NOW)
        assert inside(buyers) == {"ada"}
        segments.refresh(buyers, NOW + timedelta(days=30))
        assert inside(buyers) == set()

    @pytest.mark.parametrize("window", [1, 2, 3, 7, 8, 100])
    def test_windows_miss_nobody_and_take_nobody_twice(self, monkeypatch, window):
        monkeypatch.setattr(segments, "WINDOW", window)
        for n in range(7):
            contact(f"u{n}", plan="pro" if n % 2 else "free")
        pros = segment()
        assert segments.refresh(pros, NOW) == Changes(3, 0)
        assert inside(pros) == {"u1", "u3", "u5"}
        Contact.objects.filter(external_id="u3").update(attributes={})
        assert segments.refresh(pros, NOW) == Changes(0, 1)
        assert pros.size == 2

    def test_a_round_goes_on_where_it_stopped(self, monkeypatch):
        monkeypatch.setattr(segments, "WINDOW", 3)
        for n in range(7):
            contact(f"u{n}", plan="pro")
        pros = segment()
        sizes = []
        while segments.next_due(NOW) == NOW:
            segments.work(NOW)
            sizes.append(Membership.objects.count())
        assert sizes == [3, 6, 7]
        pros.refresh_from_db()
        assert (pros.size, pros.refreshed_to, pros.refresh_due_at) == (7, 0, NOW + HOUR)

    def test_an_empty_house_is_done_at_once(self):
        assert segments.refresh(segment(), NOW) == Changes()
        assert segments.next_due(NOW) == NOW + HOUR

    def test_a_new_segment_is_due_before_an_overdue_one(self):
        segment("old", refreshed=NOW - timedelta(days=2))
        segment("new")
        segments.work(NOW)
        assert Segment.objects.get(key="new").refreshed_at == NOW


class TestRechecks:
    """Between its rounds a segment looks at just those of whom something changed."""

    def test_an_event_that_it_looks_at_moves_people_in_at_once(self):
        buyers, ada = segment("buyers", BUYERS, refreshed=NOW), contact("ada")
        Recheck.objects.all().delete()
        event(ada, "page.viewed")
        assert not Recheck.objects.exists()
        event(ada, "order.completed")
        assert segments.next_due(NOW) == NOW
        assert work() == 1
        assert inside(buyers) == {"ada"}
        assert not Recheck.objects.exists()

    def test_so_does_an_attribute_that_it_looks_at(self):
        say("ada", plan="free", city="Paris")
        pros = segment(refreshed=NOW)
        say("ada", city="Rome")
        assert not Recheck.objects.exists()
        say("ada", plan="pro")
        assert work() == 1
        assert inside(pros) == {"ada"}
        say("ada", plan="free")
        work()
        assert inside(pros) == set()

    def test_and_somebody_new(self):
        pros = segment(refreshed=NOW)
        strangers = segment("strangers", {"not": PRO}, refreshed=NOW)
        say("ada", plan="pro")
        say("bob")
        work()
        assert (inside(pros), inside(strangers)) == ({"ada"}, {"bob"})

    def test_and_a_contact_that_was_saved_by_hand(self):
        ada = contact("ada")
        pros = segment(refreshed=NOW)
        ada.attributes = {"plan": "pro"}
        ada.save()
        work()
        assert inside(pros) == {"ada"}

    def test_a_segment_of_segments_follows(self):
        pros = segment(refreshed=NOW)
        others = segment("others", {"not": {"kind": "segment", "segment": "pros"}}, refreshed=NOW)
        say("ada")
        work()
        assert (inside(pros), inside(others)) == (set(), {"ada"})
        say("ada", plan="pro")
        work()
        assert (inside(pros), inside(others)) == ({"ada"}, set())

    def test_a_family_of_events_is_watched(self):
        readers = segment("readers", {"kind": "event", "name": "message.*", "at_least": 2}, refreshed=NOW)
        ada = contact("ada")
        for name in ("message.sent", "message.opened"):
            event(ada, name)
        work()
        assert inside(readers) == {"ada"}

    def test_refresh_for_looks_at_these_people_for_every_segment(self):
        pros, buyers = segment(refreshed=NOW), segment("buyers", BUYERS, refreshed=NOW)
        ada, bob = contact("ada", plan="pro"), contact("bob", plan="pro")
        event(ada, "order.completed")
        assert segments.refresh_for([ada.pk], NOW) == Changes(2, 0)
        assert (inside(pros), inside(buyers)) == ({"ada"}, {"ada"})
        segments.refresh_for([bob.pk], NOW)
        assert inside(pros) == {"ada", "bob"}
        pros.refresh_from_db()
        assert pros.size == 2

    def test_a_person_who_is_gone_stops_nobody(self):
        pros, ada = segment(refreshed=NOW), contact("ada", plan="pro")
        Recheck.objects.create(segment=pros, contact=ada, created_at=NOW)
        ada.delete()
        contact("bob", plan="pro")
        work()
        assert inside(pros) == {"bob"}


class TestBroken:
    def break_it(self, group: Segment, condition: object) -> None:
        Segment.objects.filter(pk=group.pk).update(condition=condition)

    def test_it_stops_only_itself_and_says_why(self, caplog):
        contact("ada", plan="pro")
        broken, good = segment("broken"), segment("good")
        self.break_it(broken, {"kind": "weather"})
        for _ in range(3):
            segments.work(NOW)
        broken.refresh_from_db()
        assert inside(good) == {"ada"}
        assert "kind: 'weather' is not known" in broken.error
        assert broken.refresh_due_at == NOW + HOUR
        assert "Segment broken could not be refreshed" in caplog.text

    def test_it_keeps_who_was_inside(self):
        contact("ada", plan="pro")
        pros = segment(refreshed=NOW)
        self.break_it(pros, {})
        segments.work(NOW + 2 * HOUR)
        assert inside(pros) == {"ada"}

    def test_it_stops_no_recheck_of_another(self):
        broken, good = segment("broken", refreshed=NOW), segment("good", refreshed=NOW)
        self.break_it(broken, {"kind": "weather"})
        say("ada", plan="pro")
        assert work() >= 1
        assert (inside(good), inside(broken)) == ({"ada"}, set())
        assert not Recheck.objects.exists()

    def test_mended_it_is_due_at_once_and_the_error_goes(self):
        contact("ada", plan="pro")
        pros = segment()
        self.break_it(pros, {"kind": "weather"})
        segments.work(NOW)
        pros.refresh_from_db()
        pros.condition = PRO
        pros.save()
        assert segments.next_due(NOW) == NOW
        segments.work(NOW)
        pros.refresh_from_db()
        assert (inside(pros), pros.error) == ({"ada"}, "")


class TestEditing:
    def test_another_name_does_not_start_it_anew(self):
        pros = segment(refreshed=NOW)
        pros.name = "Professionals"
        pros.save()
        pros.refresh_from_db()
        assert (pros.name, pros.refresh_due_at) == ("Professionals", NOW + HOUR)

    def test_an_edit_leaves_alone_what_a_refresh_wrote_meanwhile(self):
        contact("ada", plan="pro")
        pros = segment()
        stale = Segment.objects.get(pk=pros.pk)
        segments.refresh(pros, NOW)
        stale.name = "Professionals"
        stale.save()
        pros.refresh_from_db()
        assert (pros.size, pros.refreshed_at) == (1, NOW)

    @pytest.mark.parametrize(("changes", "words"), [
        ({"condition": {}}, "this one has nothing"), ({"condition": {"kind": "segment", "segment": "pros"}}, "'pros' would be built on itself"),
        ({"condition": {"kind": "segment", "segment": "other"}}, "'pros' would be built on itself"),
        ({"condition": {"kind": "segment", "segment": "theirs"}}, "The segment 'theirs' belongs to another brand"),
        ({"refresh_every": "soon"}, "'soon' is not a duration"), ({"refresh_every": "30s"}, "Once a minute is the most"),
    ])  # fmt: skip
    def test_what_makes_no_sense_is_told(self, changes, words):
        pros = segment()
        segment("other", {"not": {"kind": "segment", "segment": "pros"}})
        segment("theirs", brand=brand("another"))
        for name, value in changes.items():
            setattr(pros, name, value)
        with pytest.raises(ValidationError, match=words):
            pros.full_clean()


@settings(deadline=None, max_examples=20, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(
            st.integers(0, 3), st.sampled_from(["plan", "order", "save", "time"]), st.sampled_from(["pro", "free"])
        ),
        min_size=1,
        max_size=6,
    )
)
def test_step_by_step_ends_where_a_full_look_would(steps):
    """Whatever happens, in whatever order: the kept members are those who fit, and facts and stays tell the same story."""
    with transaction.atomic():
        now = live(steps)
        groups = list(Segment.objects.all())
        kept = {group.key: inside_ids(group) for group in groups}
        assert {group.key: segments.refresh(group, now) for group in groups} == {
            group.key: Changes() for group in groups
        }
        assert kept == {group.key: inside_ids(group) for group in groups}
        for group in groups:
            told = Event.objects.filter(properties__segment=group.key)
            assert (
                told.filter(name="segment.entered").count() - told.filter(name="segment.left").count()
                == group.size
                == len(kept[group.key])
            )
        transaction.set_rollback(True)


def live(steps):
    """Four people and four segments go through these steps, an hour each; returns when it ends."""
    people, now = [contact(f"u{n}") for n in range(4)], NOW
    rest = {"not": {"any": [PRO, BUYERS]}}
    for key, condition in {
        "pros": PRO,
        "buyers": BUYERS,
        "rest": rest,
        "nested": {"not": {"kind": "segment", "segment": "pros"}},
    }.items():
        segment(key, condition)
    for who, what, plan in steps:
        now += timedelta(days=16) if what == "time" else HOUR
        if what == "order":
            event(people[who], "order.completed", at=now)
        elif what == "plan":
            say(f"u{who}", now, plan=plan)
        elif what == "save":
            Contact.objects.get(pk=people[who].pk).save()
        work(now)
    work(now + HOUR)
    return now + HOUR


def inside_ids(group: Segment) -> set[int]:
    return set(segments.members(group).values_list("pk", flat=True))
