"""The strictest verdict decides, whatever the order; and no rule looks anywhere but at its facts."""

import random
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance import judging
from compliance.base import (
    CapFact,
    ConsentFact,
    Facts,
    MatrixFact,
    QuietFact,
    SentFact,
    SuppressionFact,
    Verdict,
    VersionFact,
    rules,
)

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
INSTANTS = st.datetimes(datetime(2026, 11, 1), datetime(2026, 12, 31)).map(lambda naive: naive.replace(tzinfo=UTC))
VERDICTS = st.builds(
    Verdict,
    outcome=st.sampled_from(["allow", "wait", "deny"]),
    code=st.sampled_from(["a", "b", "c"]),
    until=st.none() | INSTANTS,
    rule=st.sampled_from(["one", "two", "three"]),
)
CLASSES = st.sampled_from(["marketing", "service", "transactional", "otp"])
FACTS = st.builds(
    Facts,
    message_id=st.just(1),
    contact_id=st.just(1),
    brand_id=st.just(1),
    channel=st.just("sms"),
    topic=st.just("news"),
    message_class=CLASSES,
    template_id=st.just(1),
    occasion=st.sampled_from(["", "a"]),
    expires_at=st.none() | INSTANTS,
    address_id=st.none() | st.just(1),
    address_validity=st.sampled_from(["unknown", "valid", "invalid"]),
    has_account=st.booleans(),
    zone=st.just(UTC),
    consent=st.none() | st.builds(
        ConsentFact, id=st.just(1), state=st.sampled_from(["granted", "pending", "withdrawn"]), basis=st.just("express"),
        occurred_at=INSTANTS, expires_at=st.none() | INSTANTS,
    ),
    suppressions=st.lists(st.builds(SuppressionFact, id=st.just(1), reason=st.sampled_from(["bounce", "opt_out"]), created_at=INSTANTS), max_size=2),
    version=st.none() | st.builds(
        VersionFact, id=st.just(1), number=st.just(1), state=st.just("approved"), message_class=CLASSES,
        fingerprint=st.just("x"), approved_fingerprint=st.sampled_from(["x", "y", ""]),
    ),
    quiet=st.lists(st.builds(QuietFact, start=st.just(time(21)), end=st.just(time(8)), classes=st.just(frozenset({"marketing"}))), max_size=2),
    caps=st.lists(st.builds(CapFact, name=st.just("c"), limit=st.integers(1, 3), window=st.just(timedelta(days=7))), max_size=2),
    sent=st.lists(
        st.builds(SentFact, id=st.just(2), template_id=st.just(1), channel=st.just("sms"), message_class=CLASSES,
                  brand_id=st.just(1), cleared_at=INSTANTS, occasion=st.sampled_from(["", "a"])), max_size=4),
    stops=st.lists(st.just("all"), max_size=1),
    matrix=st.lists(
        st.builds(MatrixFact, name=st.sampled_from(["a", "b"]), event=st.just("case.opened"), happened_at=INSTANTS, lifted_at=st.none() | INSTANTS,
                  lasts=st.none() | st.just(timedelta(days=7)), classes=st.frozensets(CLASSES), topics=st.frozensets(st.sampled_from(["news", "x"]))), max_size=2),
)  # fmt: skip


@given(st.lists(VERDICTS, min_size=1, max_size=8), st.none() | INSTANTS, st.randoms(use_true_random=False))
def test_the_order_of_rules_never_matters(
    verdicts: list[Verdict], expires_at: datetime | None, chance: random.Random
) -> None:
    shuffled = list(verdicts)
    chance.shuffle(shuffled)
    one, other = judging.strictest(verdicts, expires_at), judging.strictest(shuffled, expires_at)
    assert (one.outcome, one.code) == (other.outcome, other.code)
    assert one.outcome != "wait" or one.until == other.until


@given(st.lists(VERDICTS, min_size=1, max_size=8))
def test_one_refusal_refuses_and_one_wait_is_no_permission(verdicts: list[Verdict]) -> None:
    outcomes = {verdict.outcome for verdict in verdicts}
    expected = "deny" if "deny" in outcomes else "wait" if "wait" in outcomes else "allow"
    assert judging.strictest(verdicts, None).outcome == expected


@given(FACTS, INSTANTS)
@settings(max_examples=300, deadline=None)
def test_every_rule_answers_and_the_same_facts_have_the_same_answer(facts: Facts, now: datetime) -> None:
    found = judging.judge(facts, now)
    assert found == judging.judge(facts, now)
    assert [verdict.rule for verdict in found.verdicts] == [rule.key for rule in rules]
    assert not any(verdict.code == "rule_failed" for verdict in found.verdicts)
    assert all(verdict.why for verdict in found.verdicts if verdict.outcome != "allow")


@given(FACTS, INSTANTS)
@settings(max_examples=300, deadline=None)
def test_marketing_never_leaves_without_a_granted_consent_in_a_quiet_hour_or_over_a_cap(
    facts: Facts, now: datetime
) -> None:
    if judging.judge(facts, now).outcome != "allow" or facts.message_class != "marketing":
        return
    assert facts.consent
    assert facts.consent.state == "granted"
    assert not facts.stops
    if facts.quiet:
        assert 8 <= now.hour < 21
    for cap in facts.caps:
        counted = [s for s in facts.sent if s.message_class == "marketing" and s.cleared_at > now - cap.window]
        assert len(counted) < cap.limit


@given(FACTS, INSTANTS)
@settings(max_examples=200, deadline=None)
def test_a_wait_ends_in_the_future_or_not_by_itself(facts: Facts, now: datetime) -> None:
    found = judging.judge(facts, now)
    if found.outcome == "wait":
        assert found.decisive.until is None or found.decisive.until > now


def test_a_wait_that_ends_too_late_is_a_refusal() -> None:
    late = Verdict("wait", "quiet_hours", "Night.", NOW + timedelta(hours=8), "quiet_hours")
    found = judging.strictest([late], NOW + timedelta(hours=2))
    assert (found.outcome, found.code, found.rule) == ("deny", "expired_before_window", "quiet_hours")
    assert judging.strictest([late], NOW + timedelta(hours=9)).outcome == "wait"


@pytest.mark.parametrize("rule", list(rules), ids=lambda rule: rule.key)
def test_contract_of_a_rule(rule) -> None:
    assert rule.key.isidentifier()
    assert rule.title
    assert len(rule.__doc__.split()) > 8
