"""Too late to make sense."""

from datetime import datetime

from compliance.base import Facts, Rule, Verdict, allow, deny, rules


@rules.register
class ExpiryRule(Rule):
    """Refuses a message from the instant on at which whoever asked for it said that it is pointless."""

    key = "expiry"
    title = "Expiry"

    def judge(self, facts: Facts, now: datetime) -> Verdict:
        if facts.expires_at is None or now < facts.expires_at:
            return allow()
        return deny("expired", f"It made sense until {facts.expires_at:%Y-%m-%d %H:%M} UTC only.")
