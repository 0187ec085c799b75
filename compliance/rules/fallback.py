"""A no on one channel is not a detour to another."""

from datetime import datetime

from compliance.base import Facts, Rule, Verdict, allow, deny, rules

SAME_NUMBER = frozenset({"sms", "mms", "rcs", "whatsapp", "voice"})


@rules.register
class FallbackRule(Rule):
    """Refuses a promotion that stands in for one on a channel that the person has opted out of.

    On the same phone number always; to another address unless the house allows it. What the person needs (a failed
    payment, a one-time code) may take another way.
    """

    key = "fallback"
    title = "Fallback after an opt-out"
    spares_tests = True

    def judge(self, facts: Facts, now: datetime) -> Verdict:
        before = facts.fallback_from
        if not before or facts.message_class != "marketing" or before not in facts.opted_out_channels:
            return allow()
        same = before in SAME_NUMBER and facts.channel in SAME_NUMBER
        if facts.house.cross_channel_fallback and not same:
            return allow(f"The person opted out of {before}; the house's policy allows another channel.")
        return deny(
            "fallback_after_optout", f"The person opted out of {before}; this would be the same by {facts.channel}."
        )
