"""Not more often than the law allows."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from compliance.base import Facts, Rule, SentFact, Verdict, allow, deny, rules
from compliance.law.rules import CapRow
from contacts import zones

ROLLING = timedelta(hours=24)


@rules.register
class StatutoryCapRule(Rule):
    """Refuses advertising beyond what a law counts: so many in 24 hours, one contact a day, one channel a week.

    Calendar windows are read by the clock of every zone that may be the person's, and the fullest counts. A policy can
    defer; the law refuses.
    """

    key = "statutory_cap"
    title = "Statutory caps"
    spares_tests = True

    def judge(self, facts: Facts, now: datetime) -> Verdict:
        if facts.law is None or facts.place is None:
            return allow()
        for row in facts.law.tables.caps:
            if row.jurisdiction in facts.place.jurisdictions and row.concerns(facts.channel, facts.message_class):
                days = [now.astimezone(zones.zone(name)).date() for name in facts.place.zones]
                if any(row.valid(day) for day in days) and _is_full(row, facts, now):
                    return deny("statutory_cap", f"{row.jurisdiction}: {row.note or row.source}")
        return allow()


def _is_full(row: CapRow, facts: Facts, now: datetime) -> bool:
    counted = [one for one in facts.sent if row.concerns(one.channel, one.message_class) and _same(row, one, facts)]
    if row.window == "24h":
        return _over(row, [one for one in counted if one.cleared_at > now - ROLLING], facts)
    places = facts.place.zones if facts.place else ()
    return any(_over(row, _in_period(row, counted, now, zones.zone(name)), facts) for name in places)


def _same(row: CapRow, sent: SentFact, facts: Facts) -> bool:
    """A cap on one subject counts what is on the same topic of the same brand."""
    return not row.same_subject or (sent.topic == facts.topic and sent.brand_id == facts.brand_id)


def _over(row: CapRow, counted: Sequence[SentFact], facts: Facts) -> bool:
    if row.counts == "channels":
        return len({one.channel for one in counted} | {facts.channel}) > row.limit
    return len(counted) >= row.limit


def _in_period(row: CapRow, counted: Sequence[SentFact], now: datetime, zone: tzinfo) -> list[SentFact]:
    """Those of the local day, or of the local week (from Monday)."""
    today = now.astimezone(zone).date()
    begin = today - timedelta(days=today.weekday()) if row.window == "local-week" else today
    return [one for one in counted if one.cleared_at.astimezone(UTC).astimezone(zone).date() >= begin]
