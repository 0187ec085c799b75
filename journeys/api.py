"""REST API of journeys and of the people in them: `/api/journeys/`, `/api/enrolments/`."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from config import clock
from journeys import engine, publishing
from journeys.models import Enrolment, Journey, Step, Version, Visit


class StepSerializer(serializers.ModelSerializer[Step]):
    """A station of the live version."""

    class Meta:
        model = Step
        fields = ("key", "kind", "title", "config", "exits")


class VersionSerializer(serializers.ModelSerializer[Version]):
    """A design."""

    steps = StepSerializer(many=True, read_only=True)

    class Meta:
        model = Version
        fields = ("number", "trigger", "trigger_config", "reentry", "reentry_after", "exit_when", "goal", "published_at", "checksum", "steps")


class JourneySerializer(serializers.ModelSerializer[Journey]):
    """A journey and its live version."""

    brand = serializers.SlugRelatedField[Any](slug_field="key", read_only=True)
    live_version = VersionSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Journey
        fields = ("id", "key", "name", "description", "brand", "state", "live_version")


class JourneyViewSet(viewsets.ReadOnlyModelViewSet[Journey]):
    """Journeys: read them, pause and resume them."""

    queryset = Journey.objects.select_related("brand")
    serializer_class = JourneySerializer
    filterset_fields = ("state", "key")
    lookup_field = "key"
    scope = "journeys"

    @extend_schema(request=None, responses=JourneySerializer)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, key: str) -> Response:
        """Keep everybody where they are; nothing leaves until it is resumed."""
        return self._do(publishing.pause, request)

    @extend_schema(request=None, responses=JourneySerializer)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, key: str) -> Response:
        """Go on from where everybody is."""
        return self._do(publishing.resume, request)

    def _do(self, verb: Any, request: Request) -> Response:
        journey = self.get_object()
        try:
            verb(journey, request.user, clock.now())
        except ValidationError as error:
            raise serializers.ValidationError(error.messages) from error
        except PermissionDenied as error:
            self.permission_denied(request, message=str(error))
        journey.refresh_from_db()
        return Response(JourneySerializer(journey).data)


class VisitSerializer(serializers.ModelSerializer[Visit]):
    """A stay at a step."""

    step = serializers.SlugRelatedField[Any](slug_field="key", read_only=True)

    class Meta:
        model = Visit
        fields = ("id", "step", "entered_at", "left_at", "exit")


class EnrolmentSerializer(serializers.ModelSerializer[Enrolment]):
    """One person's way through a journey."""

    journey = serializers.SlugRelatedField[Any](slug_field="key", read_only=True)
    version = serializers.IntegerField(source="version.number", read_only=True)
    step = serializers.SlugRelatedField[Any](slug_field="key", read_only=True)

    class Meta:
        model = Enrolment
        fields = (
            "id",
            "journey",
            "version",
            "contact",
            "instance_key",
            "state",
            "step",
            "due_at",
            "entered_at",
            "ended_at",
            "end_reason",
            "converted_at",
            "conversion_value",
        )


class EnrolmentWithVisitsSerializer(EnrolmentSerializer):
    """With every stay so far."""

    visits = VisitSerializer(many=True, read_only=True)

    class Meta(EnrolmentSerializer.Meta):
        fields = (*EnrolmentSerializer.Meta.fields, "visits")  # type: ignore[assignment]


class EnrolmentViewSet(viewsets.ReadOnlyModelViewSet[Enrolment]):
    """Who is, or was, where; and a way to take somebody out."""

    queryset = Enrolment.objects.select_related("journey", "version", "step")
    filterset_fields = {"journey__key": ["exact"], "contact": ["exact"], "state": ["exact"]}
    scope = "journeys"

    def get_serializer_class(self) -> type[EnrolmentSerializer]:
        return EnrolmentSerializer if self.action == "list" else EnrolmentWithVisitsSerializer

    def get_queryset(self) -> QuerySet[Enrolment]:
        found = super().get_queryset()
        return found if self.action == "list" else found.prefetch_related("visits__step")

    @extend_schema(request=None, responses=EnrolmentWithVisitsSerializer)
    @action(detail=True, methods=["post"])
    def leave(self, request: Request, pk: str) -> Response:
        """Take the person out at once; a message still waiting at the gate is blocked."""
        enrolment = self.get_object()
        engine.leave([enrolment.pk], "taken out through the API", clock.now())
        return Response(self.get_serializer(self.get_queryset().get(pk=enrolment.pk)).data)
