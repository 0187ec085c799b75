"""What the person did, or did not do."""

import functools
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThanOrEqual, LessThanOrEqual

from config import durations
from config.durations import DurationField
from contacts import comparisons
from contacts.base import Condition, ContactFacts, Needs, conditions
from contacts.fields import ComparisonsField, EventNameField
from contacts.models import Event

Settings = Mapping[str, Any]


@conditions.register
class EventCondition(Condition):
    """Counts how often something happened, e.g. `order.completed` at least 2 times within 180 days.

    Without numbers, once is enough. `at_most: 0` means never. `where` compares properties of the events, and only those that
    satisfy every comparison count. `message.*` counts a whole family.
    """

    key = "event"
    title = "Event"

    class Config(forms.Form):
        """Which event, how often, within which time."""

        name = EventNameField(max_length=200, help_text="Name of the event, e.g. order.completed.")
        at_least = forms.IntegerField(
            required=False, min_value=0, max_value=100_000, help_text="At least so often; 1 if no number is given."
        )
        at_most = forms.IntegerField(
            required=False, min_value=0, max_value=100_000, help_text="At most so often; 0 means never."
        )
        within = DurationField(required=False, help_text="Counted back from now, e.g. 180d; for ever if left empty.")
        where = ComparisonsField(
            required=False,
            help_text='Comparisons of its properties, e.g. [{"path": "total", "op": "gt", "value": 100}].',
        )

        def clean(self) -> dict[str, Any]:
            least, most = self.cleaned_data.get("at_least"), self.cleaned_data.get("at_most")
            if least is not None and most is not None and least > most:
                raise ValidationError(f"at_least ({least}) is more than at_most ({most}); nobody could fit.")
            if least == 0 and most is None:
                raise ValidationError("at_least 0 alone holds for everybody; for never, write at_most 0.")
            return self.cleaned_data

    def needs(self, config: Settings) -> Needs:
        return Needs(events={config["name"]: _within(config)})

    def holds(self, config: Settings, facts: ContactFacts, now: datetime) -> bool:
        within, where = _within(config), config.get("where") or ()
        since = now - within if within else None
        count = sum(
            (since is None or event.occurred_at > since)
            and event.occurred_at <= now
            and comparisons.holds(where, event.properties)
            for event in facts.events.get(config["name"], ())
        )
        least, most = _bounds(config)
        return count >= least and (most is None or count <= most)

    def as_q(self, config: Settings, now: datetime) -> Q:
        events, (least, most) = _events(config, now), _bounds(config)
        if (least, most) == (1, None):
            return Q(Exists(events))
        if most == 0:
            return ~Q(Exists(events))
        per_person = events.order_by().values("contact").annotate(times=Count("pk")).values("times")
        count = Coalesce(Subquery(per_person), 0)
        found = Q(GreaterThanOrEqual(count, least))
        return found if most is None else found & Q(LessThanOrEqual(count, most))


def _events(config: Settings, now: datetime) -> QuerySet[Event]:
    """The events that count, of the contact of the outer query."""
    name, within = config["name"], _within(config)
    events = Event.objects.filter(contact=OuterRef("pk"), occurred_at__lte=now)
    events = events.filter(name__startswith=name[:-1]) if name.endswith(".*") else events.filter(name=name)
    if within:
        events = events.filter(occurred_at__gt=now - within)
    return events.filter(comparisons.as_q(config.get("where") or (), "properties"))


def _within(config: Settings) -> timedelta | None:
    return _duration(config["within"]) if config.get("within") else None


@functools.lru_cache(maxsize=1024)
def _duration(text: str) -> timedelta:
    return durations.parse(text)


def _bounds(config: Settings) -> tuple[int, int | None]:
    """At least, at most; no number at all means at least once."""
    least, most = config.get("at_least"), config.get("at_most")
    if least is None:
        least = 1 if most is None else 0
    return int(least), None if most is None else int(most)
