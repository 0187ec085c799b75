"""What changed in a journey, on the page of its review: against the version in use, with the segments that both name."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Subquery
from django.http import HttpRequest

from compliance.admin.reviews import said
from config.cards import Card
from contacts.models import Segment
from journeys import blueprints, comparing, diagram, reviewable
from journeys.models import Version


def card(request: HttpRequest, version: Version, now: datetime) -> dict[str, Any]:
    """The version against the one in use; without one, all of it is new. Segments count as they stood when that was published."""
    others = Version.objects.filter(journey=version.journey_id).exclude(pk=version.pk)
    old = others.filter(state=Version.State.LIVE).prefetch_related("steps").first()
    before, after = (blueprints.of(one) if one else None for one in (old, version))
    named, was = (reviewable.segments(one) if one else set[str]() for one in (after, before))
    then = _then(was, old.published_at) if old and old.published_at else {}
    parts = [*comparing.parts(before, after or blueprints.Blueprint()), *comparing.conditions(then, _now(named))]
    marks = {part.key: part.kind for part in parts if old and part.key is not None}
    pictures = [
        (word, one, diagram.svg(design, str(one), name=word, marks=marks))
        for word, one, design in (("before", old, before), ("after", version, after))
        if design
    ]
    return {"old": old, "new": version, "parts": parts, "pictures": pictures}


def _now(keys: Collection[str]) -> dict[str, Any]:
    return dict(Segment.objects.filter(key__in=keys).values_list("key", "condition"))


def _then(keys: Collection[str], at: datetime) -> dict[str, Any]:
    """Their conditions at that time; of those without a history so old, as they are now."""
    kept = Segment.history.filter(id=OuterRef("pk"), history_date__lte=at).order_by("-history_date", "-history_id")
    rows = Segment.objects.filter(key__in=keys).annotate(then=Subquery(kept.values("condition")[:1]))
    return {one.key: one.condition if one.then is None else one.then for one in rows}


said["journey"].register(Card("changes", "What changed", "admin/journeys/changes.html", card, "journeys.view_version"))
