"""Wait until something happens, but not for ever."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from config.durations import DurationField, words
from contacts import comparisons
from contacts.base import Needs
from journeys.base import Awaited, Go, Here, Outcome, Step, Wait, steps
from journeys.fields import ComparisonsField, EventNameField, duration


@steps.register
class WaitForEvent(Step):
    """Waits for an event of the person, e.g. `order.completed`, with a time-out.

    Leaves by `happened` as soon as it comes, otherwise by `timeout`. `where` compares the event's properties. Normally only
    what comes in from now on counts; with `since: entry` also what has happened since the person entered the journey.
    """

    key = "wait_for_event"
    title = "Wait for an event"
    icon = "hourglass_top"
    family = "time"

    class Config(forms.Form):
        """Which event, and how long."""

        event = EventNameField(help_text="Name of the event, e.g. order.completed; message.* means all of a family.")
        where = ComparisonsField(
            label="With properties",
            required=False,
            help_text='Comparisons on its properties, e.g. [{"path": "total", "op": "gt", "value": 100}].',
        )
        timeout = DurationField(help_text="How long to wait at most, e.g. 24h.")
        since = forms.ChoiceField(
            required=False,
            choices=[("", "from now on"), ("entry", "since they entered the journey")],
            help_text="What counts: events from now on, or also those since the person entered the journey.",
        )

        def clean(self) -> dict[str, Any]:
            cleaned = super().clean() or {}
            if cleaned.get("since") and str(cleaned.get("event", "")).endswith(".*"):
                raise ValidationError("since: entry needs one event by its full name, not a family such as message.*.")
            return cleaned

    def exits(self, config: Mapping[str, Any]) -> tuple[str, ...]:
        return ("happened", "timeout")

    def needs(self, config: Mapping[str, Any]) -> Needs | None:
        return Needs(events={config["event"]: None}) if config.get("since") else None

    def takes_time(self, config: Mapping[str, Any]) -> bool:
        return bool(duration(config.get("timeout") or "0")) and not config.get("since")

    def summary(self, config: Mapping[str, Any]) -> str:
        return f"{config.get('event', '')}, at most {words(duration(config.get('timeout') or '0'))}"

    def enter(self, here: Here) -> Outcome:
        if here.config.get("since") and _has_happened(here, here.since):
            return Go("happened")
        until = here.now + duration(here.config["timeout"])
        if until <= here.now:
            return Go("timeout")
        awaited = Awaited((here.config["event"],), tuple(here.config.get("where") or ()))
        return Wait(until=until, awaits=(awaited,))

    def wake(self, here: Here) -> Outcome:
        return Go("happened" if here.event else "timeout")


def _has_happened(here: Here, since: datetime) -> bool:
    where = here.config.get("where") or ()
    return any(
        event.occurred_at > since and comparisons.holds(where, event.properties)
        for event in here.contact.events.get(here.config["event"], ())
    )
