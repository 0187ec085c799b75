"""REST API of the data-quality report: how many of an audience lack what a version's words use."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from channels import quality
from channels.models import TemplateVersion
from config import shown
from config.permissions import visible
from config.resources import BIGGEST_ID, Conflict, Resource
from contacts.models import Segment

VIEW_CONTACTS, VIEW_SEGMENTS = "contacts.view_contact", "contacts.view_segment"


class LackSerializer(serializers.Serializer[Any]):
    """One variable that the words use."""

    name = serializers.CharField(help_text="The variable, e.g. contact.first_name.")
    missing = serializers.IntegerField(
        min_value=0, max_value=BIGGEST_ID, help_text="So many of the audience do not have it."
    )
    held = serializers.BooleanField(
        help_text="Whether the words hold without it: by a fall-back, a default or a condition."
    )


class QualitySerializer(serializers.Serializer[Any]):
    """What an audience lacks."""

    segment = serializers.IntegerField(
        allow_null=True, min_value=1, max_value=BIGGEST_ID,
        help_text="Id of the segment that was counted; null: everybody who allows the topic on the channel.",
    )  # fmt: skip
    people = serializers.IntegerField(min_value=0, max_value=BIGGEST_ID, help_text="So many were counted.")
    about = serializers.BooleanField(help_text="true: only the newest were counted, since all would take too long.")
    variables = LackSerializer(
        source="lines", many=True, help_text="Variables of people that the words use, by name, and how many lack each."
    )
    events = serializers.ListField(
        child=serializers.CharField(), help_text="Variables of events, which nobody can count before the event."
    )
    sample = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=BIGGEST_ID),
        help_text="Ids of some contacts who lack something; empty without the permission contacts.view_contact.",
    )


class Quality(Resource):
    """How good the data of an audience is for a version's words."""

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "segment",
                {"type": "integer", "format": "int64", "minimum": 1},
                description="Id of a segment of the template's brand; left out: everybody who allows the template's topic on its channel.",
            )
        ],
        responses={
            200: QualitySerializer,
            409: OpenApiResponse(
                {"$ref": "#/components/schemas/Refusal"}, description="It cannot be counted; `detail` says why."
            ),
        },
    )
    @action(detail=True, url_path="data-quality", filterset_class=None, pagination_class=None)
    def data_quality(self, request: Request, pk: str) -> Response:
        """How many of an audience lack each variable that the words use, before anything is sent."""
        version = self.get_object()
        segment = _segment(request, version)
        found = quality.report(version, quality.within(segment) if segment else quality.consenting(version))
        if found.problem:
            raise Conflict(found.problem)
        sample = [person.pk for person in found.sample] if request.user.has_perm(VIEW_CONTACTS) else []
        for person in sample:
            shown.tell(request._request, "contacts.contact", person)
        told = {name: getattr(found, name) for name in ("people", "about", "lines", "events")}
        return Response(QualitySerializer({**told, "segment": segment and segment.pk, "sample": sample}).data)


def _segment(request: Request, version: TemplateVersion) -> Segment | None:
    """The one that is asked about; None: there is none in the question. Raises ValidationError for one that is not there."""
    given = request.query_params.get("segment")
    if given is None:
        return None
    rows = visible(Segment.objects.filter(brand=version.template.brand_id), request.user, VIEW_SEGMENTS)
    number = int(given) if given.isascii() and given.isdigit() and len(given) < 19 else 0
    found = rows.filter(pk=number).first()
    if found is None:
        raise serializers.ValidationError(
            {"segment": [f"{version.template.brand} has no segment {given!r:.40} that you may see."]}
        )
    return found
