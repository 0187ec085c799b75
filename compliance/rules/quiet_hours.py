"""Not at night, by the person's own clock."""

from datetime import UTC, datetime

from compliance import windows
from compliance.base import Facts, QuietFact, Rule, Verdict, allow, deny, rules, wait


@rules.register
class QuietHoursRule(Rule):
    """Defers a message that would arrive in the quiet hours of its brand and channel, to the instant at which they end.

    Hours are those of the person's clock; of somebody whose time zone is unknown, the brand's. They are half-open: the
    first second after the end is allowed. Clock changes are told in `compliance.windows`.
    """

    key = "quiet_hours"
    title = "Quiet hours"

    def judge(self, facts: Facts, now: datetime) -> Verdict:
        quiet = [one for one in facts.quiet if facts.message_class in one.classes]
        zone = facts.zone or UTC
        clocks = [(zone, windows.daily(one.end, one.start)) for one in quiet]
        if not clocks or windows.is_open(clocks, now):
            return allow(f"{now.astimezone(zone):%H:%M} in {facts.zone_name}.")
        local = f"It is {now.astimezone(zone):%H:%M} in {facts.zone_name}; quiet are {_hours(quiet)}."
        until = windows.next_open(clocks, now)
        if until is None:
            return deny("no_common_window", f"{local} There is no hour that all of them allow.")
        return wait(until, "quiet_hours", local)


def _hours(quiet: list[QuietFact]) -> str:
    return " and ".join(f"{one.start:%H:%M}-{one.end:%H:%M}" for one in quiet)
