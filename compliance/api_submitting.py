"""REST API of what is reviewed: hand it in, and what stands against it."""

from typing import Any

from django.core.exceptions import ValidationError
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from compliance import reviews
from compliance.api_review_rows import ReviewSerializer
from compliance.api_reviews import STATE_CONFLICT
from config import clock
from config.resources import Conflict, Resource


class FindingSerializer(serializers.Serializer[Any]):
    """One thing that is wrong, or deserves a second look."""

    field = serializers.CharField(help_text="The field or step that it is about; empty for the whole.")
    line = serializers.IntegerField(help_text="The line, from 1; 0 where there is none.")
    sentence = serializers.CharField(help_text="What is wrong.")
    code = serializers.CharField(help_text="The same as a code.")
    severity = serializers.ChoiceField(
        choices=[("block", "cannot be submitted"), ("warn", "look again")],
        help_text="block: it cannot be submitted; warn: look at it again.",
    )


class Submitting(Resource):
    """Verbs of a version on its way to its reviewers; the resource says what they `need`."""

    @extend_schema(
        request=None,
        responses={
            201: OpenApiResponse(ReviewSerializer, description="Handed in: the review that waits."),
            400: OpenApiResponse(
                {"$ref": "#/components/schemas/Problems"}, description="Something stands against it: see `problems`."
            ),
            409: STATE_CONFLICT,
        },
    )
    @action(detail=True, methods=["post"])
    def submit(self, request: Request, pk: str) -> Response:
        """Hand the draft in for its review; from now on it does not change. Everything that stands against it is told under
        `problems`."""
        subject = self.get_object()
        kind = reviews.kind_of(subject)
        if not kind.is_draft(subject):
            raise Conflict(f"{subject} is {kind.standing(subject)}; only a draft can be submitted.")
        try:
            reviews.submit(subject, request.user, clock.now())
        except ValidationError as error:
            raise serializers.ValidationError({"problems": error.messages}) from error
        return Response(ReviewSerializer(reviews.live(subject)).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses=FindingSerializer(many=True))
    @action(detail=True, filterset_class=None, pagination_class=None)
    def problems(self, request: Request, pk: str) -> Response:
        """Everything that stands against it, or that deserves a second look; what blocks comes first."""
        return Response(FindingSerializer(reviews.problems(self.get_object()), many=True).data)
