"""Wall-clock windows: half-open, over midnight, through both clock changes, over several places."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance import windows

NEW_YORK = ZoneInfo("America/New_York")
DAYTIME = windows.daily(time(8), time(21))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def opening(zone: str, start: str, end: str, now: str) -> datetime | None:
    allowed = windows.daily(time.fromisoformat(start), time.fromisoformat(end))
    return windows.next_open([(ZoneInfo(zone), allowed)], at(now))


@pytest.mark.parametrize(
    ("case", "zone", "start", "end", "now", "expected"),
    [
        ("A01", "America/New_York", "08:00", "21:00", "2026-11-23T13:00:00Z", None),
        ("A02", "America/New_York", "08:00", "21:00", "2026-11-23T12:59:59Z", "2026-11-23T13:00:00Z"),
        ("A04", "America/New_York", "08:00", "21:00", "2026-11-24T02:00:00Z", "2026-11-24T13:00:00Z"),
        ("A05", "America/New_York", "08:00", "20:00", "2026-11-24T01:30:00Z", "2026-11-24T13:00:00Z"),
        ("B01", "America/New_York", "08:00", "21:00", "2027-03-14T02:30:00Z", "2027-03-14T12:00:00Z"),
        ("B02", "America/New_York", "08:00", "21:00", "2027-03-14T11:59:00Z", "2027-03-14T12:00:00Z"),
        ("B03", "America/New_York", "08:00", "21:00", "2026-11-01T01:30:00Z", "2026-11-01T13:00:00Z"),
        ("B05", "America/New_York", "02:30", "05:00", "2027-03-14T06:59:00Z", "2027-03-14T07:00:00Z"),
        ("B06", "America/New_York", "18:00", "01:30", "2026-11-01T06:10:00Z", "2026-11-01T23:00:00Z"),
        ("B06 before", "America/New_York", "18:00", "01:30", "2026-11-01T05:29:59Z", None),
        ("B07", "Asia/Kolkata", "09:00", "21:00", "2026-11-23T03:29:59Z", "2026-11-23T03:30:00Z"),
        ("B07", "Asia/Kolkata", "09:00", "21:00", "2026-11-23T03:30:00Z", None),
        ("B10", "Australia/Adelaide", "08:00", "21:00", "2026-11-23T10:30:00Z", "2026-11-23T21:30:00Z"),
        ("B11", "America/Vancouver", "08:00", "21:00", "2026-11-23T15:00:00Z", None),
        ("B13", "America/Edmonton", "08:00", "21:00", "2027-01-12T03:30:00Z", "2027-01-12T14:00:00Z"),
        ("C02", "America/New_York", "08:00", "21:00", "2026-11-23T12:59:00Z", "2026-11-23T13:00:00Z"),
        ("C04", "America/New_York", "18:00", "02:00", "2026-11-24T04:00:00Z", None),
        ("C04", "America/New_York", "18:00", "02:00", "2026-11-24T07:30:00Z", "2026-11-24T23:00:00Z"),
    ],
)
def test_the_cases_of_one_zone(case: str, zone: str, start: str, end: str, now: str, expected: str | None) -> None:
    assert opening(zone, start, end, now) == at(expected or now), case


def test_several_zones_must_all_be_open_b09_d01() -> None:
    """B09: St. John's and Halifax; D01: Chicago and New York from 8 to 20."""
    maritime = [(ZoneInfo("America/St_Johns"), DAYTIME), (ZoneInfo("America/Halifax"), DAYTIME)]
    assert windows.next_open(maritime, at("2026-11-23T11:45:00Z")) == at("2026-11-23T12:00:00Z")
    florida = windows.daily(time(8), time(20))
    panhandle = [(ZoneInfo("America/Chicago"), florida), (NEW_YORK, florida)]
    assert windows.next_open(panhandle, at("2026-11-23T13:30:00Z")) == at("2026-11-23T14:00:00Z")
    assert windows.next_open(panhandle, at("2026-11-24T01:30:00Z")) == at("2026-11-24T14:00:00Z")


def test_the_part_after_midnight_belongs_to_the_next_day_c03() -> None:
    """C03: policy 18-02 every day; the law allows 8-20 and closes Sundays."""
    chicago = ZoneInfo("America/Chicago")
    law = windows.weekly([(range(6), time(8), time(20))])
    both = [(chicago, windows.daily(time(18), time(2))), (chicago, law)]
    monday = datetime(2026, 11, 23, 18, tzinfo=chicago)
    assert windows.next_open(both, datetime(2026, 11, 21, 23, 30, tzinfo=chicago)) == monday
    assert windows.next_open(both, datetime(2026, 11, 22, 0, 30, tzinfo=chicago)) == monday


def test_windows_that_never_meet_have_no_opening_c06() -> None:
    never = [(NEW_YORK, windows.daily(time(21), time(22))), (NEW_YORK, windows.daily(time(8), time(20)))]
    assert windows.next_open(never, at("2026-11-23T12:00:00Z")) is None
    assert windows.next_open([(NEW_YORK, windows.NEVER)], at("2026-11-23T12:00:00Z")) is None


def test_two_windows_a_day_leave_a_gap_at_noon_a25() -> None:
    taipei = ZoneInfo("Asia/Taipei")
    lunch = windows.weekly([(range(7), time(9), time(12, 30)), (range(7), time(13, 30), time(21))])
    assert windows.next_open([(taipei, lunch)], at("2026-11-23T04:45:00Z")) == at("2026-11-23T05:30:00Z")


def test_a_start_in_the_repeated_hour_opens_twice_but_never_before_its_time() -> None:
    """Clocks go back at 02:00 EDT: from the first 01:30 to the change, closed until it is 01:30 again, then open."""
    allowed = windows.daily(time(1, 30), time(5))
    assert windows.intervals(NEW_YORK, allowed, date(2026, 11, 1)) == (
        (at("2026-11-01T05:30:00Z"), at("2026-11-01T06:00:00Z")),
        (at("2026-11-01T06:30:00Z"), at("2026-11-01T10:00:00Z")),
    )


def test_an_hour_repeated_before_midnight() -> None:
    """Cairo puts its clocks back from 24:00 to 23:00: what closed at the first 23:30 stays closed."""
    cairo = ZoneInfo("Africa/Cairo")
    evening = windows.daily(time(18), time(23, 30))
    closed = datetime(2026, 10, 29, 20, 30, tzinfo=UTC)
    assert windows.is_open([(cairo, evening)], closed - timedelta(seconds=1))
    assert not windows.is_open([(cairo, evening)], closed + timedelta(minutes=35))
    assert windows.next_open([(cairo, evening)], closed) == datetime(2026, 10, 30, 16, tzinfo=UTC)


def test_a_day_that_does_not_exist_is_skipped() -> None:
    """Samoa left out 30 December 2011."""
    apia = ZoneInfo("Pacific/Apia")
    assert windows.intervals(apia, DAYTIME, date(2011, 12, 30)) == ()
    late = datetime(2011, 12, 29, 22, tzinfo=apia)
    assert windows.next_open([(apia, DAYTIME)], late) == datetime(2011, 12, 31, 8, tzinfo=apia)


def test_an_ambiguous_window_is_refused() -> None:
    with pytest.raises(ValueError, match="all day or never"):
        windows.daily(time(8), time(8))


ZONES = st.sampled_from(
    ["America/New_York", "Africa/Cairo", "America/Havana", "Asia/Kolkata", "Australia/Lord_Howe", "Europe/Lisbon",
     "America/St_Johns", "Pacific/Chatham", "Asia/Beirut", "Atlantic/Azores", "Africa/Casablanca", "America/Nuuk", "UTC"]
).map(ZoneInfo)  # fmt: skip
QUARTERS = st.integers(0, 95).map(lambda quarter: time(quarter // 4, quarter % 4 * 15))
PAIRS = st.tuples(QUARTERS, QUARTERS).filter(lambda pair: pair[0] != pair[1])
WEEKLY = st.lists(
    st.tuples(st.sets(st.integers(0, 6), min_size=1).map(tuple), PAIRS).map(lambda pair: (pair[0], *pair[1])),
    max_size=3,
).map(windows.weekly)
CLOCKS = st.lists(st.tuples(ZONES, WEEKLY), min_size=1, max_size=3)
INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(lambda naive: naive.replace(tzinfo=UTC))
NEAR_A_CHANGE = st.sampled_from(
    ["2026-11-01T04:00Z", "2027-03-14T06:00Z", "2026-10-29T20:00Z", "2026-10-25T00:00Z", "2027-03-28T00:00Z",
     "2026-04-04T14:00Z", "2026-10-03T15:00Z", "2026-11-01T03:00Z", "2026-10-24T21:00Z"]
).flatmap(lambda text: st.integers(0, 6 * 3600).map(lambda seconds: at(text) + timedelta(seconds=seconds)))  # fmt: skip
MOMENTS = INSTANTS | NEAR_A_CHANGE


def reads_inside(zone: ZoneInfo, allowed: windows.Weekly, instant: datetime) -> bool:
    """The naive reading of the wall clock, as an independent oracle."""
    local = instant.astimezone(zone)
    seconds = local.hour * 3600 + local.minute * 60 + local.second + local.microsecond / 1e6
    return any(start <= seconds < end for start, end in allowed.on(local.date()))


@given(CLOCKS, MOMENTS)
@settings(max_examples=400, deadline=None)
def test_nothing_is_open_while_a_wall_clock_reads_a_closed_time(clocks: list, instant: datetime) -> None:
    if windows.is_open(clocks, instant):
        assert all(reads_inside(zone, allowed, instant) for zone, allowed in clocks)


@given(ZONES, WEEKLY, INSTANTS)
@settings(max_examples=300, deadline=None)
def test_away_from_repeated_hours_the_wall_clock_decides(
    zone: ZoneInfo, allowed: windows.Weekly, instant: datetime
) -> None:
    local = instant.astimezone(zone)
    if local.replace(fold=0).utcoffset() == local.replace(fold=1).utcoffset():
        assert windows.is_open([(zone, allowed)], instant) == reads_inside(zone, allowed, instant)


@given(CLOCKS, MOMENTS)
@settings(max_examples=200, deadline=None)
def test_the_next_opening_is_open_and_nothing_before_it_is(clocks: list, instant: datetime) -> None:
    found = windows.next_open(clocks, instant)
    end = found or instant + timedelta(days=3)
    if found:
        assert windows.is_open(clocks, found)
        assert found >= instant
    step = max((end - instant) / 60, timedelta(seconds=1))
    probe = instant
    while probe < end:
        assert not windows.is_open(clocks, probe)
        probe += step


@given(CLOCKS, MOMENTS)
@settings(max_examples=100, deadline=None)
def test_the_order_of_clocks_does_not_matter(clocks: list, instant: datetime) -> None:
    assert windows.next_open(clocks, instant) == windows.next_open(clocks[::-1], instant)
