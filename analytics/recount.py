"""Make all figures anew from the rows that they were counted from; the two must agree (and a test holds them to it)."""

from collections import Counter, defaultdict
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from analytics import tallies
from analytics.models import Tally
from analytics.receivers import outcome_of
from analytics.tallies import Key
from contacts.models import Event
from journeys.models import Enrolment, Version, Visit


def recount(version: Version) -> int:
    """Replace the version's tallies. Returns how many rows it now has."""
    by_hour: dict[datetime, Counter[Key]] = defaultdict(Counter)
    money: dict[datetime, dict[Key, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    _count_enrolments(version, by_hour, money)
    _count_visits(version, by_hour)
    _count_messages(version, by_hour)
    with transaction.atomic():
        Tally.objects.filter(version=version).delete()
        for hour, counts in by_hour.items():
            tallies.add(counts, hour, money[hour])
    return sum(len(counts) for counts in by_hour.values())


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _count_enrolments(
    version: Version, by_hour: dict[datetime, Counter[Key]], money: dict[datetime, dict[Key, Decimal]]
) -> None:
    rows = version.enrolments.values_list("state", "entered_at", "ended_at", "converted_at", "conversion_value")
    for state, entered_at, ended_at, converted_at, value in rows.iterator():
        by_hour[_hour(entered_at)][version.pk, "", "entered"] += 1
        if ended_at and state not in Enrolment.LIVE:
            by_hour[_hour(ended_at)][version.pk, "", state] += 1
        if converted_at:
            by_hour[_hour(converted_at)][version.pk, "", "converted"] += 1
            money[_hour(converted_at)][version.pk, "", "converted"] += value or Decimal(0)


def _count_visits(version: Version, by_hour: dict[datetime, Counter[Key]]) -> None:
    rows = Visit.objects.filter(enrolment__version=version).values_list("step__key", "entered_at", "left_at", "exit")
    for step, entered_at, left_at, exit_name in rows.iterator():
        by_hour[_hour(entered_at)][version.pk, step, "entered"] += 1
        if left_at and exit_name:
            by_hour[_hour(left_at)][version.pk, step, f"exit:{exit_name}"] += 1


def _count_messages(version: Version, by_hour: dict[datetime, Counter[Key]]) -> None:
    rows = Event.objects.filter(name__startswith="message.", properties__version=version.pk)
    for name, received_at, properties in rows.values_list("name", "received_at", "properties").iterator():
        by_hour[_hour(received_at)][version.pk, properties.get("step", ""), outcome_of(name, properties)] += 1
