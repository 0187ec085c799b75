"""A version's picture with its live numbers, each of which leads to those whom it counts."""

from django.db.models import Count
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from journeys import blueprints, diagram, figures
from journeys.diagram import Figure
from journeys.models import Enrolment, Version


def draw(version: Version, funnel: figures.Funnel | None = None) -> SafeString:
    """The picture; with the funnel's numbers when it is given."""
    return diagram.svg(blueprints.of(version), str(version), numbers(version, funnel) if funnel else None)


def numbers(version: Version, funnel: figures.Funnel) -> dict[str, list[Figure]]:
    """By step key; "" is the entry."""
    people = reverse("admin:journeys_enrolment_changelist")
    journey = version.journey
    here = _inside(version)
    found = {
        "": [
            Figure("entered", funnel.entered, f"{people}?{urlencode({'version': version.pk})}"),
            Figure("inside", sum(here.values()), f"{people}?{urlencode({'version': version.pk, 'state': 'live'})}"),
        ]
    }
    if funnel.converted:
        query = urlencode({"version": version.pk, "state": "converted"})
        found[""].append(Figure("converted", funnel.converted, f"{people}?{query}", "good"))
    messages = reverse("admin:channels_message_changelist")
    for step in funnel.steps:
        place = urlencode({"version": version.pk, "step": step.key, "state": "live"})
        row = [Figure("came", step.entered), Figure("here now", here.get(step.key, 0), f"{people}?{place}")]
        for label, value, tone in (("sent", step.sent, "good"), ("blocked", step.blocked, "bad")):
            if value:
                query = urlencode({"journey": journey.key, "state__exact": label})
                row.append(Figure(label, value, f"{messages}?{query}", tone))
        found[step.key] = row
    return found


def _inside(version: Version) -> dict[str, int]:
    """How many are at which step now."""
    live = Enrolment.objects.filter(journey=version.journey_id, version=version, state__in=Enrolment.LIVE)
    rows = live.order_by().values_list("step__key").annotate(n=Count("id"))
    return {key or "": n for key, n in rows}
