"""Not too often."""

from datetime import datetime

from compliance.base import CapFact, Facts, Rule, Verdict, allow, rules, wait


@rules.register
class FrequencyCapRule(Rule):
    """Defers marketing beyond the brand's frequency caps, over all channels together, to the instant that frees a slot.

    A window is rolling and half-open: what was sent exactly its length ago no longer counts. A slot is taken when the gate
    clears a message, under the lock of its contact, and given back when the provider refuses it.
    """

    key = "frequency_cap"
    title = "Frequency caps"

    def judge(self, facts: Facts, now: datetime) -> Verdict:
        if facts.message_class != "marketing" or not facts.caps:
            return allow()
        full = [(until, cap) for cap in facts.caps if (until := _frees(cap, facts, now)) is not None]
        if not full:
            return allow("; ".join(f"{_used(cap, facts, now)} of {cap.limit} used ({cap.name})" for cap in facts.caps))
        until, cap = max(full, key=lambda pair: pair[0])
        return wait(until, "frequency_cap", f"{cap.name}: {cap.limit} in {cap.window.days} days are used up.")


def _taken(cap: CapFact, facts: Facts, now: datetime) -> list[datetime]:
    """When the slots in the window were taken, oldest first."""
    since = now - cap.window
    return sorted(
        sent.cleared_at
        for sent in facts.sent
        if sent.message_class == "marketing" and sent.brand_id == facts.brand_id and sent.cleared_at > since
    )


def _used(cap: CapFact, facts: Facts, now: datetime) -> int:
    return len(_taken(cap, facts, now))


def _frees(cap: CapFact, facts: Facts, now: datetime) -> datetime | None:
    """When a slot of a full cap is free again; None for a cap with room."""
    taken = _taken(cap, facts, now)
    return taken[-cap.limit] + cap.window if len(taken) >= cap.limit else None
