"""Not at night: by law, by the house's own hours, and by every clock that may be the person's."""

from datetime import datetime

from compliance import windows
from compliance.base import Facts, Rule, Verdict, allow, deny, rules, wait
from compliance.law import judging
from compliance.law.rules import NO_RULES, lifts
from compliance.places import Place

WRITTEN, EXPRESS = "express_written", ("express", "express_written")


@rules.register
class QuietHoursRule(Rule):
    """Defers a message to the nearest instant that the law of every place and the house's own hours allow.

    The law is that of every jurisdiction that the person may be in, read by the clock of every zone that may be the
    person's; quiet hours of the brand can only tighten it. Windows are half-open: the first second is allowed, the end is
    not. Where nothing is allowed within 14 days, or a ban or an emergency stands, the message is refused. The short answer to
    a STOP or HELP is sent at any hour.
    """

    key = "quiet_hours"
    title = "Legal and quiet hours"
    spares_tests = True

    def judge(self, facts: Facts, now: datetime) -> Verdict:
        if facts.is_answer:
            return allow("An answer to what the person has just written.")
        quiet = [one for one in facts.quiet if facts.message_class in one.classes]
        answer = judging.when(
            facts.place or Place((facts.zone_name,), facts.zone_source, ()),
            facts.channel,
            facts.message_class,
            now,
            facts.law or NO_RULES,
            profile=facts.house.profile,
            lifts=_lifts(facts),
            policies=tuple(windows.daily(one.end, one.start) for one in quiet),
            guard=facts.house.guard,
            unknown="strictest" if facts.house.unknown_place == "strictest" else "block",
            emergencies=facts.emergencies,
        )
        if answer.outcome == "allow":
            return allow(answer.why)
        if answer.outcome == "deny" or answer.until is None:
            return deny(answer.code, answer.why)
        return wait(answer.until, answer.code, answer.why)


def _lifts(facts: Facts) -> frozenset[str]:
    said = facts.consent
    valid = said is not None and said.state == "granted" and not said.flaw
    basis = said.basis if said is not None and valid else ""
    return lifts(
        honour=facts.house.honour_consent_lift,
        express=basis in EXPRESS,
        written=basis == WRITTEN,
        night=facts.night_consent,
    )
