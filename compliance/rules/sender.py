"""May the sender send?"""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from compliance.base import Facts, Rule, Verdict, allow, deny, rules, wait

TIER = "sender_tier"
ROLLING = timedelta(hours=24)
CARRIERS_DAY = ZoneInfo("America/Los_Angeles")
"""US carriers' daily caps of registered brands begin anew at midnight Pacific time."""


def midnight(now: datetime, days: int = 0) -> datetime:
    """When the carriers' day of `now` began, in UTC; `days`: that many of them later."""
    day = now.astimezone(CARRIERS_DAY).date() + timedelta(days=days)
    return datetime.combine(day, time(0), CARRIERS_DAY).astimezone(UTC)


@rules.register
class SenderRule(Rule):
    """Refuses an unregistered or unverified sender before a carrier does; waits while a daily limit is used up.

    WhatsApp counts different people in any 24 hours (its tiers); US carriers count a brand's messages a day.
    """

    key = "sender"
    title = "Sender"

    def judge(self, facts: Facts, now: datetime) -> Verdict:
        sender = facts.sender
        if not sender.registered:
            return deny("sender_not_registered", "The sender is not registered or verified; carriers would refuse it.")
        waits = []
        if sender.recipients_limit and not sender.knows_recipient and sender.recipients >= sender.recipients_limit:
            why = f"{sender.recipients_limit} different people in 24 hours are reached."
            waits.append(wait(sender.frees_at or now + ROLLING, TIER, why))
        if sender.daily_limit and sender.sent_today >= sender.daily_limit:
            why = f"{sender.daily_limit} a day are used up."
            waits.append(wait(midnight(now, days=1), "carrier_daily_cap", why))
        return max(waits, key=lambda verdict: verdict.until or now, default=allow())
