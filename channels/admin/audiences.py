"""The page that says how many of an audience lack what a version's words use."""

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse

from channels import quality
from channels.admin.readers import VIEW_CONTACTS
from channels.models import TemplateVersion
from config import shown
from config.cards import Card
from config.permissions import visible
from contacts.models import Segment

VIEW_SEGMENTS = "contacts.view_segment"


def page(request: HttpRequest, version: TemplateVersion, context: dict[str, Any]) -> HttpResponse:
    """The report for `?segment=<id>`; without one for everybody who allows the template's topic on its channel."""
    given = request.GET.get("segment", "")
    if given and not given.isdecimal():
        raise PermissionDenied("A segment is named by its number.")
    segment = get_object_or_404(_segments(request, version), pk=given) if given else None
    people = quality.within(segment) if segment else quality.consenting(version)
    found = quality.report(version, people)
    sample = found.sample if request.user.has_perm(VIEW_CONTACTS) else []
    for person in sample:
        shown.tell(request, "contacts.contact", person.pk)
    told = {"title": f"Data quality: {version}", "version": version, "segments": _segments(request, version)}
    return TemplateResponse(
        request,
        "admin/channels/quality/page.html",
        {**context, **told, "segment": segment, "report": found, "sample": sample, "rows": _rows(found)},
    )


def card(request: HttpRequest, version: TemplateVersion, now: datetime) -> dict[str, Any]:
    """The way to the page: counting may take seconds, so that it is asked for."""
    return {"version": version, "segments": _segments(request, version)}


def _segments(request: HttpRequest, version: TemplateVersion) -> Any:
    return visible(Segment.objects.filter(brand=version.template.brand_id), request.user, VIEW_SEGMENTS)


def _rows(found: quality.Report) -> list[tuple[quality.Line, str]]:
    """Each line with its share, e.g. 12 %."""
    return [(line, f"{100 * line.missing / found.people:.1f} %" if found.people else "–") for line in found.lines]


CARD = Card("quality", "Data of the audience", "admin/channels/quality/card.html", card, order=30)
