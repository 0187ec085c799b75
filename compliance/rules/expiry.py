"""Too late to make sense."""

from datetime import datetime

from compliance.base import Facts, Rule, Verdict, allow, deny, rules


@rules.register
class ExpiryRule(Rule):
    """Refuses a message from the instant on at which whoever asked for it said that it is pointless.

    One that was held back longer than the house's policy allows (72 hours unless it says otherwise) is pointless too, if
    nobody said until when it makes sense.
    """

    key = "expiry"
    title = "Expiry"

    def judge(self, facts: Facts, now: datetime) -> Verdict:
        if facts.expires_at is not None:
            if now < facts.expires_at:
                return allow()
            return deny("expired", f"It made sense until {facts.expires_at:%Y-%m-%d %H:%M} UTC only.")
        if facts.requested_at is not None and now - facts.requested_at > facts.house.longest_hold:
            return deny("expired", f"It has been held back since {facts.requested_at:%Y-%m-%d %H:%M} UTC.")
        return allow()
