"""A hand on the door."""

from datetime import datetime

from compliance.base import Facts, Rule, Verdict, allow, rules, wait


@rules.register
class StopRule(Rule):
    """Holds a message while a stop of everything, its brand, its channel or its journey stands.

    It stays in place, and is judged again in full when the stop is lifted.
    """

    key = "stop"
    title = "Stops"

    def judge(self, facts: Facts, now: datetime) -> Verdict:
        if not facts.stops:
            return allow()
        return wait(None, "stopped", f"A stop stands: {', '.join(facts.stops)}.")
