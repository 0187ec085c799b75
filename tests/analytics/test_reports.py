"""Figures: what the sums say about periods, days, journeys and steps."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from analytics import charts, reports, tallies
from analytics.models import Tally
from journeys.models import Version
from tests.builders import NOW
from tests.journeys import driving

pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def version() -> Version:
    return driving.live(driving.step("wait", "pause", for_="1d"), driving.step("exit", "out", title="Way out"))


def count(version: Version, at: datetime = NOW, step: str = "", value: str = "", **outcomes: int) -> None:
    """`blocked__no_consent=2` stands for the outcome `blocked:no_consent`."""
    counts = {(version.pk, step, word.replace("__", ":")): n for word, n in outcomes.items()}
    values = {(version.pk, step, "converted"): Decimal(value)} if value else {}
    tallies.add(counts, at, values)


class TestPeriod:
    def test_it_sums_messages_of_all_steps_and_conversions(self, version) -> None:
        count(version, step="one", sent=3, delivered=2, blocked__no_consent=1)
        count(version, step="two", sent=4, blocked__no_consent=2, blocked__quiet_hours=5)
        count(version, converted=2, value="30.50")
        found = reports.period(NOW - DAY, NOW + DAY)
        assert (found.of("sent"), found.of("delivered"), found.of("blocked"), found.of("opened")) == (7, 2, 8, 0)
        assert found.reasons == {"quiet_hours": 5, "no_consent": 3}
        assert list(found.reasons) == ["quiet_hours", "no_consent"]
        assert (found.of("converted"), found.revenue) == (2, Decimal("30.50"))

    def test_people_who_enter_and_leave_are_no_messages(self, version) -> None:
        count(version, entered=5, failed=1)
        count(version, step="one", entered=5, exit__sent=4, failed=2)
        found = reports.period(NOW - DAY, NOW + DAY)
        assert found.of("entered") == 0
        assert found.of("failed") == 2

    def test_it_is_half_open(self, version) -> None:
        start = NOW.replace(minute=0, second=0, microsecond=0)
        count(version, start, step="one", sent=1)
        assert reports.period(start, start + HOUR).of("sent") == 1
        assert reports.period(start - HOUR, start).of("sent") == 0
        assert reports.period(start + HOUR, start + DAY).of("sent") == 0

    def test_without_anything_all_is_zero(self) -> None:
        found = reports.period(NOW - DAY, NOW)
        assert (found.of("sent"), found.of("blocked"), found.revenue, found.reasons) == (0, 0, Decimal(0), {})


class TestDays:
    def test_there_is_no_gap_and_the_oldest_comes_first(self, version) -> None:
        count(version, NOW - 2 * DAY, step="one", sent=2)
        count(version, NOW, step="one", sent=1, blocked__cap=4)
        found = reports.daily(NOW, 4)
        assert [day.day for day in found] == [(NOW - n * DAY).date() for n in (3, 2, 1, 0)]
        assert [day.of("sent") for day in found] == [0, 2, 0, 1]
        assert found[-1].of("blocked") == 4

    def test_the_first_day_is_whole_and_what_comes_later_is_left_out(self, version) -> None:
        count(version, datetime(2026, 11, 22, 0, 30, tzinfo=UTC), step="one", sent=1)
        count(version, datetime(2026, 11, 21, 23, 30, tzinfo=UTC), step="one", sent=10)
        count(version, NOW + DAY, step="one", sent=100)
        assert sum(day.of("sent") for day in reports.daily(NOW, 3)) == 1

    def test_it_costs_one_query(self, version, django_assert_num_queries) -> None:
        for n in range(5):
            count(version, NOW - n * DAY, step="one", sent=1)
        with django_assert_num_queries(1):
            reports.daily(NOW, 30)


class TestFunnel:
    def test_steps_come_in_order_with_their_figures(self, version) -> None:
        count(version, entered=10, finished=3, left=2, failed=1, converted=4, value="99.90")
        count(version, step="pause", entered=10, exit__next=6, sent=5, blocked__cap=1)
        count(version, step="out", entered=6)
        found = reports.funnel(version)
        assert (found.entered, found.inside, found.converted, found.revenue) == (10, 4, 4, Decimal("99.90"))
        assert found.conversion_rate == pytest.approx(0.4)
        assert [(step.key, step.title, step.kind) for step in found.steps] == [
            ("pause", "pause", "wait"),
            ("out", "Way out", "exit"),
        ]
        pause, out = found.steps
        assert (pause.entered, pause.sent, pause.blocked, pause.left) == (10, 5, 1, 6)
        assert (out.entered, out.sent, out.left) == (6, 0, 0)

    def test_one_who_was_set_aside_and_goes_on_is_inside_again(self, version) -> None:
        count(version, entered=1, failed=1)
        count(version, failed=-1)
        assert reports.funnel(version).inside == 1

    def test_an_empty_one_has_no_rate(self, version) -> None:
        found = reports.funnel(version)
        assert (found.entered, found.conversion_rate, found.revenue) == (0, 0.0, Decimal(0))

    def test_other_versions_do_not_count(self, version) -> None:
        other = driving.live(driving.step("exit"), key="other")
        count(other, entered=7)
        assert reports.funnel(version).entered == 0
        assert [one.entered for one in reports.funnels([version, other])] == [0, 7]

    def test_many_versions_cost_two_queries(self, version, django_assert_num_queries) -> None:
        versions = [version, *(driving.live(driving.step("exit"), key=f"j{n}") for n in range(4))]
        for one in versions:
            count(one, entered=1)
        with django_assert_num_queries(2):
            assert [found.entered for found in reports.funnels(versions)] == [1] * 5

    def test_its_bars_are_shares_of_those_who_entered(self, version) -> None:
        count(version, entered=8, converted=2, value="10")
        count(version, step="pause", entered=12, sent=5, blocked__cap=1)
        found = charts.bars(reports.funnel(version))
        assert [(bar.label, bar.count, bar.share) for bar in found] == [
            ("Entered", 8, 100.0),
            ("pause", 12, 150.0),
            ("Way out", 0, 0.0),
            ("Converted", 2, 25.0),
        ]
        assert (found[1].note, found[1].width) == ("5 sent · 1 blocked", "100.00")
        assert found[3].note == "10.00 in revenue"

    def test_bars_of_nothing_are_nothing(self, version) -> None:
        assert {bar.share for bar in charts.bars(reports.funnel(version))} == {0.0}


class TestJourneys:
    def test_all_versions_of_a_journey_are_added_up(self, version, django_assert_num_queries) -> None:
        second = driving.live(driving.step("exit"))
        count(version, entered=5, finished=2, converted=1, value="3")
        count(version, step="pause", entered=5, sent=4)
        count(second, entered=3, left=1, converted=1, value="4")
        other = driving.live(driving.step("exit"), key="other")
        found = [version.journey, other.journey]
        with django_assert_num_queries(1):
            mine, theirs = reports.journeys(found)
        assert (mine.entered, mine.inside, mine.sent, mine.converted, mine.revenue) == (8, 5, 4, 2, Decimal(7))
        assert (theirs.entered, theirs.inside, theirs.sent) == (0, 0, 0)


class TestMerging:
    def test_increments_of_hours_that_are_over_become_one_row_and_say_the_same(self, version) -> None:
        for _ in range(3):
            count(version, NOW - 5 * HOUR, step="one", sent=2)
            count(version, NOW, step="one", sent=1)
        count(version, NOW - 5 * HOUR, converted=1, value="2.50")
        count(version, NOW - 5 * HOUR, converted=1, value="2.50")
        before = reports.period(NOW - DAY, NOW + DAY)
        assert tallies.merge(NOW) == 2
        assert reports.period(NOW - DAY, NOW + DAY) == before
        assert Tally.objects.filter(outcome="sent", hour__lt=NOW - HOUR).count() == 1
        assert Tally.objects.filter(outcome="sent", hour__gte=NOW - HOUR).count() == 3
        assert tallies.merge(NOW) == 0
