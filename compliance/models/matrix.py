"""The suppression matrix: which facts of a person's life stop which messages."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, slug_re
from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from channels.base import channels
from channels.models import MessageClass
from contacts import comparisons
from contacts.fields import EVENT
from contacts.ingest import names
from contacts.models import Brand, Topic

SCOPES = ("journeys", "topics", "classes", "channels")
LONGEST = 3650
"""Days; what is to stand longer stands until it is lifted."""


class MatrixRule(models.Model):
    """Once a fact is on somebody's timeline, these messages stop for that person: for some days, or until another fact."""

    brand = models.ForeignKey(Brand, on_delete=models.CASCADE)
    name = models.CharField(max_length=120, help_text="Whoever wonders why a message was stopped reads it.")
    event = models.CharField("fact", max_length=120, help_text="Name of an event on the timeline, e.g. order.refunded.")
    where = models.JSONField(
        "with properties",
        default=list,
        blank=True,
        help_text='Comparisons that must all hold, e.g. [{"path": "total", "op": "gt", "value": 100}]; none: any such event.',
    )
    journeys = models.JSONField(default=list, blank=True, help_text="Keys of journeys that stop; empty: all of them.")
    topics = models.JSONField(default=list, blank=True, help_text="Keys of topics that stop; empty: all of them.")
    classes = models.JSONField(
        default=list, blank=True, help_text="Classes that stop; empty: all but transactional and one-time codes."
    )
    channels = models.JSONField(default=list, blank=True, help_text="Channels that stop; empty: all of them.")
    days = models.PositiveIntegerField(
        "for days",
        default=0,
        validators=[MaxValueValidator(LONGEST)],
        help_text="Counted from the fact; 0: until it is lifted.",
    )
    lifted_by = models.CharField(
        max_length=120, blank=True, help_text="Event that ends it earlier, e.g. case.closed; empty: nothing does."
    )
    enabled = models.BooleanField(default=True)
    history = HistoricalRecords()

    class Meta:
        verbose_name = "suppression rule"
        verbose_name_plural = "suppression matrix"
        constraints = [
            models.CheckConstraint(condition=~Q(event=""), name="matrix_rule_has_a_fact"),
            models.CheckConstraint(condition=~Q(lifted_by=F("event")), name="matrix_rule_lifted_by_another_fact"),
            models.CheckConstraint(
                condition=~Q(journeys=[], topics=[], classes=[], channels=[]), name="matrix_rule_stops_something"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def duration(self) -> str:
        """How long it stops, in words."""
        until = f"until {self.lifted_by}" if self.lifted_by else ""
        days = f"for {self.days} day{'s' * (self.days != 1)}" if self.days else ""
        return " or ".join(filter(None, (days, until))) or "for good"

    def clean(self) -> None:
        self.event, self.lifted_by = names.normalised(self.event), names.normalised(self.lifted_by)
        wrong: dict[str, list[str]] = {}
        for field, sentence in self._problems():
            wrong.setdefault(field, []).append(sentence)
        if wrong:
            raise ValidationError(wrong)

    def _problems(self) -> Iterable[tuple[str, str]]:
        """Mistakes as (field, sentence)."""
        for field in ("event", "lifted_by"):
            said = getattr(self, field)
            if said and ("*" in said or not EVENT.fullmatch(said)):
                yield field, f"{said!r} does not name one event; write for example order.refunded."
        if self.event and self.event == self.lifted_by:
            yield "lifted_by", f"{self.event} cannot both stop messages and let them go on; name another event."
        where = self.where if isinstance(self.where, list) else [self.where]
        yield from (("where", sentence) for sentence in comparisons.check(where))
        yield from self._scope_problems()

    def _scope_problems(self) -> Iterable[tuple[str, str]]:
        texts = [f for f in SCOPES if _are_texts(getattr(self, f))]
        for field in SCOPES:
            if field not in texts:
                yield field, 'Write a list of keys, e.g. ["news"], or leave it empty.'
            elif strange := self._unknown(field):
                yield field, f"{', '.join(strange)}: {_KNOWN_AS[field]}"
        if not any(getattr(self, field) for field in SCOPES):
            yield (
                "journeys",
                "Nothing would stop: choose journeys, topics, classes or channels, at least one of anything.",
            )

    def _unknown(self, field: str) -> list[str]:
        """The keys that name nothing; journeys live a floor above, so of their keys only the shape is known."""
        said: list[str] = getattr(self, field)
        if field == "journeys":
            return [key for key in said if not slug_re.match(key)]
        known = {
            "topics": lambda: Topic.objects.filter(brand=self.brand_id).values_list("key", flat=True),
            "classes": lambda: MessageClass.values,
            "channels": channels.keys,
        }[field]
        return sorted(set(said).difference(known())) if said else []


_KNOWN_AS = {
    "journeys": "not the key of a journey; it has letters, digits and hyphens only.",
    "topics": "not a topic of this brand.",
    "classes": f"not a message class; write one of {', '.join(MessageClass.values)}.",
    "channels": "not a channel.",
}


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
