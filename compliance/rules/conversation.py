"""WhatsApp's own conditions: its 24-hour window, and its word on templates."""

from datetime import datetime, timedelta

from compliance.base import Facts, Rule, Verdict, allow, deny, rules, wait

WINDOW = timedelta(hours=24)
LOOK_AGAIN = timedelta(hours=1)
USABLE = frozenset({"", "approved"})
WAITING = frozenset({"pending", "paused", "in_appeal"})


@rules.register
class ConversationRule(Rule):
    """On WhatsApp a text of one's own may be sent within 24 hours of the person's last message, else only a template.

    A template that WhatsApp has not decided about, or has paused, waits; one that it rejected or disabled is refused.
    """

    key = "conversation"
    title = "WhatsApp window and template"

    def judge(self, facts: Facts, now: datetime) -> Verdict:
        version = facts.version
        if facts.channel != "whatsapp" or version is None:
            return allow()
        if version.free_form:
            return self._window(facts, now)
        status = version.provider_status.lower()
        if status in USABLE:
            return allow()
        if status in WAITING:
            return wait(now + LOOK_AGAIN, "template_status", f"WhatsApp says {status} of the template.")
        return deny("template_status", f"WhatsApp says {status} of the template.")

    def _window(self, facts: Facts, now: datetime) -> Verdict:
        if facts.last_inbound_at is not None and now < facts.last_inbound_at + WINDOW:
            return allow(f"The person wrote at {facts.last_inbound_at:%Y-%m-%d %H:%M} UTC.")
        return deny("outside_24h_window", "The person has not written within 24 hours; only a template may be sent.")
