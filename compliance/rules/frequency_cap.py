"""Not too often."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo

from dateutil.relativedelta import relativedelta

from compliance.base import CapFact, Facts, Rule, SentFact, Verdict, allow, deny, rules, wait

PERIODS = {"day": relativedelta(days=1), "week": relativedelta(weeks=1), "month": relativedelta(months=1)}


@rules.register
class FrequencyCapRule(Rule):
    """Keeps to the brand's frequency caps, over all channels together unless a cap says otherwise.

    A rolling window is half-open: what was sent exactly its length ago no longer counts. A calendar window is that of the
    person's own calendar (weeks begin on Monday). A full cap defers a message to the instant that frees a slot, skips
    it, or ends the journey that asked for it, as the cap says; of several full caps the strictest decides. A slot is taken when the gate clears a message, under the lock of its contact, and given back when
    the provider refuses it. The short answer to a STOP or HELP is not held back.
    """

    key = "frequency_cap"
    title = "Frequency caps"
    spares_tests = True

    def judge(self, facts: Facts, now: datetime) -> Verdict:
        caps = [cap for cap in facts.caps if _concerns(cap, facts) and not facts.is_answer]
        zone = facts.zone or UTC
        found = [(cap, _counted(cap, facts, now, zone)) for cap in caps]
        full = [(cap, counted) for cap, counted in found if len(counted) >= cap.limit]
        if not full:
            return allow("; ".join(f"{len(counted)} of {cap.limit} used ({cap.name})" for cap, counted in found))
        for action in ("end", "skip"):
            if cap := next((cap for cap, _ in full if cap.action == action), None):
                ends = action == "end"
                over = "; the journey ends for this person." if ends else "."
                return deny("frequency_cap", f"{cap.name}: {_words(cap)} are used up{over}", ends_journey=ends)
        until, cap = max(((_frees(cap, counted, now, zone), cap) for cap, counted in full), key=lambda pair: pair[0])
        return wait(until, "frequency_cap", f"{cap.name}: {_words(cap)} are used up.")


def _concerns(cap: CapFact, facts: Facts) -> bool:
    journey = str(facts.labels.get("journey") or "")
    return (
        facts.message_class in cap.classes
        and (not cap.channels or facts.channel in cap.channels)
        and (not cap.topics or facts.topic in cap.topics)
        and (not cap.journeys or journey in cap.journeys)
    )


def _counts(cap: CapFact, sent: SentFact, facts: Facts) -> bool:
    return (
        sent.brand_id == facts.brand_id
        and sent.message_class in cap.classes
        and (not cap.channels or sent.channel in cap.channels)
        and (not cap.topics or sent.topic in cap.topics)
        and (not cap.journeys or sent.journey in cap.journeys)
    )


def _counted(cap: CapFact, facts: Facts, now: datetime, zone: tzinfo) -> list[datetime]:
    """When the slots in the window were taken, oldest first."""
    taken = sorted(sent.cleared_at for sent in facts.sent if _counts(cap, sent, facts))
    if not cap.calendar:
        return [at for at in taken if at > now - cap.window]
    begin = _period_start(cap.calendar, now, zone)
    return [at for at in taken if at >= begin]


def _frees(cap: CapFact, counted: Sequence[datetime], now: datetime, zone: tzinfo) -> datetime:
    if not cap.calendar:
        return counted[-cap.limit] + cap.window
    following = _period_start(cap.calendar, now, zone).astimezone(zone).date() + PERIODS[cap.calendar]
    return datetime.combine(following, time(0), zone).astimezone(UTC)


def _period_start(calendar: str, now: datetime, zone: tzinfo) -> datetime:
    """Local midnight at which this day, week (Monday) or month began, in UTC."""
    day = now.astimezone(zone).date()
    if calendar == "week":
        day -= timedelta(days=day.weekday())
    elif calendar == "month":
        day = day.replace(day=1)
    return datetime.combine(day, time(0), zone).astimezone(UTC)


def _words(cap: CapFact) -> str:
    return (
        f"{cap.limit} in this {cap.calendar}"
        if cap.calendar
        else f"{cap.limit} in {cap.window.total_seconds() / 86400:g} days"
    )
