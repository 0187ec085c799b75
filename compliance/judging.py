"""All rules, always; every verdict is kept, and the strictest one decides: so their order never matters."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from logging import getLogger
from typing import Any

from compliance.base import SEVERITY, Facts, Rule, Verdict, allow, deny, rules, wait

log = getLogger("waymark.gate")

HOURS = frozenset({"quiet_hours", "legal_hours", "guard_minutes"})
RETRY_BROKEN = timedelta(minutes=15)
"""How long a message is held when a rule cannot judge it."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What all rules together say. `decisive` is the strictest verdict, and the one whose reason is shown."""

    decisive: Verdict
    verdicts: tuple[Verdict, ...]

    @property
    def outcome(self) -> str:
        """allow, wait or deny."""
        return self.decisive.outcome

    def rows(self) -> list[list[Any]]:
        """As a decision keeps them: [rule, outcome, code, why, until], one each; `Decision.trace` reads them back."""
        return [
            [v.rule, v.outcome, v.code, v.why, v.until] if v.outcome != "allow" else [v.rule, "allow", "", v.why]
            for v in self.verdicts
        ]


def judge(facts: Facts, now: datetime) -> Judgement:
    """Ask every rule. One that raises holds the message: the gate fails closed."""
    verdicts = tuple(_asked(rule, facts, now) for rule in rules)
    return Judgement(strictest(verdicts, facts.expires_at), verdicts)


def strictest(verdicts: Sequence[Verdict], expires_at: datetime | None) -> Verdict:
    """A refusal before a wait, a wait before a permission; of waits the longest, of refusals the first by its code.

    A wait that ends when the message no longer makes sense is a refusal: it would never leave.
    """
    found = max(verdicts, key=_weight)
    if found.outcome == "deny":
        refusals = [verdict for verdict in verdicts if verdict.outcome == "deny"]
        return min(refusals, key=lambda verdict: (verdict.code, verdict.rule))
    if found.outcome == "wait" and found.until and expires_at and found.until >= expires_at:
        late = f"{found.why} It could leave at {found.until:%Y-%m-%d %H:%M} UTC, when it no longer makes sense."
        code = "expired_before_window" if found.code in HOURS else found.code
        return replace(deny(code, late), rule=found.rule)
    return found


_END = datetime.max.replace(tzinfo=UTC)


def _weight(verdict: Verdict) -> tuple[int, bool, datetime, str]:
    """A wait without an end (a stop) outweighs every wait with one."""
    endless = verdict.outcome == "wait" and verdict.until is None
    return SEVERITY[verdict.outcome], endless, verdict.until or _END, verdict.code


def _asked(rule: Rule, facts: Facts, now: datetime) -> Verdict:
    if facts.is_test and rule.spares_tests:
        return replace(allow("Not asked of tests: they go to addresses of our own."), rule=rule.key)
    try:
        found = rule.judge(facts, now)
    except Exception as error:
        log.exception("The rule %s could not judge message %s; it is held", rule.key, facts.message_id)
        found = wait(now + RETRY_BROKEN, "rule_failed", f"The rule could not judge: {type(error).__name__}: {error}")
    return replace(found, rule=rule.key)
