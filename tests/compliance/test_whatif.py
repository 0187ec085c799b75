"""Hypothetical cases through the code of the gate: sections C, F, K and L of the compliance cases, each by its id."""

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from compliance.whatif import BadCase, evaluate
from tests.compliance.laws import RULES

NOW = "2026-11-23T16:00:00Z"  # 11:00 in New York, a Monday
NEW_YORK = {"country": "US", "region": "NY", "timezone": "America/New_York"}
CANADA = {"country": "CA", "region": "ON", "timezone": "America/Toronto"}
SENT = [{"at": "2026-11-18T15:00:00Z", "channel": "email"}, {"at": "2026-11-20T15:00:00Z", "channel": "push"},
        {"at": "2026-11-22T15:00:00Z", "channel": "sms"}]  # fmt: skip
WEEKLY = {"limit": 3, "window": "7d"}


def answer(now: str = NOW, **case: Any) -> tuple[str, str | None, str]:
    """The decision, until when, and the reason."""
    found = evaluate({"now": now, "contact": NEW_YORK, **case}, RULES)
    return found["decision"], found["until"], found["reason"]


def said(**word: Any) -> dict[str, Any]:
    return {"at": "2026-01-01T00:00:00Z", **word}


def blocked(reason: str) -> tuple[str, None, str]:
    return "block", None, reason


ALLOW = ("allow", None, "")


@pytest.mark.parametrize(
    ("case", "contact", "message", "now", "expected"),
    [
        ("F01", {"consents": []}, {}, NOW, blocked("no_consent")),
        ("F02", {"consents": [said(channel="email", state="pending")]}, {"channel": "email"}, NOW, blocked("consent_pending")),
        ("F05", {"consents": [said(channel="email")]}, {}, NOW, blocked("no_consent")),
        ("F06", {"consents": [said(topic="order updates")]}, {}, NOW, blocked("purpose_mismatch")),
        ("F08", {"consents": [said(basis="express")]}, {}, NOW, blocked("consent_not_written")),
        ("F09", {"consents": [said(basis="express")]}, {"class": "service"}, NOW, ALLOW),
        ("F10-last", {**CANADA, "consents": [said(channel="email", basis="implied_purchase", at="2024-11-23T15:00:00Z")]},
         {"channel": "email"}, "2026-11-23T16:00:00Z", ALLOW),
        ("F10-over", {**CANADA, "consents": [said(channel="email", basis="implied_purchase", at="2024-11-23T15:00:00Z")]},
         {"channel": "email"}, "2026-11-24T16:00:00Z", blocked("implied_consent_expired")),
        ("F12-last", {**CANADA, "consents": [said(channel="email", basis="implied_inquiry", at="2026-08-31T15:00:00Z")]},
         {"channel": "email"}, "2027-02-28T16:00:00Z", ALLOW),
        ("F12-over", {**CANADA, "consents": [said(channel="email", basis="implied_inquiry", at="2026-08-31T15:00:00Z")]},
         {"channel": "email"}, "2027-03-01T16:00:00Z", blocked("implied_consent_expired")),
        ("F13", {**CANADA, "consents": [said(channel="email", basis="implied_purchase", at="2024-01-05T15:00:00Z")]},
         {"channel": "email", "topic": "news"}, NOW, blocked("implied_consent_expired")),
        ("F14", {"consents": [said(proof=False)]}, {}, NOW, blocked("no_proof")),
        ("F16", {"country": "GB", "region": "", "consents": [said(channel="email", basis="soft_opt_in", opt_out_offered=False)]},
         {"channel": "email"}, NOW, blocked("soft_optin_conditions")),
        ("F15", {"country": "GB", "region": "", "consents": [said(channel="email", basis="soft_opt_in")]},
         {"channel": "email"}, NOW, ALLOW),
        ("F17", {"consents": [said(wording="form v1", wording_withdrawn=True)]}, {}, NOW, blocked("consent_version_revoked")),
        ("F18", {"country": "KR", "region": "", "timezone": "Asia/Seoul", "consents": [said(at="2024-11-01T00:00:00Z")]}, {}, "2026-11-23T03:00:00Z",
         ("allow", None, "reconfirm_due")),
        ("F18-not-yet", {"country": "KR", "region": "", "timezone": "Asia/Seoul", "consents": [said(at="2024-11-24T00:00:00Z")]}, {},
         "2026-11-23T03:00:00Z", ALLOW),
        ("F20-tie", {"consents": [said(state="withdrawn"), said()]}, {}, NOW, blocked("opted_out")),
        ("F20-skew", {"consents": [said(at="2026-02-02T00:00:00Z"), said(state="withdrawn", at="2026-02-01T00:00:00Z")]}, {}, NOW, ALLOW),
    ],
)  # fmt: skip
def test_consent(case: str, contact: dict, message: dict, now: str, expected: tuple) -> None:
    assert answer(now, contact={**NEW_YORK, **contact}, message=message) == expected, case


@pytest.mark.parametrize(
    ("case", "parts", "now", "expected"),
    [
        ("K01", {"contact": {"last_inbound_at": "2026-11-22T10:00:00Z"}, "message": {"free_form": True}}, "2026-11-23T09:59:59Z", ALLOW),
        ("K02", {"contact": {"last_inbound_at": "2026-11-22T10:00:00Z"}, "message": {"free_form": True}}, "2026-11-23T10:00:00Z",
         blocked("outside_24h_window")),
        ("K04-pending", {"message": {"template_status": "PENDING"}}, NOW, ("defer", "2026-11-23T17:00:00Z", "template_status")),
        ("K04-rejected", {"message": {"template_status": "REJECTED"}}, NOW, blocked("template_status")),
        ("K04-paused", {"message": {"template_status": "PAUSED"}}, NOW, ("defer", "2026-11-23T17:00:00Z", "template_status")),
        ("K04-disabled", {"message": {"template_status": "DISABLED"}}, NOW, blocked("template_status")),
        ("K05", {"contact": {"consents": []}, "message": {"class": "marketing"}}, NOW, blocked("no_consent")),
        ("K06", {"contact": {**NEW_YORK, "phone": "+12125550100"}}, NOW, blocked("channel_restricted")),
        ("K09", {"contact": {"consents": [said(names_channel=False)]}}, NOW, blocked("no_consent")),
    ],
)  # fmt: skip
def test_whatsapp(case: str, parts: dict, now: str, expected: tuple) -> None:
    contact = {"country": "GB", "timezone": "Europe/London", **parts.get("contact", {})}
    assert answer(now, contact=contact, message={"channel": "whatsapp", **parts.get("message", {})}) == expected, case


def test_k08_a_full_tier_waits_for_the_slot_that_frees_first() -> None:
    times = [f"2026-11-22T{hour:02}:30:00Z" for hour in range(17, 22)]
    found = answer(
        contact={"country": "GB"}, message={"channel": "whatsapp"}, sender={"recipients_limit": 5, "recipients": times}
    )
    assert found == ("defer", "2026-11-23T17:30:00Z", "sender_tier")
    known = {"recipients_limit": 5, "recipients": times, "knows_recipient": True}
    assert answer(contact={"country": "GB"}, message={"channel": "whatsapp"}, sender=known) == ALLOW


def test_k10_k12_k13_senders_and_devices() -> None:
    push = {"channel": "push"}
    assert answer(contact={"country": "GB", "address": "invalid"}, message=push) == blocked("token_invalid"), "K10"
    revoked = {"country": "GB", "consents": [said(channel="push", state="withdrawn")]}
    assert answer(contact=revoked, message=push) == blocked("opted_out"), "K12"
    assert answer(sender={"registered": False}) == blocked("sender_not_registered"), "K13"


def test_k14_a_carriers_daily_cap_ends_at_midnight_in_los_angeles_and_then_the_hours_are_asked_again() -> None:
    found = evaluate({"now": NOW, "contact": NEW_YORK, "sender": {"daily_limit": 2000, "sent_today": 2000}}, RULES)
    assert (found["decision"], found["until"], found["reason"]) == (
        "defer",
        "2026-11-24T08:00:00Z",
        "carrier_daily_cap",
    )
    assert answer(found["until"]) == ("defer", "2026-11-24T13:00:00Z", "legal_hours")


@pytest.mark.parametrize(
    ("case", "now", "cap", "sent", "expected"),
    [
        ("L01-defer", NOW, WEEKLY, SENT, ("defer", "2026-11-25T15:00:00Z", "frequency_cap")),
        ("L01-skip", NOW, {**WEEKLY, "action": "skip"}, SENT, blocked("frequency_cap")),
        ("L01-end", NOW, {**WEEKLY, "action": "end"}, SENT, blocked("frequency_cap")),
        ("L02-out", "2026-11-25T15:00:00Z", WEEKLY, SENT, ALLOW),
        ("L02-in", "2026-11-25T14:59:59Z", WEEKLY, SENT, ("defer", "2026-11-25T15:00:00Z", "frequency_cap")),
        ("L03", NOW, WEEKLY, [{**one, "class": "transactional"} for one in SENT], ALLOW),
        ("L09-rolling", "2026-11-24T13:05:00Z", {"limit": 1, "window": "24h"}, [{"at": "2026-11-24T01:30:00Z"}],
         ("defer", "2026-11-25T01:30:00Z", "frequency_cap")),
        ("L09-calendar", "2026-11-24T13:05:00Z", {"limit": 1, "calendar": "day"}, [{"at": "2026-11-24T01:30:00Z"}], ALLOW),
    ],
)  # fmt: skip
def test_frequency_caps(case: str, now: str, cap: dict, sent: list, expected: tuple) -> None:
    assert answer(now, policy={"caps": [cap]}, sent=sent) == expected, case


@pytest.mark.parametrize(
    ("case", "contact", "message", "now", "sent", "expected"),
    [
        ("L05", {"country": "VN"}, {"channel": "email"}, "2026-11-23T05:00:00Z",
         [{"at": f"2026-11-22T{hour:02}:00:00Z"} for hour in (8, 9, 10)], blocked("statutory_cap")),
        ("L05-over", {"country": "VN"}, {"channel": "email"}, "2026-11-23T09:00:00Z",
         [{"at": f"2026-11-22T{hour:02}:00:00Z"} for hour in (8, 9, 10)], ALLOW),
        ("L06-day", {"country": "CO"}, {}, "2026-11-23T20:00:00Z", [{"at": "2026-11-23T13:00:00Z"}], blocked("statutory_cap")),
        ("L06-week", {"country": "CO"}, {}, "2026-11-25T20:00:00Z", [{"at": "2026-11-23T13:00:00Z", "channel": "email"}],
         blocked("statutory_cap")),
        ("L06-same", {"country": "CO"}, {}, "2026-11-25T20:00:00Z", [{"at": "2026-11-23T13:00:00Z"}], ALLOW),
    ],
)  # fmt: skip
def test_statutory_caps(case: str, contact: dict, message: dict, now: str, sent: list, expected: tuple) -> None:
    assert answer(now, contact=contact, message=message, sent=sent) == expected, case


def test_l10_the_same_occasion_is_a_duplicate() -> None:
    again = [{"at": "2026-11-23T15:00:00Z", "occasion": "order A1"}]
    assert answer(message={"occasion": "order A1"}, sent=again) == blocked("duplicate")
    assert answer(message={"occasion": "order A2"}, sent=again) == ALLOW


def test_l13_a_message_that_was_held_too_long_is_pointless() -> None:
    assert answer(message={"requested_at": "2026-11-20T15:59:59Z"}) == blocked("expired")
    assert answer(message={"requested_at": "2026-11-20T16:00:00Z"}) == ALLOW


def test_g20_g21_g22_fallbacks_after_an_opt_out() -> None:
    contact = {"country": "GB", "opted_out_channels": ["sms"]}
    promotion = {"fallback_from": "sms"}
    assert answer(contact=contact, message={**promotion, "channel": "whatsapp"}) == blocked("fallback_after_optout")
    assert answer(contact=contact, message={**promotion, "channel": "email"}) == blocked("fallback_after_optout")
    assert answer(contact=contact, message={"channel": "email"}) == ALLOW
    notice = {**promotion, "channel": "email", "class": "service"}
    assert answer(contact=contact, message=notice) == ALLOW


def test_j01_a_one_time_code_at_night_for_somebody_who_opted_out() -> None:
    contact = {
        **NEW_YORK,
        "consents": [said(state="withdrawn")],
        "suppressions": [{"reason": "opt_out", "channel": "sms"}],
    }
    assert answer("2026-11-23T08:00:00Z", contact=contact, message={"class": "otp"}) == ALLOW
    assert answer("2026-11-23T08:00:00Z", contact=contact, message={})[0] == "block"


def test_c06_c07_c08_policies() -> None:
    florida = {"country": "US", "region": "FL", "timezone": "America/New_York"}
    late = {"hours": [{"from": "21:00", "to": "22:00"}]}
    assert answer(contact=florida, policy=late) == blocked("no_legal_window"), "C06"
    wide = {"hours": [{"from": "06:00", "to": "23:00"}]}
    assert answer("2026-11-24T01:30:00Z", contact=florida, policy=wide)[:2] == ("defer", "2026-11-24T13:00:00Z"), "C07"
    ends = {"expires_at": "2026-11-23T11:00:00Z"}
    assert answer("2026-11-23T08:00:00Z", message=ends) == blocked("expired_before_window"), "C08"


def test_all_reasons_are_told_with_zones_and_law() -> None:
    found = evaluate({"id": "x", "now": "2026-11-23T08:00:00Z", "contact": {**NEW_YORK, "consents": []}}, RULES)
    assert found["id"] == "x"
    reasons = {verdict["reason"] for verdict in found["verdicts"]}
    assert {"no_consent", "legal_hours"} <= reasons
    assert (found["zones"], found["jurisdictions"]) == (["America/New_York"], ["US", "US-NY"])
    assert found["local_times"]["America/New_York"] == "2026-11-23T03:00:00-05:00"
    assert found["rule_set"] == RULES.number


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ([], "case: write an object"),
        ({}, "now: say when it is judged"),
        ({"now": "yesterday"}, "now: 'yesterday' does not fit"),
        ({"now": "2026-11-23T16:00:00"}, "with its offset"),
        ({"now": NOW, "mesage": {}}, "mesage: not known here; there are:"),
        ({"now": NOW, "message": {"class": "spam"}}, "message.class: 'spam' does not fit; write one of: marketing"),
        ({"now": NOW, "contact": {"timezone": "Mars"}}, "contact.timezone: 'Mars' is not a time zone"),
        ({"now": NOW, "contact": {"consents": [{"basis": "because", "at": NOW}]}}, "contact.consents[0].basis"),
        ({"now": NOW, "contact": {"consents": [{}]}}, "contact.consents[0].at: say when"),
        ({"now": NOW, "policy": {"hours": [{"from": "8", "to": "21:00"}]}}, "policy.hours[0].from: '8' does not fit"),
        ({"now": NOW, "policy": {"hours": [{"from": "08:00", "to": "08:00"}]}}, "two different times of day"),
        ({"now": NOW, "policy": {"caps": [{"window": "soon"}]}}, "policy.caps[0].window"),
        ({"now": NOW, "sent": "none"}, "sent: write a list of objects"),
    ],
)
def test_a_case_that_cannot_be_read_is_told_with_its_path(case: Any, words: str) -> None:
    with pytest.raises(BadCase) as error:
        evaluate(case, RULES)
    assert words in " ".join(error.value.mistakes)


@pytest.mark.django_db
def test_the_command_answers_a_line_a_case_and_loses_none(tmp_path) -> None:
    lines = [json.dumps({"id": "A01", "now": "2026-11-23T13:00:00Z", "contact": NEW_YORK}), "nonsense", "",
             json.dumps({"id": "bad", "now": "never"}), json.dumps({"id": "A02", "now": "2026-11-23T12:59:59Z", "contact": NEW_YORK})]  # fmt: skip
    path = tmp_path / "cases.jsonl"
    path.write_text("\n".join(lines))
    out = io.StringIO()
    call_command("evaluate", str(path), stdout=out)
    answers = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [found.get("decision") for found in answers] == ["allow", None, None, "defer"]
    assert "This is not JSON" in answers[1]["error"][0]
    assert answers[2]["id"] == "bad"
    with pytest.raises(CommandError, match="no rule set 99"):
        call_command("evaluate", str(path), "--rule-set", "99")
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("evaluate", str(tmp_path / "missing"))


@pytest.mark.django_db
def test_nothing_is_stored(django_assert_max_num_queries) -> None:
    with django_assert_max_num_queries(2) as queries:
        evaluate({"now": datetime.now(UTC).isoformat(), "contact": NEW_YORK})
    assert not [query for query in queries.captured_queries if not query["sql"].startswith("SELECT")]
