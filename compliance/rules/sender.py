"""May the sender send?"""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from compliance.base import Facts, Rule, Verdict, allow, deny, rules, wait

DAY = timedelta(hours=24)
CARRIERS_DAY = ZoneInfo("America/Los_Angeles")
"""US carriers' daily caps of registered brands begin anew at midnight Pacific time."""


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
        recent = sorted(at for at in sender.recipients if at > now - DAY)
        if sender.recipients_limit and not sender.knows_recipient and len(recent) >= sender.recipients_limit:
            frees = recent[-sender.recipients_limit] + DAY
            return wait(frees, "sender_tier", f"{sender.recipients_limit} different people in 24 hours are reached.")
        if sender.daily_limit and sender.sent_today >= sender.daily_limit:
            midnight = datetime.combine(now.astimezone(CARRIERS_DAY).date() + timedelta(days=1), time(0), CARRIERS_DAY)
            return wait(
                midnight.astimezone(now.tzinfo), "carrier_daily_cap", f"{sender.daily_limit} a day are used up."
            )
        return allow()
