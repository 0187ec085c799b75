"""Driving journeys in tests: the engine's own verbs, with a clock that only moves when the test says so."""

import itertools
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User

from channels import facts
from channels.models import Message
from contacts import timeline
from contacts.models import Contact
from journeys import blueprints, engine, publishing, reactions
from journeys.blueprints import Blueprint, StepPlan
from journeys.models import Enrolment, Journey, Version
from tests import builders
from tests.builders import NOW

PUBLISH = "journeys.publish_journey"
_keys = itertools.count(1)


def publisher() -> User:
    """The one who may publish; the same person each time."""
    return User.objects.filter(username="paula").first() or builders.user("paula", PUBLISH)


def step(
    kind: str, key: str = "", *, title: str = "", exits: Mapping[str, str] | None = None, **config: Any
) -> StepPlan:
    """A step as an editor writes it; `for_="3d"` stands for `for`."""
    return StepPlan(
        key or kind.replace("_", "-"),
        kind,
        title,
        {name.rstrip("_"): value for name, value in config.items()},
        exits or {},
    )


def draft(*steps: StepPlan, key: str = "welcome", trigger: Mapping[str, Any] | None = None, **design: Any) -> Version:
    """A draft of the journey `key` (default: starts with a signup), with these steps."""
    config = dict(trigger or {"kind": "event", "name": "signup"})
    journey, _ = Journey.objects.get_or_create(key=key, defaults={"name": key.title(), "brand": builders.brand()})
    version = publishing.new_draft(journey)
    plan = Blueprint(trigger=config.pop("kind"), trigger_config=config, steps=steps, **design)
    blueprints.write(plan, version)
    return version


def live(*steps: StepPlan, now: datetime = NOW, **design: Any) -> Version:
    """The same, published."""
    return publish(draft(*steps, **design), now)


def publish(made: Version, now: datetime = NOW) -> Version:
    """Approved by a reviewer, and published."""
    builders.review_of(made, now, state="approved", approved_at=now)
    return publishing.publish(made, publisher(), now)


def happens(
    person: Contact, name: str = "signup", at: datetime = NOW, *, now: datetime | None = None, **properties: Any
) -> int:
    """Something happens to somebody, and journeys react to it at `now` (default: at once). Returns the event's id."""
    key = f"test:{next(_keys)}"
    [(pk, _)] = timeline.record([timeline.NewEvent(person.pk, name, at, key, properties)], now or at)
    run(now or at)
    return pk


def run(now: datetime) -> None:
    """Do everything that journeys have to do at `now`."""
    while reactions.react(now) + engine.advance(now):
        pass


def tell(message: Message, word: str, at: datetime) -> None:
    """What the gate does when it knows what became of a message: the row, and the fact on the timeline."""
    states = {"sent": "sent", "blocked": "blocked", "failed": "failed", "unknown": "unknown"}
    cleared = {} if word == "blocked" else _cleared(message)
    Message.objects.filter(pk=message.pk).update(state=states[word], due_at=None, **cleared)
    timeline.record([facts.fact(word, about(message), at)], at)


def lose(message: Message, word: str) -> None:
    """The row says what became of it, but the fact never came."""
    cleared = {} if word == "blocked" else _cleared(message)
    Message.objects.filter(pk=message.pk).update(state=word, due_at=None, **cleared)


def about(message: Message) -> facts.About:
    """What a fact about this message needs to know."""
    return facts.About(*Message.objects.values_list(*facts.COLUMNS).get(pk=message.pk))


def _cleared(message: Message) -> dict[str, Any]:
    from channels.models import Account

    account, _ = Account.objects.get_or_create(
        key=f"a-{message.channel}", defaults={"brand_id": message.brand_id, "channel": message.channel, "name": "A"}
    )
    return {"clearance": 1, "version": message.template.versions.get(), "account": account}


def only(**filters: Any) -> Enrolment:
    """The one enrolment there is."""
    return Enrolment.objects.select_related("step", "version").get(**filters)


def at_step() -> dict[str, int]:
    """How many live people are at which step."""
    found: dict[str, int] = {}
    for key in Enrolment.objects.filter(state__in=Enrolment.LIVE).values_list("step__key", flat=True):
        found[key] = found.get(key, 0) + 1
    return found


def way(enrolment: Enrolment) -> list[tuple[str, str]]:
    """The steps somebody went through with the exits they took."""
    return list(enrolment.visits.values_list("step__key", "exit"))
