"""Did the person allow it?"""

from datetime import datetime

from compliance.base import Facts, Rule, Verdict, allow, deny, rules


@rules.register
class ConsentRule(Rule):
    """Marketing needs the person's consent for this channel and topic; nothing said is never yes.

    Service messages may be sent until the person says no; transactional messages and one-time codes need no consent.
    """

    key = "consent"
    title = "Consent"

    def judge(self, facts: Facts, now: datetime) -> Verdict:
        said = facts.consent
        if facts.message_class in ("transactional", "otp"):
            return allow(f"A {facts.message_class} message needs no consent.")
        if said is not None and said.state == "withdrawn":
            return deny("consent_withdrawn", f"Withdrawn on {said.occurred_at:%Y-%m-%d %H:%M} UTC.")
        if facts.message_class == "service":
            return allow("A service message may be sent until the person says no.")
        if said is None:
            return deny("no_consent", f"The person never allowed {facts.topic!r} by {facts.channel}.")
        if said.state == "pending":
            return deny("consent_pending", "The person has not confirmed it yet.")
        if said.expires_at is not None and now >= said.expires_at:
            return deny("consent_expired", f"It held until {said.expires_at:%Y-%m-%d %H:%M} UTC.")
        return allow(f"{said.basis or 'express'} consent of {said.occurred_at:%Y-%m-%d %H:%M} UTC.")
