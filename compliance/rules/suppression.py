"""Addresses that must not be written to."""

from datetime import datetime

from compliance.base import Facts, Rule, Verdict, allow, deny, rules

ONLY_ADVERTISING = frozenset({"opt_out", "complaint"})
"""Reasons that stop what can be refused, but not an order confirmation or a one-time code."""


@rules.register
class SuppressionRule(Rule):
    """Refuses an address that is on the suppression list: bounced, complained, opted out, erased, or for legal reasons.

    An opt-out and a complaint stop marketing and service messages; every other reason stops everything.
    """

    key = "suppression"
    title = "Suppression list"

    def judge(self, facts: Facts, now: datetime) -> Verdict:
        essential = facts.message_class in ("transactional", "otp")
        for found in facts.suppressions:
            if not (essential and found.reason in ONLY_ADVERTISING):
                return deny("suppressed", f"Suppressed on {found.created_at:%Y-%m-%d}: {found.reason}.")
        return allow()
