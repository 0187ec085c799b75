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
    here = _inside(version)
    found = {
        "": [
            Figure("entered", funnel.entered, _people(version)),
            Figure("inside", sum(here.values()), _people(version, state="live")),
        ]
    }
    if funnel.converted:
        found[""].append(Figure("converted", funnel.converted, _people(version, state="converted"), "good"))
    for step in funnel.steps:
        at = _people(version, step=step.key, state="live")
        found[step.key] = [Figure("came", step.entered), Figure("here now", here.get(step.key, 0), at)]
        for state, number, tone in (("sent", step.sent, "good"), ("blocked", step.blocked, "bad")):
            if number:
                found[step.key].append(Figure(state, number, _messages(version, state), tone))
    return found


def _people(version: Version, **filters: str) -> str:
    """The list of those whom a number counts."""
    return f"{reverse('admin:journeys_enrolment_changelist')}?{urlencode({'version': str(version.pk), **filters})}"


def _messages(version: Version, state: str) -> str:
    query = urlencode({"journey": version.journey.key, "state__exact": state})
    return f"{reverse('admin:channels_message_changelist')}?{query}"


def _inside(version: Version) -> dict[str, int]:
    """How many are at which step now."""
    live = Enrolment.objects.filter(journey=version.journey_id, version=version, state__in=Enrolment.LIVE)
    rows = live.order_by().values_list("step__key").annotate(n=Count("id"))
    return {key or "": n for key, n in rows}
