"""On whose ground a thing stands: the way from each model to the brand, template and journey that it belongs to.

Models of higher floors are named as strings. A model that is not named here belongs to nobody: only a role reaches it.
"""

from typing import Any

from django.db.models import Model

BRAND, TEMPLATE, JOURNEY = "contacts.brand", "channels.messagetemplate", "journeys.journey"
KINDS = (BRAND, TEMPLATE, JOURNEY)
"""What rights can be given on."""


def _brand(way: str = "brand") -> dict[str, str]:
    return {BRAND: way}


def _template(way: str) -> dict[str, str]:
    return {TEMPLATE: way or "pk", BRAND: f"{way}__brand" if way else "brand"}


def _journey(way: str) -> dict[str, str]:
    return {JOURNEY: way or "pk", BRAND: f"{way}__brand" if way else "brand"}


GROUND: dict[str, dict[str, str]] = {
    BRAND: _brand("pk"),
    "contacts.topic": _brand(),
    "contacts.segment": _brand(),
    TEMPLATE: _template(""),
    "channels.templateversion": _template("template"),
    "channels.contentblock": _brand(),
    "channels.blockversion": _brand("block__brand"),
    "channels.storedfile": _brand(),
    "channels.inappmessage": _brand(),
    "channels.chatmessage": _brand(),
    "channels.message": {TEMPLATE: "template", BRAND: "brand"},
    "channels.renderedcopy": {TEMPLATE: "message__template", BRAND: "message__brand"},
    "compliance.approval": _brand("review__brand"),
    "compliance.review": _brand(),
    "compliance.reviewstep": _brand("review__brand"),
    "compliance.reviewcomment": _brand("review__brand"),
    "compliance.urgentrelease": _brand("review__brand"),
    "compliance.decision": {TEMPLATE: "message__template", BRAND: "message__brand"},
    JOURNEY: _journey(""),
    "journeys.version": _journey("journey"),
    "journeys.step": _journey("version__journey"),
    "journeys.enrolment": _journey("journey"),
    "journeys.visit": _journey("enrolment__journey"),
    "analytics.tally": _journey("version__journey"),
}
"""Model → what it belongs to → the lookup that leads there."""


def label(model: type[Model]) -> str:
    """The model's name in these tables."""
    return model._meta.label_lower


def of(thing: Model) -> dict[str, Any]:
    """The ids of what this thing belongs to, by kind."""
    return {kind: _follow(thing, way) for kind, way in GROUND.get(label(type(thing)), {}).items()}


def _follow(thing: Any, way: str) -> Any:
    """The id at the end of the way; None where a thing that is being made does not lead there yet."""
    *steps, last = way.split("__")
    for step in steps:
        if getattr(thing, f"{step}_id") is None:
            return None
        thing = getattr(thing, step)
    return thing.pk if last == "pk" else getattr(thing, f"{last}_id")
