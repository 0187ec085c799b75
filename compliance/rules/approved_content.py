"""What legal approved is what is sent."""

from datetime import datetime

from compliance.base import Facts, Rule, Verdict, allow, deny, rules


@rules.register
class ApprovedContentRule(Rule):
    """Refuses words that nobody approved, and words that are not exactly those that were approved.

    The fingerprint is computed anew from the stored words at every judgement, so that a change that went round all forms
    (a script, SQL) is noticed as well.
    """

    key = "approved_content"
    title = "Approved content"
    spares_tests = True

    def judge(self, facts: Facts, now: datetime) -> Verdict:
        version = facts.version
        if version is None:
            return deny("template_not_approved", "The template has no approved version for this person's language.")
        if not version.approved_fingerprint:
            return deny("template_not_approved", f"Version {version.number} has no approval.")
        if version.fingerprint != version.approved_fingerprint:
            what = f" Changed: {', '.join(version.broken)}." if version.broken else ""
            return deny("seal_broken", f"Version {version.number} is not what was approved.{what}")
        if version.valid_until and now >= version.valid_until:
            return deny(
                "approval_expired",
                f"The approval of version {version.number} ended at {version.valid_until:%Y-%m-%d %H:%M} UTC.",
            )
        if version.urgent:
            return allow(f"Version {version.number}, released urgently by {version.approver}.")
        return allow(f"Version {version.number}, approved by {version.approver}.")
