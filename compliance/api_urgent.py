"""REST API of urgent releases: `/api/urgent-releases/`, two people's decision to send before the review is complete."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import django_filters
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from compliance.api_reviews import STATE_CONFLICT
from compliance.models import Review, UrgentRelease
from compliance.reviews import closing, urgent
from compliance.reviews.permissions import URGENT
from config import clock
from config.permissions import visible
from config.resources import BIGGEST_ID, Body, IdFilter, Resource, fitting, read, told

VIEW = "compliance.view_urgentrelease"


class UrgentReleaseSerializer(serializers.ModelSerializer[UrgentRelease]):
    """Who asked for it and why, who confirmed it, and until when it holds."""

    asked_by = serializers.SlugRelatedField[Any](
        slug_field="username", read_only=True, help_text="Username of whoever asked."
    )
    confirmed_by = serializers.SlugRelatedField[Any](
        slug_field="username", read_only=True, allow_null=True, help_text="Username of the second person; null before."
    )

    class Meta:
        model = UrgentRelease
        fields = ("id", "review", "fingerprint", "reason", "asked_by", "asked_at", "until", "confirmed_by", "confirmed_at", "ended_at", "ended_because")  # fmt: skip
        extra_kwargs = told(
            id="Our id of the release.",
            review="Id of the review that it goes before.",
            fingerprint="What exactly may be sent.",
            reason="Why it cannot wait.",
            asked_at="When it was asked for; void four hours later unless confirmed.",
            confirmed_at="From when on it may be sent; null before.",
            ended_at="When somebody ended it, or it was found over; null before.",
            ended_because="Why somebody ended it; null if nobody did.",
        )


class UrgentRequestSerializer(Body):
    """What cannot wait, why, and for how long."""

    review = serializers.IntegerField(min_value=1, max_value=BIGGEST_ID, help_text="Id of the review that waits.")
    reason = serializers.CharField(max_length=5000, help_text="Why it cannot wait for its review.")
    until = serializers.DateTimeField(
        default_timezone=UTC, help_text="Until when it may be sent, at most three days ahead."
    )

    def validate_review(self, value: int) -> Review:
        """One that the user may see."""
        rows = visible(Review.objects.all(), self.context["request"].user, "compliance.view_review")
        found = rows.filter(pk=value).first()
        if found is None:
            raise serializers.ValidationError(f"There is no review {value}.")
        return found

    def validate_until(self, value: datetime) -> datetime:
        """Within the next three days."""
        now: datetime = self.context["now"]
        if not now < value <= now + urgent.LONGEST:
            raise serializers.ValidationError("Choose an instant within the next three days.")
        return value


class EndSerializer(Body):
    """Why it is stopped."""

    reason = serializers.CharField(max_length=closing.LONGEST, help_text="Why; kept with the release.")


class UrgentReleaseFilter(django_filters.FilterSet):
    """Which releases."""

    review = IdFilter("review_id", "Id of the review.")


@extend_schema_view(
    list=extend_schema(description="Urgent releases, the newest first."),
    retrieve=extend_schema(description="One urgent release."),
)
class UrgentReleaseViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Resource):
    """Break-glass: ask, confirm by a second person, end."""

    queryset = UrgentRelease.objects.select_related("review", "asked_by", "confirmed_by")
    serializer_class = UrgentReleaseSerializer
    filterset_class = UrgentReleaseFilter
    scope = "reviews"
    needs = {"create": (VIEW, "compliance.view_review", URGENT), "confirm": (VIEW,), "end": (VIEW,)}

    @extend_schema(
        request=UrgentRequestSerializer,
        responses={
            201: OpenApiResponse(UrgentReleaseSerializer, description="Asked for; a second person has to confirm it."),
            409: STATE_CONFLICT,
        },
        examples=[
            OpenApiExample(
                "A recall",
                {"review": 42, "reason": "A recall: people are in danger.", "until": "2026-11-25T12:00:00Z"},
                request_only=True,
            )
        ],
    )
    def create(self, request: Request) -> Response:
        """Ask for something that waits for its review to be sent until then; nothing leaves before a second person confirms."""
        now = clock.now()
        said = read(UrgentRequestSerializer, request, now=now)
        with fitting():
            made = urgent.ask(said["review"], request.user, said["reason"], said["until"], now)
        return Response(UrgentReleaseSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        operation_id="urgent_releases_confirm",
        request=None,
        responses={200: UrgentReleaseSerializer, 409: STATE_CONFLICT},
    )
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, pk: str) -> Response:
        """The second person's yes: neither who asked for it nor who wrote it. Needs the permission compliance.decide_approval
        for what is reviewed."""
        return self._do(urgent.confirm, request)

    @extend_schema(
        operation_id="urgent_releases_end",
        request=EndSerializer,
        responses={200: UrgentReleaseSerializer, 409: STATE_CONFLICT},
    )
    @action(detail=True, methods=["post"])
    def end(self, request: Request, pk: str) -> Response:
        """Stop it now, for a reason: what has not left goes back to the gate. For whoever asked, and with the permission
        compliance.decide_approval."""
        urgent.require_end(self.get_object(), request.user)
        return self._do(urgent.end, request, **read(EndSerializer, request))

    def _do(self, verb: Callable[..., None], request: Request, **said: str) -> Response:
        with fitting():
            verb(self.get_object(), request.user, clock.now(), **said)
        return Response(UrgentReleaseSerializer(self.get_object()).data)
