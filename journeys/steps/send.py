"""Ask for a message, and go on when it is known what became of it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django import forms

from config.durations import DurationField, words
from contacts.base import Needs
from journeys.base import THIS_VISIT, AskForMessage, Awaited, End, Go, Here, Outcome, Step, Wait, steps
from journeys.fields import TemplateKeyField, duration

OUTCOMES = ("sent", "blocked", "failed", "unknown")
FACTS = Awaited(
    names=tuple(f"message.{outcome}" for outcome in OUTCOMES),
    where=({"path": "key", "op": "is", "value": THIS_VISIT},),
)
EXPIRES = "7d"
GRACE = timedelta(days=1)


@steps.register
class Send(Step):
    """Sends a message, once every rule lets it leave.

    The person goes on by what became of it: `sent` (the provider took it), `blocked` (a rule refused it, or it expired while
    it was deferred), `failed` (the provider refused it), `unknown` (nobody can tell). A message that may not leave within
    `expires` (7 days unless you say otherwise) is pointless and no longer sent. Where a full frequency cap says so, the
    journey ends here for the person, and no exit is taken.
    """

    key = "send"
    title = "Send a message"
    icon = "send"
    family = "message"

    class Config(forms.Form):
        """Which message, and how long it makes sense."""

        template = TemplateKeyField(help_text="Key of a message template, e.g. win-back-email.")
        expires = DurationField(
            required=False, help_text="How long it makes sense to send it, e.g. 4h or 2d; 7 days if left empty."
        )

    def exits(self, config: Mapping[str, Any]) -> tuple[str, ...]:
        return OUTCOMES

    def needs(self, config: Mapping[str, Any]) -> Needs | None:
        return None

    def template_key(self, config: Mapping[str, Any]) -> str:
        return str(config.get("template") or "")

    def summary(self, config: Mapping[str, Any]) -> str:
        expires = config.get("expires")
        return f"{config.get('template', '')}" + (f", within {words(duration(expires))}" if expires else "")

    def enter(self, here: Here) -> Outcome:
        if here.template_id is None:
            raise ValueError(f"The template {self.template_key(here.config)!r} is not known to this version.")
        expires_at = here.now + duration(here.config.get("expires") or EXPIRES)
        ask = AskForMessage(here.template_id, here.context, expires_at)
        # The gate answers by then; the timer is the net below it, so that a lost answer never strands anybody.
        return Wait(until=expires_at + GRACE, awaits=(FACTS,), effects=(ask,))

    def wake(self, here: Here) -> Outcome:
        if here.event is None:
            return Go("unknown")
        if here.event.properties.get("ends_journey"):
            return End(f"message not sent: {here.event.properties.get('reason')}", early=True)
        return Go(here.event.name.removeprefix("message."))
