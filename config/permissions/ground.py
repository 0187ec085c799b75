"""On whose ground a thing stands: the way from each model to the brand, template and journey that it belongs to.

Models of higher floors are named as strings. A model that is not named here belongs to nobody: only a role reaches it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import Model, Q, QuerySet

BRAND, TEMPLATE, JOURNEY = "contacts.brand", "channels.messagetemplate", "journeys.journey"
KINDS = (BRAND, TEMPLATE, JOURNEY)
"""What rights can be given on."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A way without a foreign key: the row at `holder` (empty: the thing itself) names what it is about by `kind` and
    `object_id`. Of this kind it is the row of `model` with that number, from which `way` leads on."""

    kind: str
    model: str
    way: str
    holder: str = ""

    def leading(self, ids: QuerySet[Any]) -> Q:
        rows = apps.get_model(self.model)._default_manager.filter(**{f"{self.way}__in": ids})
        prefix = f"{self.holder}__" if self.holder else ""
        return Q(**{f"{prefix}kind": self.kind, f"{prefix}object_id__in": rows.order_by().values("pk")})

    def end(self, thing: Any) -> Any:
        if self.holder and getattr(thing, f"{self.holder}_id") is None:
            return None
        holder = getattr(thing, self.holder) if self.holder else thing
        if holder.kind != self.kind:
            return None
        rows = apps.get_model(self.model)._default_manager.filter(pk=holder.object_id)
        return rows.order_by().values_list(self.way, flat=True).first()


Way = str | Subject


def _brand(way: str = "brand") -> dict[str, Way]:
    return {BRAND: way}


def _template(way: str) -> dict[str, Way]:
    return {TEMPLATE: way or "pk", BRAND: f"{way}__brand" if way else "brand"}


def _journey(way: str) -> dict[str, Way]:
    return {JOURNEY: way or "pk", BRAND: f"{way}__brand" if way else "brand"}


def _review(way: str) -> dict[str, Way]:
    """A review stands where its subject stands."""
    return {
        TEMPLATE: Subject("template", "channels.templateversion", "template", way),
        JOURNEY: Subject("journey", "journeys.version", "journey", way),
        BRAND: f"{way}__brand" if way else "brand",
    }


GROUND: Mapping[str, Mapping[str, Way]] = {
    BRAND: _brand("pk"),
    "contacts.topic": _brand(),
    "contacts.segment": _brand(),
    TEMPLATE: _template(""),
    "channels.templateversion": _template("template"),
    "channels.contentblock": _brand(),
    "channels.blockversion": _brand("block__brand"),
    "channels.seedlist": _brand(),
    "channels.storedfile": _brand(),
    "channels.inappmessage": _brand(),
    "channels.chatmessage": _brand(),
    "channels.message": {TEMPLATE: "template", BRAND: "brand"},
    "channels.renderedcopy": {TEMPLATE: "message__template", BRAND: "message__brand"},
    "compliance.approval": _review("review"),
    "compliance.review": _review(""),
    "compliance.reviewstep": _review("review"),
    "compliance.reviewcomment": _review("review"),
    "compliance.urgentrelease": _review("review"),
    "compliance.decision": {TEMPLATE: "message__template", BRAND: "message__brand"},
    JOURNEY: _journey(""),
    "journeys.version": _journey("journey"),
    "journeys.step": _journey("version__journey"),
    "journeys.enrolment": _journey("journey"),
    "journeys.visit": _journey("enrolment__journey"),
    "analytics.tally": _journey("version__journey"),
}
"""Model → what it belongs to → the way that leads there: a lookup, or what a row says that it is about."""


def label(model: type[Model]) -> str:
    """The model's name in these tables."""
    return model._meta.label_lower


def leading(way: Way, ids: QuerySet[Any]) -> Q:
    """Those rows from which the way leads to one of these."""
    return way.leading(ids) if isinstance(way, Subject) else Q(**{f"{way}__in": ids})


def under(thing: Model, kind: str) -> Any:
    """The id of the brand, template or journey that this thing belongs to; None if it belongs to none."""
    way = GROUND.get(label(type(thing)), {}).get(kind)
    if way is None:
        return None
    return way.end(thing) if isinstance(way, Subject) else _follow(thing, way)


def _follow(thing: Any, way: str) -> Any:
    """The id at the end of the way; None where a thing that is being made does not lead there yet."""
    *steps, last = way.split("__")
    for step in steps:
        if getattr(thing, f"{step}_id") is None:
            return None
        thing = getattr(thing, step)
    return thing.pk if last == "pk" else getattr(thing, f"{last}_id")
