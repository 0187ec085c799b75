"""Something that the person did lets them in."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms

from config.durations import DurationField
from contacts import comparisons, logic
from contacts.base import ContactFacts, Needs, PastEvent
from journeys.base import Trigger, triggers
from journeys.fields import ComparisonsField, ConditionField, EventNameField, duration

MAX_AGE = "3d"


@triggers.register
class EventTrigger(Trigger):
    """Starts the journey when the person does something, e.g. `order.completed`.

    `where` compares the event's properties, `condition` asks about the person. Events older than `max_age` when they arrive
    (late imports, devices that were offline) start nothing; they still count everywhere else.
    """

    key = "event"
    title = "Event"
    icon = "bolt"

    class Config(forms.Form):
        """Which event, with which properties, of which people."""

        name = EventNameField(label="Event", help_text="Its name, e.g. cart.updated.")
        where = ComparisonsField(
            label="With properties",
            required=False,
            help_text='Comparisons on its properties, e.g. [{"path": "total", "op": "gt", "value": 100}].',
        )
        condition = ConditionField(
            label="Of people who", required=False, help_text="A condition on the person, as in segments."
        )
        max_age = DurationField(
            label="Not older than", required=False, help_text="Older events start nothing; 3 days if left empty."
        )

    def event_names(self, config: Mapping[str, Any]) -> tuple[str, ...]:
        return (config["name"],)

    def needs(self, config: Mapping[str, Any]) -> Needs | None:
        return logic.needs(config["condition"]) if config.get("condition") else None

    def summary(self, config: Mapping[str, Any]) -> str:
        extra = [word for word in ("where", "condition") if config.get(word)]
        return f"{config.get('name', '')}" + (" with conditions" if extra else "")

    def concerns(self, config: Mapping[str, Any], event: PastEvent, now: datetime) -> bool:
        if event.occurred_at < now - duration(config.get("max_age") or MAX_AGE):
            return False
        where = config.get("where")
        return not where or comparisons.holds(where, event.properties)

    def lets_in(self, config: Mapping[str, Any], event: PastEvent, contact: ContactFacts, now: datetime) -> bool:
        condition = config.get("condition")
        return not condition or logic.holds(condition, contact, now)
