"""Tables of law as CSV: what is right is taken whole, what is wrong is told by line and column."""

from datetime import date, time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.law import cells, tables
from compliance.law.rules import HoursRow, Tables
from compliance.law.tables import BadTable
from tests.compliance.laws import SHIPPED, row

DATA = Path(tables.__file__).parents[1] / "data"
HEADER = ",".join(tables.HOURS)
GOOD = 'US-FL,sms voice,marketing,mon-sun,08:00,20:00,no,Fla. Stat. 501.616,high,statute,no,,,"a note, with a comma"'


def line(**changes: str) -> str:
    """The good line with some cells changed."""
    values = dict(zip(tables.HOURS, GOOD.replace('"a note, with a comma"', "a note").split(","), strict=True))
    return ",".join((values | changes).values())


def mistakes(*lines: str, header: str = HEADER) -> list[str]:
    with pytest.raises(BadTable) as caught:
        tables.read_hours("\n".join([header, *lines]) + "\n")
    assert str(caught.value) == "\n".join(map(str, caught.value.mistakes))
    return [str(mistake) for mistake in caught.value.mistakes]


def test_a_good_line() -> None:
    (found,) = tables.read_hours(f"{HEADER}\n{GOOD}\n")
    assert (found.jurisdiction, found.channels, found.weekdays) == ("US-FL", ("sms", "voice"), tuple(range(7)))
    assert (found.start, found.end, found.holidays_excluded) == (time(8), time(20), False)
    assert (found.source, found.note) == ("Fla. Stat. 501.616", "a note, with a comma")


def test_the_shipped_tables_read_back_as_they_are_written() -> None:
    assert len(SHIPPED.hours) == 65
    assert tables.read_hours(tables.write(SHIPPED.hours, tables.HOURS)) == SHIPPED.hours
    assert tables.read_bans(tables.write(SHIPPED.bans, tables.BANS)) == SHIPPED.bans
    assert tables.read_caps(tables.write(SHIPPED.caps, tables.CAPS)) == SHIPPED.caps


def test_every_shipped_row_names_its_source() -> None:
    assert all(found.source for found in (*SHIPPED.hours, *SHIPPED.bans, *SHIPPED.caps))


def test_a_spreadsheets_file_is_read_too() -> None:
    """Byte order mark, Windows line ends, empty lines at the end, spaces around cells, columns in another order."""
    text = (DATA / "quiet_hours.csv").read_text(encoding="utf-8")
    assert tables.read_hours("\ufeff" + text.replace("\n", "\r\n") + "\r\n,,,,,,,,,,,,,\r\n") == SHIPPED.hours
    turned = tables.write(SHIPPED.hours, tables.HOURS[::-1])
    assert tables.read_hours(turned) == SHIPPED.hours


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"jurisdiction": "UK"}, "Line 2, jurisdiction: 'UK' is not known; write a country or a region of it as in ISO 3166: FR, US-FL."),
        ({"jurisdiction": "US-XX"}, "Line 2, jurisdiction: 'US-XX' is not known"),
        ({"jurisdiction": "US-"}, "Line 2, jurisdiction: 'US-' is not known"),
        ({"jurisdiction": "us-fl"}, "Line 2, jurisdiction: 'us-fl' is not known"),
        ({"jurisdiction": ""}, "Line 2, jurisdiction: '' is not known"),
        ({"channels": "sms phone"}, "Line 2, channels: 'phone' is not known here; write one of sms, mms,"),
        ({"channels": ""}, "Line 2, channels: The channels are missing; write for example sms voice."),
        ({"category": "promotion"}, "Line 2, category: 'promotion' is not known here; write one of marketing,"),
        ({"weekday": "mon-fry"}, "Line 2, weekday: 'mon-fry' are no weekdays; write for example mon-fri, sat or mon-sun."),
        ({"weekday": "mon-"}, "Line 2, weekday: 'mon-' are no weekdays"),
        ({"weekday": ""}, "Line 2, weekday: The weekdays are missing"),
        ({"allowed_start_local": "8"}, "Line 2, allowed_start_local: '8' is not a time of day; write hours and minutes, for example 08:00."),
        ({"allowed_start_local": "25:00"}, "Line 2, allowed_start_local: '25:00' is not a time of day"),
        ({"allowed_end_local": "08:00"}, "Line 2, allowed_end_local: It is the same as the start; write two times, or neither"),
        ({"allowed_end_local": "02:00"}, "Line 2, allowed_end_local: The end is before the start; write two rows"),
        ({"allowed_end_local": ""}, "Line 2, allowed_end_local: Write both times, or neither where nothing is allowed."),
        ({"holidays_excluded": "maybe"}, "Line 2, holidays_excluded: 'maybe' is not known here; write one of no, yes."),
        ({"jurisdiction": "GL", "holidays_excluded": "perhaps"}, "Line 2, holidays_excluded:"),
        ({"source": ""}, "Line 2, source: The source is missing; write the statute, or the page that says so."),
        ({"source": "x" * 401}, "Line 2, source: The source has 401 characters; write at most 400"),
        ({"confidence": "certain"}, "Line 2, confidence: 'certain' is not known here; write one of high, medium, low."),
        ({"kind": "law"}, "Line 2, kind: 'law' is not known here; write one of operator, statute,"),
        ({"lifted_by_consent": "sometimes"}, "Line 2, lifted_by_consent: 'sometimes' is not known here"),
        ({"effective_from": "18.10.2026"}, "Line 2, effective_from: '18.10.2026' is not a date; write for example 2026-10-18."),
        ({"effective_from": "2026-10-18", "effective_to": "2026-10-17"}, "Line 2, effective_to: 2026-10-17 is before 2026-10-18"),
    ],
)  # fmt: skip
def test_a_wrong_cell(changes: dict[str, str], expected: str) -> None:
    (found,) = mistakes(line(**changes))
    assert found.startswith(expected)


def test_every_mistake_is_told_with_its_own_line() -> None:
    quoted = GOOD.replace("a note, with a comma", "a note\nover two lines").replace("US-FL", "US-GA")
    found = mistakes(GOOD, quoted, line(jurisdiction="XX", kind="law"), "", "US-FL,sms")
    assert [text.split(":")[0] for text in found] == ["Line 5, jurisdiction", "Line 5, kind", "Line 7"]
    assert found[2] == "Line 7: There are 2 cells instead of 14; put a cell with a comma in it into quotes."


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (HEADER.replace("kind,", ""), ["Line 1, kind: This column is missing."]),
        (HEADER + ",colour", [f"Line 1, colour: There is no such column; there are {', '.join(tables.HOURS)}."]),
        (HEADER + ",kind", ["Line 1, kind: This column is there twice."]),
    ],
)
def test_a_wrong_header(header: str, expected: list[str]) -> None:
    assert mistakes(GOOD, header=header) == expected


def test_files_that_are_no_tables() -> None:
    assert mistakes() == ["Line 2: There is no row; a rule set without rules would allow everything."]
    assert mistakes('US-FL,"sms') == ["Line 2: This is not CSV (unexpected end of data); check the quotes."]
    assert mistakes(GOOD, "a\x00b") == ["Line 3: There is a NUL character; save it as text."]
    with pytest.raises(BadTable, match="This column is missing"):
        tables.read_hours("")


class TestOverlaps:
    """Rows of one kind are united: an overlap would hide that one of the two is not meant."""

    def test_two_rows_for_the_same_hour(self) -> None:
        found = mistakes(GOOD, line(weekday="sat", allowed_start_local="19:00", allowed_end_local="21:00"))
        assert found == [
            "Line 3, allowed_start_local: These hours overlap with those of line 2; give each time of a weekday one row."
        ]

    @pytest.mark.parametrize("channels", ["mms", "rcs email", "all"])
    def test_a_row_for_sms_is_one_for_every_text(self, channels: str) -> None:
        assert len(mistakes(GOOD, line(channels=channels))) == 1

    def test_rows_for_two_kinds_of_text_do_not_meet(self) -> None:
        content = "\n".join([HEADER, line(channels="mms"), line(channels="rcs")])
        assert len(tables.read_hours(content)) == 2

    def test_a_closed_day_that_is_open(self) -> None:
        closed = line(weekday="sun", allowed_start_local="", allowed_end_local="")
        assert len(mistakes(GOOD, closed)) == 1

    @pytest.mark.parametrize(
        "changes",
        [
            {"jurisdiction": "US-GA"},
            {"kind": "operator"},
            {"channels": "email"},
            {"category": "service"},
            {"allowed_start_local": "20:00", "allowed_end_local": "24:00"},
            {"effective_from": "2027-01-01"},
        ],
    )
    def test_rows_that_do_not_meet(self, changes: dict[str, str]) -> None:
        first = line(effective_to="2026-12-31") if "effective_from" in changes else GOOD
        assert len(tables.read_hours("\n".join([HEADER, first, line(**changes)]))) == 2


class TestOtherTables:
    def test_bans(self) -> None:
        header = ",".join(tables.BANS)
        (ban,) = tables.read_bans(
            f"{header}\nUS-LA,all,marketing,state_emergency,LPSC,2026-08-29,2026-09-15,Hurricane\n"
        )
        assert (ban.code, ban.effective_to) == ("state_emergency", date(2026, 9, 15))
        with pytest.raises(BadTable, match="Line 2, code: 'panic' is not known here"):
            tables.read_bans(f"{header}\nUS-LA,all,marketing,panic,LPSC,,,\n")

    @pytest.mark.parametrize("limit", ["0", "-1", "many", "99999999999", "00000100000", "²"])
    def test_caps(self, limit: str) -> None:
        header = ",".join(tables.CAPS)
        (cap,) = tables.read_caps(f"{header}\nVN,sms,marketing,3,messages,24h,no,Decree 91/2020,,,\n")
        assert (cap.limit, cap.counts, cap.window, cap.same_subject) == (3, "messages", "24h", False)
        with pytest.raises(BadTable, match=r"Line 2, limit: .* is not a limit; write a whole number from 1 on"):
            tables.read_caps(f"{header}\nVN,sms,marketing,{limit},messages,24h,no,Decree 91/2020,,,\n")


@pytest.mark.parametrize(
    ("said", "days"),
    [
        ("mon-sun", range(7)),
        ("sat", [5]),
        ("sat-mon", [0, 5, 6]),
        ("mon wed", [0, 2]),
        ("mon-tue fri-sun", [0, 1, 4, 5, 6]),
    ],
)
def test_weekdays(said: str, days: list[int]) -> None:
    assert cells.weekdays(said) == tuple(days)


@given(st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days))))
def test_weekdays_read_back(days: tuple[int, ...]) -> None:
    assert cells.weekdays(cells.weekday_text(days)) == days


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200) | st.lists(st.text(max_size=12), max_size=14).map(",".join))
def test_any_text_is_taken_or_told(text: str) -> None:
    """Never another error than the one that lists the mistakes."""
    for start in ("", HEADER + "\n"):
        with pytest.raises(BadTable) as caught:
            tables.read_hours(start + text)
        assert caught.value.mistakes


class TestChecksum:
    def test_it_does_not_depend_on_the_order_of_rows(self) -> None:
        assert Tables(SHIPPED.hours[::-1], SHIPPED.bans, SHIPPED.caps).checksum() == SHIPPED.checksum()

    @pytest.mark.parametrize(
        "other",
        [
            row("FR", "08:00", "20:01"),
            row("FR", "08:00", "20:00", source="Another statute"),
            row("FR", "08:00", "20:00", note="A note"),
            row("FR", "08:00", "20:00", effective_from=date(2026, 1, 1)),
            row("FR", "08:00", "20:00", holidays_excluded=True),
        ],
    )
    def test_it_covers_every_column(self, other: HoursRow) -> None:
        assert Tables((other,)).checksum() != Tables((row("FR", "08:00", "20:00"),)).checksum()
