"""Addresses that must not be written to."""

from datetime import datetime, timedelta

from compliance.base import Facts, Rule, SuppressionFact, Verdict, allow, deny, rules, wait

REFUSABLE = frozenset({"opt_out", "complaint", "provider"})
"""Reasons that stop what can be refused, but not an order confirmation or a one-time code."""
ONLY_MARKETING = frozenset({"no_marketing", "review"})
ENDED_BY_A_YES = frozenset({"opt_out", "no_marketing"})
CODES = {
    "opt_out": "opted_out",
    "no_marketing": "opted_out",
    "bounce": "invalid_address",
    "erased": "suppressed_hash",
    "reassigned": "opted_out",
    "provider": "provider_block",
}
LOOK_AGAIN = timedelta(hours=1)


@rules.register
class SuppressionRule(Rule):
    """Refuses an address that is on the suppression list: bounced, complained, opted out, erased, or for legal reasons.

    An opt-out and a complaint stop marketing and service messages, a doubt whether somebody opted out holds marketing until
    a person has decided; every other reason stops everything. A newer, proven consent ends an opt-out for its topic. A
    number that the provider itself still blocks gets nothing that it can refuse: only a word of its owner to the provider
    (START) opens it again.
    """

    key = "suppression"
    title = "Suppression list"

    def judge(self, facts: Facts, now: datetime) -> Verdict:
        standing = sorted((one for one in facts.suppressions if _stands(one, facts)), key=_order)
        refusing = [one for one in standing if one.reason != "review"]
        if refusing:
            first = refusing[0]
            why = f"Suppressed on {first.created_at:%Y-%m-%d}: {first.reason}."
            return deny(CODES.get(first.reason, "suppressed"), why)
        if facts.provider_blocked and not facts.essential:
            return deny("provider_block", "The provider blocks this number until its owner texts START.")
        if standing:
            why = "The person wrote something that may be an opt-out; marketing waits until somebody has read it."
            return wait(now + LOOK_AGAIN, "opt_out_review", why)
        return allow()


def _stands(found: SuppressionFact, facts: Facts) -> bool:
    """Whether it is about this message."""
    if facts.essential and found.reason in REFUSABLE:
        return False
    if facts.message_class != "marketing" and found.reason in ONLY_MARKETING:
        return False
    return not (found.reason in ENDED_BY_A_YES and _newer_yes(found, facts))


def _newer_yes(found: SuppressionFact, facts: Facts) -> bool:
    said = facts.consent
    relied_on = said is not None and said.state == "granted" and not said.flaw and not said.wording_withdrawn
    return relied_on and said is not None and said.occurred_at > found.created_at


def _order(found: SuppressionFact) -> tuple[int, datetime, int]:
    """An erasure first: it says most. What the person said comes before what the provider made of it."""
    return {"erased": 0, "provider": 2}.get(found.reason, 1), found.created_at, found.id
