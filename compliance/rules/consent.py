"""Did the person allow it?"""

from datetime import UTC, date, datetime
from functools import partial

from dateutil.relativedelta import relativedelta

from compliance.base import ConsentFact, Facts, Rule, Verdict, allow, deny, rules

IMPLIED = {"implied_purchase": 24, "implied_inquiry": 6}
"""Calendar months (Canada's Anti-Spam Legislation, s. 10(10), (13)): the period immediately before the day of sending."""
WRITTEN_ONLY = frozenset({"sms", "mms", "voice"})
"""Channels on which US advertising needs prior express written consent (47 CFR 64.1200(a)(2), (f)(9))."""
RECONFIRM = {"KR": 24}
"""Calendar months after which the person must be told of the consent again (Korea's Network Act, art. 50(8): every two
years). It goes on meanwhile; the decisions say so, and the home page counts them."""


@rules.register
class ConsentRule(Rule):
    """Marketing needs the person's consent for this channel and topic; nothing said is never yes.

    Service messages may be sent until the person says no (texts to the US need a consent of any kind); transactional
    messages and one-time codes need none. In the US advertising by text needs a consent in writing. Consent that is
    implied by a purchase or an inquiry ends by the calendar. A consent whose proof or conditions are missing, or whose
    wording was withdrawn, is none.
    """

    key = "consent"
    title = "Consent"
    spares_tests = True

    def judge(self, facts: Facts, now: datetime) -> Verdict:
        if facts.essential:
            return allow(f"A {facts.message_class} message needs no consent.")
        said = facts.consent
        if said is not None and said.state == "withdrawn":
            return deny("opted_out", f"Withdrawn on {said.occurred_at:%Y-%m-%d %H:%M} UTC.")
        if facts.message_class == "service" and not _us_text(facts):
            return allow("A service message may be sent until the person says no.")
        if said is None:
            return _nothing_said(facts)
        doubts = (_unconfirmed, _flawed, _over, partial(_too_weak, facts), partial(_not_named, facts))
        found = next((verdict for doubt in doubts if (verdict := doubt(said, now, facts.zone or UTC))), None)
        return found or _allowed(said, facts, now)


def _allowed(said: ConsentFact, facts: Facts, now: datetime) -> Verdict:
    words = f"{said.basis or 'express'} consent of {said.occurred_at:%Y-%m-%d %H:%M} UTC"
    months = max((RECONFIRM[country] for country in facts.countries & RECONFIRM.keys()), default=0)
    if months and said.occurred_at + relativedelta(months=months) <= now:
        return allow(f"{words}; the person is to be reminded of it every {months} months.", "reconfirm_due")
    return allow(f"{words}.")


def _us_text(facts: Facts) -> bool:
    return "US" in facts.countries and facts.channel in WRITTEN_ONLY


def _nothing_said(facts: Facts) -> Verdict:
    if facts.other_topics:
        allowed = ", ".join(sorted(facts.other_topics))
        return deny("purpose_mismatch", f"The person allowed {allowed} by {facts.channel}, not {facts.topic!r}.")
    return deny("no_consent", f"The person never allowed {facts.topic!r} by {facts.channel}.")


def _unconfirmed(said: ConsentFact, now: datetime, zone: object) -> Verdict | None:
    return deny("consent_pending", "The person has not confirmed it yet.") if said.state == "pending" else None


def _flawed(said: ConsentFact, now: datetime, zone: object) -> Verdict | None:
    if said.flaw:
        why = {"no_proof": "There is no proof of it: where, when and to which words the person agreed.",
               "soft_optin_conditions": "The person was not offered a way out when the address was collected."}  # fmt: skip
        return deny(said.flaw, why.get(said.flaw, "It cannot be relied on."))
    if said.wording_withdrawn:
        return deny(
            "consent_version_revoked", f"The wording {said.wording!r} was withdrawn; the person must be asked again."
        )
    return None


def _over(said: ConsentFact, now: datetime, zone: object) -> Verdict | None:
    if months := IMPLIED.get(said.basis):
        day, since = _day(now, zone), _day(said.occurred_at, zone)
        if since < day - relativedelta(months=months):
            return deny("implied_consent_expired", f"It was implied on {since}, and holds for {months} months.")
    if said.expires_at is not None and now >= said.expires_at:
        return deny("consent_expired", f"It held until {said.expires_at:%Y-%m-%d %H:%M} UTC.")
    return None


def _day(instant: datetime, zone: object) -> date:
    return instant.astimezone(zone).date()  # type: ignore[arg-type]


def _too_weak(facts: Facts, said: ConsentFact, now: datetime, zone: object) -> Verdict | None:
    if facts.message_class == "marketing" and _us_text(facts) and said.basis != "express_written":
        return deny("consent_not_written", f"Advertising by {facts.channel} to the US needs consent in writing.")
    return None


def _not_named(facts: Facts, said: ConsentFact, now: datetime, zone: object) -> Verdict | None:
    if facts.channel == "whatsapp" and facts.house.whatsapp_named_opt_in and not said.names_channel:
        return deny("no_consent", "The consent does not name WhatsApp, and the house's policy asks for that.")
    return None
