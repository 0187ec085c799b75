"""REST API of the designs of journeys: `/api/journey-versions/`, from draft to live."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from compliance.api_submitting import Submitting
from config import clock
from config.history import LONGEST
from config.resources import Body, fitting, read, told
from journeys import publishing
from journeys.api import STATE_CONFLICT, VersionSerializer
from journeys.models import Version

WHOLE = ("journeys.view_version", "journeys.view_step")


class DesignSerializer(serializers.ModelSerializer[Version]):
    """A design of a journey."""

    journey = serializers.SlugRelatedField[Any](slug_field="key", read_only=True, help_text="Key of the journey.")
    author = serializers.SlugRelatedField[Any](
        slug_field="username",
        read_only=True,
        allow_null=True,
        help_text="Username of whoever made it; null if nobody knows.",
    )

    class Meta:
        model = Version
        fields: tuple[str, ...] = ("id", "journey", "number", "state", "author", "trigger", "published_at")
        extra_kwargs = told(
            id="Our id of the version.",
            number="Its number in its journey.",
            state="Whether it is a draft, live or retired; a draft may be waiting for its reviewers.",
            published_at="When it went live; null before.",
        )


class WholeDesignSerializer(VersionSerializer):
    """With its steps."""

    journey = serializers.SlugRelatedField[Any](slug_field="key", read_only=True, help_text="Key of the journey.")
    author = serializers.SlugRelatedField[Any](
        slug_field="username",
        read_only=True,
        allow_null=True,
        help_text="Username of whoever made it; null if nobody knows.",
    )

    class Meta(VersionSerializer.Meta):
        fields = (*DesignSerializer.Meta.fields, *(name for name in VersionSerializer.Meta.fields if name not in DesignSerializer.Meta.fields))  # type: ignore[assignment]  # fmt: skip
        extra_kwargs = {**VersionSerializer.Meta.extra_kwargs, **DesignSerializer.Meta.extra_kwargs}


class PublishSerializer(Body):
    """Why now, if there is something to say beside its review."""

    reason = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=LONGEST, help_text="Why; kept in its history."
    )


class DesignFilter(django_filters.FilterSet):
    """Which designs."""

    journey = django_filters.CharFilter(field_name="journey__key", label="Key of the journey.")
    state = django_filters.ChoiceFilter(choices=Version.State.choices, label="Draft, live or retired.")


@extend_schema_view(
    list=extend_schema(description="Designs of journeys, the newest first, without their steps."),
    retrieve=extend_schema(description="One design with its steps."),
)
class JourneyVersionViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Submitting):
    """Designs of journeys: read them, hand the draft in, publish it once it is approved."""

    queryset = Version.objects.select_related("journey__brand", "author")
    filterset_class = DesignFilter
    scope = "journeys"
    needs = {
        "retrieve": WHOLE,
        "submit": ("journeys.view_version", publishing.PERMISSION),
        "problems": ("journeys.view_version",),
        "publish": (*WHOLE, publishing.PERMISSION),
    }

    def get_serializer_class(self) -> Any:
        return DesignSerializer if self.action == "list" else WholeDesignSerializer

    def get_queryset(self) -> QuerySet[Version]:
        found = super().get_queryset()
        return found if self.action == "list" else found.prefetch_related("steps")

    @extend_schema(
        operation_id="journey_versions_publish",
        request=PublishSerializer,
        responses={200: WholeDesignSerializer, 409: STATE_CONFLICT},
    )
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, pk: str) -> Response:
        """Make the approved draft the design that new people enter; whoever is inside stays in theirs. Needs the permission
        journeys.publish_journey."""
        version, said = self.get_object(), read(PublishSerializer, request)
        with fitting():
            publishing.publish(version, request.user, clock.now(), said["reason"])
        return Response(WholeDesignSerializer(self.get_object()).data)
