"""Addresses that must not be written to."""

from datetime import datetime

from compliance.base import Facts, Rule, Verdict, allow, deny, rules

ONLY_ADVERTISING = frozenset({"opt_out", "complaint"})
"""Reasons that stop what can be refused, but not an order confirmation or a one-time code."""
CODES = {"opt_out": "opted_out", "bounce": "invalid_address", "erased": "suppressed_hash", "reassigned": "opted_out"}


@rules.register
class SuppressionRule(Rule):
    """Refuses an address that is on the suppression list: bounced, complained, opted out, erased, or for legal reasons.

    An opt-out and a complaint stop marketing and service messages; every other reason stops everything. A number that the
    provider itself still blocks is not tried: only a word of its owner to the provider (START) opens it again.
    """

    key = "suppression"
    title = "Suppression list"

    def judge(self, facts: Facts, now: datetime) -> Verdict:
        for found in sorted(facts.suppressions, key=lambda one: (one.created_at, one.id)):
            if not (facts.essential and found.reason in ONLY_ADVERTISING):
                code = CODES.get(found.reason, "suppressed")
                return deny(code, f"Suppressed on {found.created_at:%Y-%m-%d}: {found.reason}.")
        if facts.provider_blocked:
            return deny("provider_block", "The provider blocks this number until its owner texts START.")
        return allow()
