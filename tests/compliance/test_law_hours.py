"""From rows to windows: profiles, kinds, dates, holidays, consents that lift a row, guard minutes."""

from datetime import date, time, timedelta
from typing import Any

import pytest

from compliance import windows
from compliance.law import hours, public_holidays
from compliance.law.hours import Common, Guarded, LegalHours
from compliance.law.rules import lifts
from compliance.places import Clues, locate
from tests.compliance.laws import AS_OF, RULES, at, minutes, place, result, row, rules_of, when

SUNDAY, MONDAY, SATURDAY = date(2026, 11, 22), date(2026, 11, 23), date(2026, 11, 28)
WEEKDAYS = (0, 1, 2, 3, 4)


def text(rules: Any, jurisdiction: str, day: date, channel: str = "sms", **policy: Any) -> str:
    found = hours.legal_hours(rules, jurisdiction, channel, "marketing", **policy)
    return hours.text(found.on(day)) if found else "no law"


class TestProfiles:
    @pytest.mark.parametrize(
        ("jurisdiction", "standard", "strict", "everything"),
        [
            ("FR", "08:00-22:00", "10:00-20:00", "10:00-20:00"),
            ("US-IN", "no law", "09:00-20:00", "09:00-20:00"),
            ("GB", "no law", "no law", "08:00-21:00"),
            ("US-FL", "08:00-20:00", "08:00-20:00", "08:00-20:00"),
            ("IN", "09:00-21:00", "09:00-21:00", "09:00-21:00"),
            ("TW", "09:00-12:30 and 13:30-21:00", "09:00-12:30 and 13:30-21:00", "09:00-12:30 and 13:30-21:00"),
        ],
    )
    def test_each_adds_kinds_of_rows(self, jurisdiction: str, standard: str, strict: str, everything: str) -> None:
        found = [text(RULES, jurisdiction, MONDAY, profile=profile) for profile in ("standard", "strict", "all")]
        assert found == [standard, strict, everything]

    def test_an_unknown_one_is_refused(self) -> None:
        with pytest.raises(KeyError):
            when("New York", "2026-11-23T13:00Z", profile="lenient")

    def test_france_at_half_past_nine_in_the_evening_a22_a23(self) -> None:
        assert result(when("France", "2026-11-23T20:30Z")) == "ALLOW"
        assert result(when("France", "2026-11-23T20:30Z", profile="strict")) == "DEFER 2026-11-24T09:00Z"

    def test_mississippi_reads_central_standard_time_in_summer_too_when_strict(self) -> None:
        """In July its clocks show UTC-5: 8:30 there is 7:30 by UTC-6; 19:30 there is 18:30."""
        where = locate(Clues(country="US", region="MS"))
        assert result(when(where, "2026-07-20T13:30Z")) == "ALLOW"
        strict = when(where, "2026-07-20T13:30Z", profile="strict")
        assert result(strict) == "DEFER 2026-07-20T14:00Z"
        assert "Central Standard Time" in strict.why
        assert result(when(where, "2026-07-20T14:00Z", profile="strict")) == "ALLOW"
        assert result(when(where, "2026-07-21T01:00Z", profile="strict")) == "DEFER 2026-07-21T14:00Z"

    def test_strictest_adds_all_states_only_where_the_state_is_unknown(self) -> None:
        """At 9 in Dallas Kentucky is closed; but who lives in Texas does not live in Kentucky."""
        assert result(when("Texas", "2026-11-23T15:00Z", profile="strictest")) == "ALLOW"
        answer = when("US", "2026-11-23T16:00Z", profile="strictest")
        assert {"US-KY", "US-RI", "US-PA"} <= set(answer.details["jurisdictions"])
        assert "CA" not in answer.details["jurisdictions"]


class TestRows:
    def test_rows_of_one_kind_are_united_and_kinds_bind_side_by_side(self) -> None:
        rules = rules_of(
            row("FR", "08:00", "12:00"), row("FR", "14:00", "20:00"), row("FR", "10:00", "19:00", kind="operator")
        )
        assert text(rules, "FR", MONDAY) == "10:00-12:00 and 14:00-19:00"

    def test_a_weekday_without_hours_is_closed(self) -> None:
        assert text(rules_of(row("FR", "08:00", "20:00", WEEKDAYS)), "FR", SATURDAY) == "nothing"

    def test_a_kind_that_only_closes_days_leaves_the_others_open(self) -> None:
        rules = rules_of(row("FR", None, None, (6,)))
        assert [text(rules, "FR", day) for day in (MONDAY, SUNDAY)] == ["00:00-24:00", "nothing"]

    def test_midnight_ends_a_day(self) -> None:
        assert text(rules_of(row("FR", "08:00", "00:00")), "FR", MONDAY) == "08:00-24:00"

    def test_dates_are_local_and_both_ends_count(self) -> None:
        rules = rules_of(
            row("US-PA", "08:00", "21:00", effective_to=MONDAY - timedelta(days=1)),
            row("US-PA", "09:00", "19:00", effective_from=MONDAY, effective_to=SATURDAY),
        )
        days = (SUNDAY, MONDAY, SATURDAY, SATURDAY + timedelta(days=1))
        assert [text(rules, "US-PA", day) for day in days] == [
            "08:00-21:00",
            "09:00-19:00",
            "09:00-19:00",
            "00:00-24:00",
        ]

    def test_oregon_had_the_federal_hours_before_2026(self) -> None:
        """20:30 in Portland."""
        where = locate(Clues(country="US", region="OR", timezone="America/Los_Angeles"))
        assert result(when(where, "2025-11-25T04:30Z")) == "ALLOW"
        assert result(when(where, "2026-11-24T04:30Z")) == "DEFER 2026-11-24T16:00Z"

    def test_only_the_channels_and_classes_of_a_row_are_concerned(self) -> None:
        found = [text(RULES, "VN", MONDAY, channel) for channel in ("sms", "voice", "email", "mms", "rcs")]
        assert found == ["07:00-22:00", "08:00-17:00", "no law", "07:00-22:00", "07:00-22:00"]
        assert hours.legal_hours(RULES, "VN", "sms", "service") is None

    @pytest.mark.parametrize(
        ("named", "concerned"),
        [
            (("sms",), "sms mms rcs"),
            (("mms",), "mms"),
            (("rcs",), "rcs"),
            (("mms", "rcs"), "mms rcs"),
            (("voice",), ""),
        ],
    )
    def test_a_row_for_sms_is_for_every_text_and_one_for_a_kind_of_text_for_that_alone(
        self, named: tuple[str, ...], concerned: str
    ) -> None:
        rules = rules_of(row("FR", "08:00", "20:00", channels=named))
        found = [
            channel for channel in ("sms", "mms", "rcs", "email") if text(rules, "FR", MONDAY, channel) != "no law"
        ]
        assert found == concerned.split()

    def test_all_names_every_channel(self) -> None:
        rules = rules_of(row("FR", "08:00", "20:00", channels=("all",)))
        assert text(rules, "FR", MONDAY, "push") == "08:00-20:00"

    def test_the_same_rows_make_the_same_object_so_that_caches_hold(self) -> None:
        first, second = (hours.legal_hours(RULES, "US-FL", "sms", "marketing") for _ in range(2))
        assert isinstance(first, LegalHours)
        assert first is second


class TestLifts:
    @pytest.mark.parametrize(
        ("word", "given", "expected"),
        [
            ("no", {"honour": True, "express": True, "written": True, "night": True}, False),
            ("disputed", {"honour": True, "express": True, "written": True, "night": True}, False),
            ("yes", {"honour": True, "express": True}, True),
            ("yes", {"honour": True, "written": True}, True),
            ("yes", {"express": True, "written": True}, False),
            ("yes", {"honour": True}, False),
            ("written", {"honour": True, "written": True}, True),
            ("written", {"honour": True, "express": True}, False),
            ("separate-night-consent", {"night": True}, True),
            ("separate-night-consent", {"honour": True, "express": True, "written": True}, False),
        ],
    )
    def test_a_row_is_lifted_by_the_consent_that_it_names(
        self, word: str, given: dict[str, bool], expected: bool
    ) -> None:
        rules = rules_of(row("FR", "08:00", "09:00", lifted_by_consent=word))
        assert text(rules, "FR", MONDAY, lifts=lifts(**given)) == ("no law" if expected else "08:00-09:00")

    def test_what_is_lifted_leaves_its_weekdays_open_and_the_others_as_they_are(self) -> None:
        rules = rules_of(row("FR", "08:00", "09:00", WEEKDAYS, lifted_by_consent="yes"), row("FR", None, None, (5, 6)))
        lifted = lifts(honour=True, express=True)
        assert [text(rules, "FR", day, lifts=lifted) for day in (MONDAY, SUNDAY)] == ["00:00-24:00", "nothing"]

    def test_utahs_federal_hours_stay(self) -> None:
        """21:30 on a Sunday in Utah: lifted is Utah's law, not the federal one."""
        honoured = lifts(honour=True, express=True, written=True)
        assert result(when("Utah", "2026-11-23T04:30Z", lifts=honoured)) == "DEFER 2026-11-23T15:00Z"

    def test_a_lifted_holiday(self) -> None:
        assert result(when("Utah", "2026-07-24T18:00Z", lifts=lifts(honour=True, written=True))) == "ALLOW"


class TestHolidays:
    @pytest.mark.parametrize(
        ("jurisdiction", "regions", "day", "name"),
        [
            ("US-RI", (), date(2026, 8, 10), "Victory Day"),
            ("US-UT", (), date(2026, 7, 24), "Pioneer Day"),
            ("US-LA", (), date(2027, 2, 9), "Mardi Gras"),
            ("US-RI", (), date(2026, 7, 3), "Independence Day (observed)"),
            ("US-RI", (), date(2027, 12, 31), "New Year's Day (observed)"),
            ("US-LA", (), date(2026, 10, 12), "Columbus Day"),
            ("US-UT", (), date(2026, 8, 10), ""),
            ("FR", (), date(2026, 12, 26), ""),
            ("FR", ("FR-57",), date(2026, 12, 26), "Saint Stephen's Day"),
            ("FR", ("FR-68",), date(2027, 3, 26), "Good Friday"),
            ("FR", ("FR-75",), date(2026, 12, 26), ""),
            ("FR", ("RE", "FR"), date(2026, 12, 20), "Abolition of Slavery"),
            ("FR", ("US-WA",), date(2026, 12, 26), ""),
            ("CO", (), date(2026, 11, 16), "Independence of Cartagena"),
            ("ZA", (), date(2027, 3, 22), "Human Rights Day (observed)"),
        ],
    )
    def test_days_of_rest(self, jurisdiction: str, regions: tuple[str, ...], day: date, name: str) -> None:
        found = public_holidays.name(jurisdiction, public_holidays.subdivisions(jurisdiction, regions), day)
        assert found == name if not name else name in found

    def test_a_holiday_is_named_in_the_reason(self) -> None:
        answer = when("Rhode Island", "2026-08-10T15:00Z")
        assert answer.why == (
            "It is Mon 11:00 in America/New_York; US-RI allows nothing on Victory Day (R.I. Gen. Laws 5-61-2(2), 5-61-3.6(a))."
        )

    def test_reunion_rests_on_the_day_of_the_abolition(self) -> None:
        """20 December 2027 is a Monday; in Paris it is a working day."""
        assert result(when("Reunion", "2027-12-20T06:00Z")) == "DEFER 2027-12-21T04:00Z"
        assert result(when("France", "2027-12-20T08:00Z")) == "ALLOW"

    def test_holidays_count_by_the_persons_own_calendar(self) -> None:
        """It is still Victory Day in Providence when it is 11 August in London."""
        assert result(when("Rhode Island", "2026-08-11T03:00Z")) == "DEFER 2026-08-11T13:00Z"


class TestGuard:
    def test_windows_close_early(self) -> None:
        assert result(when("New York", "2026-11-24T01:54:59Z", guard=minutes(5))) == "ALLOW"
        late = when("New York", "2026-11-24T01:55Z", guard=minutes(5))
        assert (result(late), late.code) == ("DEFER 2026-11-24T13:00Z", "guard")
        assert result(when("New York", "2026-11-24T01:55Z")) == "ALLOW"

    def test_not_at_a_midnight_that_nothing_closes_at(self) -> None:
        night = windows.daily(time(18), time(2))
        assert Guarded(night, 300).on(MONDAY) == ((0, 2 * 3600 - 300), (18 * 3600, 86_400))
        assert Guarded(windows.ALWAYS, 300).on(MONDAY) == ((0, 86_400),)

    def test_a_window_shorter_than_the_guard_is_none(self) -> None:
        assert Guarded(windows.daily(time(8), time(8, 5)), 300).on(MONDAY) == ()
        assert Guarded(windows.weekly([([0], time(23), time(0, 2))]), 300).on(MONDAY) == ((23 * 3600, 86_400 - 180),)


def test_windows_in_common() -> None:
    both = Common((windows.daily(time(6), time(12)), windows.daily(time(10), time(23))))
    assert both.on(AS_OF) == ((10 * 3600, 12 * 3600),)
    assert Common(()).on(AS_OF) == ((0, 86_400),)
    assert hours.text(()) == "nothing"


def test_the_day_of_a_closing_sunday_is_the_persons() -> None:
    """Sunday in Auckland is Saturday in Los Angeles."""
    rules = rules_of(row("US", None, None, (6,)), row("NZ", None, None, (6,)))
    now = at("2026-11-21T20:00Z")
    assert result(when(locate(Clues(country="NZ")), now, rules=rules)) == "DEFER 2026-11-22T11:00Z"
    assert result(when(place("Texas"), now, rules=rules)) == "ALLOW"
