"""What an answer carries, what the account's own hours can and cannot do, and what must hold for every place and hour."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance import windows
from compliance.law import hours, judging, policies
from compliance.law.rules import BanRow
from compliance.places import Clues, Place, locate
from tests.compliance.laws import AS_OF, DAYTIME, RULES, at, place, result, row, rules_of, when

EVENING = windows.daily(time(21), time(22))


class TestDetails:
    def test_they_name_the_version_the_place_and_the_sources(self) -> None:
        answer = when("+1 850", "2026-11-23T13:30Z")
        florida = {
            "jurisdiction": "US-FL",
            "hours": "08:00-20:00",
            "source": "Fla. Stat. 501.616(6)(a): lawserver.com; flsenate.gov 2021 SB 1120 enrolled",
            "confidence": "high",
        }
        rows = answer.details["rows"]
        assert {name: value for name, value in answer.details.items() if name != "rows"} == {
            "rule_set": 1,
            "as_of": "2026-11-20",
            "profile": "standard",
            "zones": ["America/Chicago", "America/New_York"],
            "zone_source": "phone",
            "jurisdictions": ["US", "US-FL"],
        }
        assert [found["jurisdiction"] for found in rows] == ["US", "US-FL"]
        assert rows[1] == florida

    def test_the_reason_names_the_clock_the_law_and_its_source(self) -> None:
        answer = when("Florida", "2026-11-24T01:30Z")
        assert answer.code == "legal_hours"
        assert answer.why.startswith("It is Mon 20:30 in America/New_York; US-FL allows 08:00-20:00 today (Fla. Stat.")

    def test_the_accounts_own_hours_are_told_as_such(self) -> None:
        answer = when("Florida", "2026-11-23T13:30Z", policies=[windows.daily(time(10), time(18))])
        assert (result(answer), answer.code) == ("DEFER 2026-11-23T15:00Z", "quiet_hours")
        assert answer.why == "It is 08:30 in America/New_York; the account's own hours today are 10:00-18:00."

    def test_an_allowed_one_tells_the_local_time(self) -> None:
        assert when("New York", "2026-11-23T13:00Z").why == "08:00 in America/New_York."


class TestPolicies:
    def test_they_only_tighten_c07(self) -> None:
        wide = when("Florida", "2026-11-24T01:30Z", policies=[windows.ALWAYS])
        assert result(wide) == result(when("Florida", "2026-11-24T01:30Z"))

    def test_several_hold_at_once(self) -> None:
        both = [windows.daily(time(6), time(12)), windows.daily(time(11), time(23))]
        assert result(when("New York", "2026-11-23T14:00Z", policies=both)) == "DEFER 2026-11-23T16:00Z"

    def test_they_hold_for_whatever_class_they_are_given_for(self) -> None:
        answer = when("New York", "2026-11-23T08:00Z", message_class="service", policies=[DAYTIME])
        assert result(answer) == "DEFER 2026-11-23T13:00Z"

    def test_one_that_leaves_nothing_blocks_and_is_told_at_save_c06(self) -> None:
        answer = when("+1 850", "2026-11-23T17:00Z", policies=[EVENING])
        assert result(answer) == "BLOCK no_legal_window"
        assert not policies.has_common_window([EVENING], RULES, "sms", "marketing", AS_OF, jurisdictions=["US-FL"])
        found = policies.conflicts([EVENING], RULES, "sms", "marketing", AS_OF)
        assert {"US-FL", "US", "US-NY"} <= set(found)
        assert not {"VN", "FR"} & set(found), "Vietnam and France allow until 22:00"

    def test_policies_that_contradict_one_another_are_told_whatever_the_law(self) -> None:
        both = [windows.daily(time(8), time(9)), windows.daily(time(10), time(11))]
        assert policies.conflicts(both, RULES, "email", "marketing", AS_OF, jurisdictions=["US"]) == [""]
        assert result(when("New York", "2026-11-23T17:00Z", channel="email", policies=both)) == "BLOCK no_common_window"

    def test_reasonable_ones_have_a_common_window_everywhere(self) -> None:
        assert policies.has_common_window([DAYTIME], RULES, "sms", "marketing", AS_OF)
        assert policies.has_common_window([], RULES, "sms", "marketing", AS_OF, profile="all")

    def test_only_a_weekday_in_common_is_enough(self) -> None:
        sundays = windows.weekly([([6], time(9), time(20))])
        assert policies.has_common_window([sundays], RULES, "sms", "marketing", AS_OF, jurisdictions=["US-TX"])
        assert policies.conflicts([sundays], RULES, "sms", "marketing", AS_OF, jurisdictions=["US-TX", "US-AL"]) == [
            "US-AL"
        ]

    def test_what_the_law_takes_is_shown_by_state_and_weekday(self) -> None:
        found = policies.narrowings([windows.daily(time(6), time(23))], RULES, "sms", "marketing", AS_OF)
        texas = {one.weekday: (one.wanted, one.left) for one in found if one.jurisdiction == "US-TX"}
        assert texas[6] == ("06:00-23:00", "12:00-21:00")
        assert texas[0] == ("06:00-23:00", "09:00-21:00")
        tight = policies.narrowings([windows.daily(time(12), time(13))], RULES, "voice", "marketing", AS_OF)
        assert not [one for one in tight if one.jurisdiction == "CA"]


class TestBans:
    def ban(self, **dates: Any) -> BanRow:
        return BanRow(
            jurisdiction="US-LA",
            channels=("sms",),
            category="marketing",
            code="state_emergency",
            source="LPSC",
            **dates,
        )

    def test_the_first_and_the_last_day_count_by_the_persons_calendar(self) -> None:
        today = at("2026-11-23T12:00Z").date()
        rules = rules_of(row("US", "00:00", "00:00"), bans=(self.ban(effective_from=today, effective_to=today),))
        found = [
            result(when("Louisiana", now, rules=rules))
            for now in ("2026-11-23T05:59Z", "2026-11-23T06:00Z", "2026-11-24T05:59Z", "2026-11-24T06:00Z")
        ]
        assert found == ["ALLOW", "BLOCK state_emergency", "BLOCK state_emergency", "ALLOW"]

    def test_a_ban_outweighs_closed_hours(self) -> None:
        rules = rules_of(row("US", "08:00", "21:00"), bans=(self.ban(),))
        assert result(when("Louisiana", "2026-11-23T08:00Z", rules=rules)) == "BLOCK state_emergency"
        assert result(when("Louisiana", "2026-11-23T15:00Z", channel="email", rules=rules)) == "ALLOW"


def test_a_country_without_rules_is_free() -> None:
    assert result(when(locate(Clues(country="JP")), "2026-11-23T18:00Z")) == "ALLOW"


def test_nothing_opens_later_than_fourteen_days_ahead() -> None:
    far = rules_of(row("US", None, None), row("US", "08:00", "21:00", kind="operator"))
    answer = when("New York", "2026-11-23T18:00Z", rules=far)
    assert result(answer) == "BLOCK no_legal_window"


def test_times_that_opened_before_are_not_kept_when_the_rules_change() -> None:
    """Two versions that are judged one after the other do not share an answer."""
    early, late = rules_of(row("US", "08:00", "21:00")), rules_of(row("US", "10:00", "21:00"))
    found = [result(when("New York", "2026-11-23T13:00Z", rules=rules)) for rules in (early, late, early)]
    assert found == ["ALLOW", "DEFER 2026-11-23T15:00Z", "ALLOW"]


ZONES = ("America/New_York", "America/Chicago", "Asia/Kolkata", "Europe/Paris", "Africa/Cairo", "Pacific/Honolulu",
         "Australia/Lord_Howe", "America/St_Johns", "UTC")  # fmt: skip
LAWS = ("US", "US-FL", "US-TX", "US-RI", "US-KY", "US-PA", "US-LA", "FR", "TW", "KR", "ZA", "CO", "IN", "JP")
PLACES = st.builds(
    lambda zones, laws: Place(tuple(zones), "test", tuple(laws), tuple({law[:2]: 0 for law in laws}), tuple(laws)),
    st.lists(st.sampled_from(ZONES), min_size=1, max_size=3, unique=True),
    st.lists(st.sampled_from(LAWS), min_size=1, max_size=3, unique=True),
)
INSTANTS = st.datetimes(datetime(2026, 6, 1), datetime(2027, 12, 31)).map(
    lambda d: d.replace(microsecond=0, tzinfo=UTC)
)
PROFILES = st.sampled_from(["standard", "strict", "all"])
CHANNELS = st.sampled_from(["sms", "voice", "email", "push"])


def leaves_at(where: Place, channel: str, now: datetime, profile: str) -> datetime | None:
    answer = when(where, now, channel=channel, profile=profile)
    return now if answer.outcome == "allow" else answer.until


@settings(max_examples=300, deadline=None)
@given(PLACES, CHANNELS, INSTANTS, PROFILES)
def test_what_leaves_is_inside_every_pairs_window(where: Place, channel: str, now: datetime, profile: str) -> None:
    """Checked from the rows themselves: each jurisdiction by each zone's clock, without the engine's caches."""
    leaves = leaves_at(where, channel, now, profile)
    if leaves is None:
        return
    assert now <= leaves <= now + timedelta(days=14)
    for zone in map(ZoneInfo, where.zones):
        local = leaves.astimezone(zone)
        second = local.hour * 3600 + local.minute * 60 + local.second
        for name in where.jurisdictions:
            law = hours.legal_hours(RULES, name, channel, "marketing", profile=profile, regions=where.regions)
            spans = law.on(local.date()) if law else ((0, 86_400),)
            assert any(start <= second < end for start, end in spans), (name, zone, local)
    if leaves > now:
        assert result(when(where, leaves, channel=channel, profile=profile)) == "ALLOW"


@settings(max_examples=200, deadline=None)
@given(PLACES, CHANNELS, INSTANTS, PROFILES, st.sampled_from(ZONES), st.sampled_from(LAWS))
def test_another_zone_or_law_never_lets_it_leave_earlier(
    where: Place, channel: str, now: datetime, profile: str, zone: str, law: str
) -> None:
    wider = Place(
        tuple(dict.fromkeys([*where.zones, zone])),
        "test",
        tuple(dict.fromkeys([*where.jurisdictions, law])),
        where.countries,
        tuple(dict.fromkeys([*where.regions, law])),
    )
    before, after = leaves_at(where, channel, now, profile), leaves_at(wider, channel, now, profile)
    assert after is None or (before is not None and before <= after)


@settings(max_examples=150, deadline=None)
@given(PLACES, INSTANTS, st.integers(0, 23), st.integers(1, 12), st.sampled_from(["standard", "strict", "all"]))
def test_a_policy_or_a_guard_never_lets_it_leave_earlier(
    where: Place, now: datetime, start: int, length: int, profile: str
) -> None:
    policy = windows.daily(time(start), time((start + length) % 24))
    free = when(where, now, profile=profile)
    for given_ in ({"policies": [policy]}, {"guard": timedelta(minutes=10)}):
        bound = when(where, now, profile=profile, **given_)
        assert free.outcome == "allow" or bound.outcome != "allow"
        assert not (free.until and bound.until) or free.until <= bound.until


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(ZONES), st.integers(0, 1400), st.integers(1, 600), INSTANTS)
def test_edges_are_half_open(zone: str, start: int, length: int, now: datetime) -> None:
    opens, closes = start, min(start + length, 1439)
    if opens >= closes:
        return
    clock = [f"{minute // 60:02}:{minute % 60:02}" for minute in (opens, closes)]
    rules, where = rules_of(row("US", clock[0], clock[1])), Place((zone,), "test", ("US",), ("US",))
    law = hours.legal_hours(rules, "US", "sms", "marketing")
    assert law is not None
    for first, last in windows.intervals(ZoneInfo(zone), law, now.astimezone(ZoneInfo(zone)).date()):
        assert when(where, first, rules=rules).outcome == "allow"
        assert when(where, last - timedelta(seconds=1), rules=rules).outcome == "allow"
        assert when(where, last, rules=rules).outcome == "wait"
        assert when(where, first - timedelta(seconds=1), rules=rules).until == first


@pytest.mark.parametrize("message_class", ["transactional", "otp", "service"])
@pytest.mark.parametrize("where", ["New York", "Rhode Island", "Colombia", "nowhere"])
def test_hours_are_for_marketing(where: str, message_class: str) -> None:
    assert result(when(where, "2026-11-22T08:00Z", message_class=message_class)) == "ALLOW"


def test_a_thousand_people_in_few_places_cost_little() -> None:
    """By work, not by time: of a thousand judgements at one instant, one a place is computed."""
    where = [place(name) for name in ("New York", "Florida", "Texas", "+1 850")]
    judging._answer.cache_clear()
    for count in range(1000):
        when(where[count % 4], "2026-11-23T17:00Z", policies=[DAYTIME])
    assert judging._answer.cache_info().misses == 4
