"""Wait for a length of time, until a time of day, or both."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from config.durations import DurationField, words
from contacts.base import NOTHING, Needs
from journeys.base import Go, Here, Outcome, Step, Wait, steps
from journeys.fields import ClockField, clock_time, duration

DAYS = {
    "mon": "Monday",
    "tue": "Tuesday",
    "wed": "Wednesday",
    "thu": "Thursday",
    "fri": "Friday",
    "sat": "Saturday",
    "sun": "Sunday",
}


@steps.register
class WaitStep(Step):
    """Waits: `for` a length of time (3d), `until` a time of day by the person's own clock (09:00), on certain `weekdays`.

    With several of them, the length comes first: `for: 3d, until: 09:00` goes on at the first 09:00 after three days. A
    length of 0 passes at once. A person without a time zone of their own has the brand's.
    """

    key = "wait"
    title = "Wait"
    icon = "timer"
    family = "time"

    class Config(forms.Form):
        """How long."""

        until = ClockField(required=False, help_text="Local time of day, e.g. 09:00.")
        weekdays = forms.MultipleChoiceField(
            required=False, choices=list(DAYS.items()), help_text="Only on these days, by the person's own calendar."
        )

        def clean(self) -> dict[str, Any]:
            cleaned = super().clean() or {}
            if not self.errors and not any(cleaned.get(name) for name in ("for", "until", "weekdays")):
                raise ValidationError(
                    "Say how long: for (3d), until (09:00), weekdays ([mon, thu]) or several of them."
                )
            return cleaned

    # `for` is a keyword of Python, so this field cannot stand among the others.
    Config.base_fields = {
        "for": DurationField(required=False, label="For", help_text="Length, e.g. 3d or 1d12h; 0 passes at once."),
        **Config.base_fields,
    }

    def needs(self, config: Mapping[str, Any]) -> Needs | None:
        return NOTHING if config.get("until") or config.get("weekdays") else None

    def takes_time(self, config: Mapping[str, Any]) -> bool:
        return bool(config.get("until")) or bool(duration(config.get("for") or "0"))

    def summary(self, config: Mapping[str, Any]) -> str:
        parts = []
        if config.get("for"):
            parts.append(words(duration(config["for"])))
        if config.get("until"):
            parts.append(f"until {config['until']}")
        if config.get("weekdays"):
            parts.append("on " + ", ".join(DAYS[day][:3] for day in config["weekdays"]))
        return ", ".join(parts)

    def enter(self, here: Here) -> Outcome:
        until = end_of_wait(here.config, here.now, here.zone)
        return Wait(until=until) if until > here.now else Go("next")

    def wake(self, here: Here) -> Outcome:
        return Go("next")


def end_of_wait(config: Mapping[str, Any], now: datetime, zone: tzinfo) -> datetime:
    """The instant (UTC) at which a wait that begins at `now` is over."""
    length = config.get("for")
    start = now + duration(length) if length else now
    clock, weekdays = config.get("until"), config.get("weekdays") or ()
    if not clock and not weekdays:
        return start
    if not clock and _weekday(start.astimezone(zone)) in weekdays:
        return start
    at = clock_time(clock) if clock else time(0)
    # Without a length "until 09:00" said at 09:00 means tomorrow: otherwise a loop through it would never rest.
    after = start if length else now + timedelta(microseconds=1)
    return next_local(at, weekdays, after, zone)


def next_local(at: time, weekdays: Any, after: datetime, zone: tzinfo) -> datetime:
    """The first instant from `after` on when clocks in `zone` show `at` (on one of `weekdays`, if any), in UTC.

    A time that spring skips counts as the moment an hour later; one that autumn repeats counts the first time only.
    """
    day = after.astimezone(zone).date()
    for _ in range(9):
        instant = datetime.combine(day, at, tzinfo=zone).astimezone(UTC)
        if instant >= after and (not weekdays or _weekday(day) in weekdays):
            return instant
        day += timedelta(days=1)
    raise ValueError(f"There is no {at:%H:%M} on {', '.join(weekdays)}.")


def _weekday(day: date) -> str:
    return list(DAYS)[day.weekday()]
