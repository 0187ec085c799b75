"""Which purchases are replayed, and over which stretch of time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from demo import purchases, story
from demo.purchases import Purchase
from demo.story import Moment

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Plan:
    """Calls in order of time, and the virtual stretch from `start` to `end`. `shift` was added to the file's days."""

    moments: Sequence[Moment]
    start: datetime
    end: datetime
    shift: timedelta


def plan(
    found: Sequence[Purchase], now: datetime, *, first: date | None = None, last: date | None = None, shift: bool = True
) -> Plan:
    """The plan for a file's purchases, moved so that the file's last one is yesterday unless `shift` is off.

    `first` and `last` are days of the file; a day after the file's last one is taken as a day after the shift. Without
    `last` the clock runs on to `now`. Raises BadFile if no purchase is left.
    """
    newest = max(purchase.day for purchase in found)
    by = (now.date() - DAY) - newest if shift else timedelta(0)
    first, last = (day - by if day and day > newest else day for day in (first, last))
    chosen = purchases.shifted(purchases.within(found, first, last), by)
    if not chosen:
        raise purchases.BadFile(f"The file has no purchases from {first or 'its start'} to {last or 'its end'}.")
    moments = story.moments(chosen)
    start = datetime.combine(chosen[0].day, time(0), UTC)
    end = now if shift and not last else datetime.combine((last + by if last else chosen[-1].day) + DAY, time(0), UTC)
    end = min(end, now)
    return Plan([moment for moment in moments if moment.at <= end], start, end, by)
