"""The judgement of a hypothetical case, as JSON."""

from datetime import UTC, datetime
from typing import Any

from compliance import judging
from compliance.base import Facts, Verdict
from compliance.law import rule_sets
from compliance.law.rules import Rules
from compliance.whatif import reading
from contacts import zones

DECISIONS = {"allow": "allow", "wait": "defer", "deny": "block"}


def evaluate(value: Any, law: Rules | None = None) -> dict[str, Any]:
    """What the gate would say, with the verdict of every rule. Raises BadCase. `law`: the active rule set unless given."""
    case = reading.read(value, law or rule_sets.active())
    return {**({"id": case.id} if case.id else {}), **answer(case.facts, case.now)}


def answer(facts: Facts, now: datetime) -> dict[str, Any]:
    """The judgement of these facts, with the verdict of every rule."""
    judgement = judging.judge(facts, now)
    decisive = judgement.decisive
    return {
        "decision": DECISIONS[judgement.outcome],
        "until": _written(decisive.until) if judgement.outcome == "wait" else None,
        "reason": decisive.code,
        "why": decisive.why,
        "rule": decisive.rule,
        "verdicts": [_verdict(verdict) for verdict in judgement.verdicts],
        **_place(facts, now),
    }


def _place(facts: Facts, now: datetime) -> dict[str, Any]:
    place, law = facts.place, facts.law
    return {
        "zones": list(place.zones) if place else [],
        "zone_source": facts.zone_source,
        "local_times": {name: now.astimezone(zones.zone(name)).isoformat() for name in place.zones} if place else {},
        "jurisdictions": list(place.jurisdictions) if place else [],
        "rule_set": law.number if law else None,
        "as_of": law.as_of.isoformat() if law and law.as_of else None,
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "rule": verdict.rule,
        "decision": DECISIONS[verdict.outcome],
        "reason": verdict.code,
        "why": verdict.why,
        "until": _written(verdict.until),
    }


def _written(instant: datetime | None) -> str | None:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z") if instant else None
