"""The cases of sections A to E, each under its own name, by the rules that come with the product."""

from dataclasses import replace
from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from compliance import windows
from compliance.law.judging import StaleZones
from compliance.law.rules import BanRow, Rules, Tables, lifts
from compliance.places import Clues, locate
from tests.compliance.laws import DAYTIME, SHIPPED, at, result, when

EIGHT_TO_NINE = {"policies": [DAYTIME]}
EMAIL, VOICE, PUSH, WHATSAPP = ({"channel": name} for name in ("email", "voice", "push", "whatsapp"))
NIGHT = {"lifts": lifts(night=True)}
HONOURED = {"lifts": lifts(honour=True, express=True, written=True)}

CASES: list[tuple[str, str, str, str, dict[str, Any]]] = [
    ("A01", "New York", "2026-11-23T13:00:00Z", "ALLOW", {}),
    ("A02", "New York", "2026-11-23T12:59:59Z", "DEFER 2026-11-23T13:00Z", {}),
    ("A04", "New York", "2026-11-24T02:00:00Z", "DEFER 2026-11-24T13:00Z", {}),
    ("A05", "Florida", "2026-11-24T01:30Z", "DEFER 2026-11-24T13:00Z", {}),
    ("A06", "Connecticut", "2026-11-23T13:30Z", "DEFER 2026-11-23T14:00Z", {}),
    ("A08", "Texas", "2026-11-22T17:30Z", "DEFER 2026-11-22T18:00Z", {}),
    ("A09", "Texas", "2026-11-22T18:00Z", "ALLOW", {}),
    ("A10", "Texas", "2026-11-28T14:30Z", "DEFER 2026-11-28T15:00Z", {}),
    ("A12", "Utah", "2026-11-22T20:00Z", "DEFER 2026-11-23T15:00Z", {"lifts": lifts(express=True, written=True)}),
    ("A13", "Utah", "2026-11-22T20:00Z", "ALLOW", {"lifts": lifts(honour=True, express=True)}),
    ("A14", "Rhode Island", "2026-12-19T23:00Z", "DEFER 2026-12-21T14:00Z", {}),
    ("A16", "Pennsylvania", "2026-10-18T15:00Z", "DEFER 2026-10-19T13:00Z", {}),
    ("A17", "Pennsylvania", "2026-10-19T23:30Z", "DEFER 2026-10-20T13:00Z", {}),
    ("A18", "Oregon", "2026-11-24T04:30Z", "DEFER 2026-11-24T16:00Z", {}),
    ("A20", "Puerto Rico", "2026-11-24T00:59Z", "ALLOW", {}),
    ("A21", "France", "2026-11-22T10:00Z", "DEFER 2026-11-23T07:00Z", {}),
    ("A22", "France", "2026-11-23T20:30Z", "ALLOW", {}),
    ("A24", "Reunion", "2026-11-23T18:30Z", "DEFER 2026-11-24T04:00Z", {}),
    ("A25", "Taiwan", "2026-11-23T04:45Z", "DEFER 2026-11-23T05:30Z", {}),
    ("A26", "Taiwan", "2026-11-23T13:30Z", "DEFER 2026-11-24T01:00Z", {}),
    ("A28", "Vietnam", "2026-11-23T15:30Z", "DEFER 2026-11-24T00:00Z", {}),
    ("A29", "Korea", "2026-11-23T12:30Z", "DEFER 2026-11-23T23:00Z", PUSH),
    ("A30", "Korea", "2026-11-23T12:30Z", "ALLOW", PUSH | NIGHT),
    ("A32", "Colombia", "2026-11-21T20:30Z", "DEFER 2026-11-23T12:00Z", EMAIL),
    ("A33-last-second", "Colombia", "2026-11-23T23:59:59Z", "ALLOW", WHATSAPP),
    ("A33-end", "Colombia", "2026-11-24T00:00Z", "DEFER 2026-11-24T12:00Z", WHATSAPP),
    ("A34", "South Africa", "2026-11-21T11:30Z", "DEFER 2026-11-23T06:00Z", EMAIL | {"lifts": lifts(written=True)}),
    ("A34-written", "South Africa", "2026-11-21T11:30Z", "ALLOW", EMAIL | HONOURED),
    ("A36", "New York", "2026-11-23T08:00Z", "ALLOW", EMAIL),
    ("A36-policy", "New York", "2026-11-23T08:00Z", "DEFER 2026-11-23T13:00Z", EMAIL | EIGHT_TO_NINE),
    ("A37", "Toronto", "2026-11-22T23:30Z", "DEFER 2026-11-23T14:00Z", VOICE),
    ("A38", "Toronto", "2026-11-24T02:15Z", "ALLOW", VOICE),
    ("A38-until", "Toronto", "2026-11-24T02:30Z", "DEFER 2026-11-24T14:00Z", VOICE),
    ("B01", "New York", "2027-03-14T02:30Z", "DEFER 2027-03-14T12:00Z", {}),
    ("B02", "New York", "2027-03-14T11:59Z", "DEFER 2027-03-14T12:00Z", {}),
    ("B03", "New York", "2026-11-01T01:30Z", "DEFER 2026-11-01T13:00Z", {}),
    (
        "B05", "New York", "2027-03-14T06:59Z", "DEFER 2027-03-14T07:00Z",
        EMAIL | {"policies": [windows.daily(time(2, 30), time(5))]},
    ),
    (
        "B06", "New York", "2026-11-01T06:10Z", "DEFER 2026-11-01T23:00Z",
        EMAIL | {"policies": [windows.daily(time(18), time(1, 30))]},
    ),
    ("B07-before", "Kolkata", "2026-11-23T03:29:59Z", "DEFER 2026-11-23T03:30Z", {}),
    ("B07-start", "Kolkata", "2026-11-23T03:30:00Z", "ALLOW", {}),
    ("B09", "St. John's", "2026-11-23T11:45Z", "DEFER 2026-11-23T12:00Z", EIGHT_TO_NINE),
    ("B10", "Adelaide", "2026-11-23T10:30Z", "DEFER 2026-11-23T21:30Z", EIGHT_TO_NINE),
    ("B11", "Vancouver", "2026-11-23T15:00Z", "ALLOW", EIGHT_TO_NINE),
    ("B13", "Edmonton", "2027-01-12T03:30Z", "DEFER 2027-01-12T14:00Z", EIGHT_TO_NINE),
    ("C02", "New York", "2026-11-23T12:59Z", "DEFER 2026-11-23T13:00Z", EMAIL | EIGHT_TO_NINE),
    (
        "C03-saturday", "Alabama", "2026-11-22T05:30Z", "DEFER 2026-11-24T00:00Z",
        {"policies": [windows.daily(time(18), time(2))]},
    ),
    (
        "C03-sunday", "Alabama", "2026-11-22T06:30Z", "DEFER 2026-11-24T00:00Z",
        {"policies": [windows.daily(time(18), time(2))]},
    ),
    ("C04-open", "New York", "2026-11-24T04:00Z", "ALLOW", EMAIL | {"policies": [windows.daily(time(18), time(2))]}),
    (
        "C04-closed", "New York", "2026-11-24T07:30Z", "DEFER 2026-11-24T23:00Z",
        EMAIL | {"policies": [windows.daily(time(18), time(2))]},
    ),
    ("C06", "Florida", "2026-11-23T17:00Z", "BLOCK no_legal_window", {"policies": [windows.daily(time(21), time(22))]}),
    ("C07-late", "Florida", "2026-11-24T01:30Z", "DEFER 2026-11-24T13:00Z", {"policies": [windows.daily(time(6), time(23))]}),
    ("C07-early", "Florida", "2026-11-23T11:30Z", "DEFER 2026-11-23T13:00Z", {"policies": [windows.daily(time(6), time(23))]}),
    ("D01", "+1 850", "2026-11-23T13:30Z", "DEFER 2026-11-23T14:00Z", {}),
    ("D02", "+1 850", "2026-11-24T01:30Z", "DEFER 2026-11-24T14:00Z", {}),
    ("D03", "+1 850", "2026-11-23T14:00Z", "ALLOW", {}),
    ("D05", "+1 423", "2026-11-23T13:30Z", "DEFER 2026-11-23T14:00Z", {}),
    ("D06", "+1 448", "2026-11-23T13:30Z", "DEFER 2026-11-23T14:00Z", {}),
    ("D07", "+1 800", "2026-11-23T16:00Z", "DEFER 2026-11-23T18:00Z", {}),
    ("D09", "US", "2026-11-23T16:00Z", "DEFER 2026-11-23T20:00Z", {"profile": "strictest"}),
    ("D09-last-second", "US", "2026-11-23T22:59:59Z", "ALLOW", {"profile": "strictest"}),
    ("D09-end", "US", "2026-11-23T23:00Z", "DEFER 2026-11-24T20:00Z", {"profile": "strictest"}),
    # The case's "Mon-Fri" is the window of these days, not a closed Saturday. By the rows themselves (computed apart from this
    # code: every state's hours by the clock of every US zone, each half hour) Saturday is open from Kentucky's 10:00 in
    # Honolulu to Rhode Island's 17:00 (`US-RI sat 10:00-17:00`) in New York; no state with texts in its rows closes it.
    ("D09-friday-end", "US", "2026-11-20T23:00Z", "DEFER 2026-11-21T20:00Z", {"profile": "strictest"}),
    ("D09-saturday", "US", "2026-11-21T20:00Z", "ALLOW", {"profile": "strictest"}),
    ("D09-saturday-end", "US", "2026-11-21T22:00Z", "DEFER 2026-11-23T20:00Z", {"profile": "strictest"}),
    ("D10", "US", "2026-11-22T20:00Z", "DEFER 2026-11-23T20:00Z", {"profile": "strictest"}),
    ("D11", "212 in 94105", "2026-11-24T02:30Z", "DEFER 2026-11-24T16:00Z", {}),
    ("D14", "+61 4", "2026-11-22T23:00Z", "DEFER 2026-11-23T00:00Z", EIGHT_TO_NINE),
    ("E02", "Rhode Island", "2026-08-10T15:00Z", "DEFER 2026-08-11T13:00Z", {}),
    ("E03", "Utah", "2026-07-24T18:00Z", "DEFER 2026-07-25T14:00Z", {}),
    ("E04", "Louisiana", "2027-02-09T18:00Z", "DEFER 2027-02-10T14:00Z", {}),
    ("E06", "France", "2026-11-11T10:00Z", "DEFER 2026-11-12T07:00Z", {}),
    ("E07", "France", "2027-03-28T06:30Z", "DEFER 2027-03-30T06:00Z", {}),
    ("E08", "France", "2026-12-26T10:00Z", "ALLOW", {}),
    ("E08-57", "Moselle", "2026-12-26T10:00Z", "DEFER 2026-12-28T07:00Z", {}),
    ("E10", "South Africa", "2026-12-16T10:00Z", "DEFER 2026-12-17T06:00Z", {}),
    ("E11", "Rhode Island", "2026-12-25T02:00Z", "DEFER 2026-12-26T15:00Z", {}),
    ("E12", "Rhode Island", "2026-07-03T16:00Z", "DEFER 2026-07-06T13:00Z", {}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("where", "now", "expected", "given"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_case(where: str, now: str, expected: str, given: dict[str, Any]) -> None:
    assert result(when(where, now, **given)) == expected


def test_b14_what_was_computed_with_old_zone_rules_is_judged_again_with_the_new() -> None:
    """With -08 in winter Vancouver opened at 16:00Z; at that instant, a closing time of then is judged by today's rules."""
    stale = windows.next_open([(ZoneInfo("Etc/GMT+8"), DAYTIME)], at("2026-11-24T04:30Z"))
    assert stale == at("2026-11-24T04:30Z"), "by the old rules it is 20:30, and open"
    assert result(when("Vancouver", stale, policies=[DAYTIME])) == "DEFER 2026-11-24T15:00Z", "it is 21:30"


@pytest.mark.parametrize("profile", ["strict", "strictest", "all"])
def test_b15_strict_profiles_refuse_old_zone_rules(profile: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tzdata.__version__", "2025.2")
    with pytest.raises(StaleZones, match=r"2025\.2"):
        when("New York", "2026-11-23T13:00Z", profile=profile)
    assert result(when("New York", "2026-11-23T13:00Z")) == "ALLOW", (
        "the standard profile is warned by the system check"
    )


@pytest.mark.parametrize("profile", ["strict", "strictest", "all"])
def test_b15_with_current_zone_rules_they_judge(profile: str) -> None:
    assert result(when("New York", "2026-11-23T17:00Z", profile=profile)) == "ALLOW"


def test_d13_the_persons_own_zone_with_the_area_codes_law() -> None:
    """Lives by Paris' clock, with a number of the Florida panhandle: Florida's 8 to 20, in Paris."""
    where = locate(Clues(timezone="Europe/Paris", phone="+18505550100"), trust="profile")
    assert (where.zones, where.source) == (("Europe/Paris",), "person")
    assert where.jurisdictions == ("US", "US-FL")
    assert result(when(where, "2026-11-23T18:59:59Z")) == "ALLOW"
    assert result(when(where, "2026-11-23T19:00:00Z")) == "DEFER 2026-11-24T07:00Z"


def test_d15_antigua_has_one_zone() -> None:
    where = locate(Clues(phone="+12684641234"))
    assert where.zones == ("America/Antigua",)
    assert result(when(where, "2026-11-23T12:00Z", policies=[DAYTIME])) == "ALLOW"


class TestD17:
    """Nobody knows where this person is."""

    def test_d17_account_hours_hold_by_the_accounts_clock(self) -> None:
        """Nowhere does a law set hours for webhooks, so only the account's own hours are asked."""
        where = locate(Clues(), default_zone="America/New_York")
        answer = when(where, "2026-11-23T08:00Z", channel="webhook", policies=[DAYTIME])
        assert result(answer) == "DEFER 2026-11-23T13:00Z"
        assert answer.details["zone_source"] == "account_default"

    @pytest.mark.parametrize("channel", ["email", "sms", "push", "whatsapp"])
    def test_d17_a_law_that_may_hold_blocks(self, channel: str) -> None:
        """Colombia and South Africa have hours for email."""
        answer = when("nowhere", "2026-11-23T12:00Z", channel=channel)
        assert result(answer) == "BLOCK unknown_jurisdiction"
        assert answer.details["zone_source"] == "account_default"

    def test_or_the_strictest_of_all_hours_hold_by_policy(self) -> None:
        """8 to 19 on weekdays, 9 to 13 on Saturdays: what Colombia and South Africa share."""
        where = locate(Clues(), default_zone="America/New_York")
        found = [
            result(when(where, now, channel="email", unknown="strictest", policies=[DAYTIME]))
            for now in ("2026-11-23T08:00Z", "2026-11-23T13:00Z", "2026-11-24T00:00Z", "2026-11-22T17:00Z")
        ]
        assert found == ["DEFER 2026-11-23T13:00Z", "ALLOW", "DEFER 2026-11-24T13:00Z", "DEFER 2026-11-23T13:00Z"]

    def test_without_any_law_for_the_channel_it_is_allowed(self) -> None:
        answer = when(
            "nowhere", "2026-11-23T03:00Z", channel="email", rules=Rules(2, None, "", Tables(SHIPPED.hours[:5]))
        )
        assert result(answer) == "ALLOW"
        assert (answer.details["zones"], answer.details["zone_source"]) == (["UTC"], "account_default")

    def test_transactional_messages_do_not_ask_where(self) -> None:
        assert result(when("nowhere", "2026-11-23T03:00Z", message_class="transactional")) == "ALLOW"


def test_d18_zones_that_are_never_open_together() -> None:
    where = locate(Clues(phone="+18005550100"))
    answer = when(where, "2026-11-23T12:00Z", policies=[windows.daily(time(9), time(11))])
    assert result(answer) == "BLOCK no_common_window"
    assert "set the person's zone" in answer.why
    assert "Pacific/Honolulu" in answer.why


def test_d19_the_zone_and_its_source_are_in_the_answer_and_follow_the_contact() -> None:
    """Somebody moves from New York to Los Angeles between two judgements of the same minute."""
    before = Clues(country="US", region="NY", timezone="America/New_York")
    now = "2026-11-23T13:30Z"
    first = when(locate(before), now)
    second = when(locate(replace(before, region="CA", timezone="America/Los_Angeles")), now)
    assert (result(first), result(second)) == ("ALLOW", "DEFER 2026-11-23T16:00Z")
    assert [answer.details["zones"] for answer in (first, second)] == [["America/New_York"], ["America/Los_Angeles"]]
    assert {answer.details["zone_source"] for answer in (first, second)} == {"person"}


class TestE14:
    """Louisiana declares an emergency, and later ends it."""

    EMERGENCY = BanRow(
        jurisdiction="US-LA", channels=("all",), category="marketing", code="state_emergency",
        source="LPSC General Order R-29617", note="Hurricane",
    )  # fmt: skip
    SWITCHED_ON = Rules(2, None, "", replace(SHIPPED, bans=(*SHIPPED.bans, EMERGENCY)))

    def test_marketing_is_blocked(self) -> None:
        answer = when("Louisiana", "2026-11-23T18:00Z", rules=self.SWITCHED_ON)
        assert result(answer) == "BLOCK state_emergency"
        assert answer.details["rows"] == [{"jurisdiction": "US-LA", "source": "LPSC General Order R-29617"}]

    def test_transactional_is_not(self) -> None:
        for message_class in ("transactional", "otp", "service"):
            answer = when("Louisiana", "2026-11-23T09:00Z", message_class=message_class, rules=self.SWITCHED_ON)
            assert result(answer) == "ALLOW"

    def test_nor_are_others_or_louisiana_after_it(self) -> None:
        assert result(when("Texas", "2026-11-23T18:00Z", rules=self.SWITCHED_ON)) == "ALLOW"
        assert result(when("Louisiana", "2026-11-23T18:00Z")) == "ALLOW"

    def test_a_switch_given_from_outside(self) -> None:
        given: dict[str, Any] = {"emergencies": frozenset({"US-LA"})}
        assert result(when("Louisiana", "2026-11-23T18:00Z", **given)) == "BLOCK state_emergency"
        assert result(when("Louisiana", "2026-11-23T09:00Z", message_class="otp", **given)) == "ALLOW"
        assert result(when("Texas", "2026-11-23T18:00Z", **given)) == "ALLOW"


def test_k06_marketing_by_whatsapp_is_barred_in_the_us_only() -> None:
    assert result(when("New York", "2026-11-23T18:00Z", channel="whatsapp")) == "BLOCK channel_restricted"
    assert result(when("New York", "2026-11-23T18:00Z", channel="whatsapp", message_class="service")) == "ALLOW"
    assert result(when("France", "2026-11-23T12:00Z", channel="whatsapp")) == "ALLOW"
