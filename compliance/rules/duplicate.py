"""Not the same thing twice."""

from datetime import datetime, timedelta

from compliance.base import Facts, Rule, Verdict, allow, deny, rules

WITHIN = timedelta(hours=24)


@rules.register
class DuplicateRule(Rule):
    """Refuses a message that says to the same person what was said within the last 24 hours: same template, same occasion.

    The occasion is what the words may use of the event that asked for it: two orders get two confirmations, one order that
    was reported twice gets one.
    """

    key = "duplicate"
    title = "Duplicates"
    spares_tests = True

    def judge(self, facts: Facts, now: datetime) -> Verdict:
        for sent in facts.sent:
            same = sent.template_id == facts.template_id and sent.occasion == facts.occasion and sent.occasion
            if same and sent.cleared_at > now - WITHIN:
                return deny("duplicate", f"Message {sent.id} said the same at {sent.cleared_at:%Y-%m-%d %H:%M} UTC.")
        return allow()
