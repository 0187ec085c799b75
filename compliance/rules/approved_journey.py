"""A journey that legal approved is the one that sends."""

from datetime import datetime, timedelta

from compliance.base import Facts, Rule, Verdict, allow, rules, wait

LOOK_AGAIN = timedelta(hours=1)


@rules.register
class ApprovedJourneyRule(Rule):
    """Holds messages of a journey whose version is not approved, or is not what was approved.

    Its design, the segments and templates that it names and the caps that name it are hashed anew at every judgement. The
    people stay where they are: what waits is judged again at once when it is approved anew, and every hour until it expires.
    """

    key = "approved_journey"
    title = "Approved journey"
    spares_tests = True

    def judge(self, facts: Facts, now: datetime) -> Verdict:
        journey = facts.journey
        if journey is None:
            return allow()
        if not journey.approved:
            return wait(now + LOOK_AGAIN, "journey_not_approved", "The version of the journey has no approval.")
        if journey.broken:
            changed = ", ".join(journey.broken)
            return wait(
                now + LOOK_AGAIN, "journey_seal_broken", f"The journey is not what was approved. Changed: {changed}."
            )
        if journey.valid_until and now >= journey.valid_until:
            return wait(now + LOOK_AGAIN, "journey_approval_expired", "The approval of the journey has ended.")
        return allow("The journey is what was approved.")
