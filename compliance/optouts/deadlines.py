"""By when an opt-out must have been carried out. Ours are carried out at once; these are the days after which it is an offence."""

from datetime import date, datetime, timedelta, tzinfo

from compliance.law import public_holidays

BUSINESS_DAYS = {"US": 10, "CA": 10, "AU": 5, "NZ": 5}
"""47 CFR 64.1200(a)(10) · CASL s. 11(3) · Spam Act 2003 (Australia) sch. 2 cl. 6 · Unsolicited Electronic Messages Act 2007
(New Zealand) s. 9. Elsewhere the law says "without delay" or names no number of days."""
SATURDAY = 5


def latest(said_at: datetime, jurisdiction: str, zone: tzinfo) -> date | None:
    """The last day, by this zone's calendar, on which an opt-out of this country or region may still be carried out.

    The day on which it was said does not count, weekends and public holidays of the whole country do not either. None where
    the law gives no number of days.
    """
    country = jurisdiction.partition("-")[0]
    left = BUSINESS_DAYS.get(country)
    if left is None:
        return None
    day = said_at.astimezone(zone).date()
    while left:
        day += timedelta(days=1)
        left -= _is_business_day(day, country)
    return day


def _is_business_day(day: date, country: str) -> bool:
    return day.weekday() < SATURDAY and not public_holidays.name(country, (), day)
