"""Is there a way to this person at all?"""

from datetime import datetime, timedelta

from compliance.base import Facts, Rule, Verdict, allow, deny, rules, wait

NO_TESTER = "This test has nowhere to go: its user ID is no tester's (any more)."
RETRY = timedelta(minutes=15)


@rules.register
class ReachabilityRule(Rule):
    """Refuses a message to somebody without an address for its channel, or whose address is known to be wrong.

    While the brand has no enabled account for the channel, messages wait: that is the house's fault, not the person's.
    """

    key = "reachability"
    title = "Address and account"

    def judge(self, facts: Facts, now: datetime) -> Verdict:
        if facts.needs_address and facts.address_id is None:
            return deny("no_address", NO_TESTER if facts.is_test else "The person has no address for this channel.")
        if facts.address_validity == "invalid":
            return _does_not_work(facts)
        if not facts.has_account:
            return wait(now + RETRY, "no_account", "The brand has no enabled default account for this channel.")
        return allow()


def _does_not_work(facts: Facts) -> Verdict:
    if facts.channel == "push":
        return deny("token_invalid", "The app is no longer installed on any device that we know of.")
    return deny("invalid_address", "The address is known not to work.")
