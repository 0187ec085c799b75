"""REST API of journeys and of the people in them: `/api/journeys/`, `/api/enrolments/`."""

from typing import Any

import django_filters
from django.core.exceptions import ValidationError
from django.db.models import OuterRef, QuerySet, Subquery
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field, extend_schema_view
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from channels.models import Message
from config import clock
from config.history import LONGEST
from config.resources import Body, Conflict, IdFilter, Resource, Word, before, read, since, told
from contacts.api_people import PersonFilter
from journeys import publishing, removing
from journeys.models import Enrolment, Journey, Step, Version, Visit

STATE_CONFLICT = OpenApiResponse(
    {"$ref": "#/components/schemas/Refusal"}, description="Its state does not allow this; `detail` says why."
)


class StepSerializer(serializers.ModelSerializer[Step]):
    """A station of the live version."""

    config = serializers.DictField(read_only=True, help_text="Its settings, as its kind has them.")
    exits = serializers.DictField(
        child=serializers.CharField(),
        read_only=True,
        help_text="Exit → key of the next step; an exit not named goes to the step below.",
    )

    class Meta:
        model = Step
        fields = ("key", "kind", "title", "config", "exits")
        extra_kwargs = told(key="Its key, unique in the version.", title="Its title; empty if it has none.")


class VersionSerializer(serializers.ModelSerializer[Version]):
    """A design, as it was published."""

    trigger_config = serializers.DictField(read_only=True, help_text="Settings of the trigger.")
    exit_when = serializers.ListField(
        child=serializers.DictField(), read_only=True, help_text="Events that end it at once."
    )
    goal = serializers.DictField(read_only=True, help_text="What counts as success; empty without a goal.")
    steps = StepSerializer(many=True, read_only=True, help_text="The steps in their order; people enter at the first.")

    class Meta:
        model = Version
        fields = (
            "number",
            "trigger",
            "trigger_config",
            "reentry",
            "reentry_after",
            "instance_key",
            "exit_when",
            "goal",
            "published_at",
            "checksum",
            "steps",
        )
        extra_kwargs = told(
            number="Number of the version.",
            reentry="How often one person may enter.",
            published_at="When it went live.",
        )


class JourneySerializer(serializers.ModelSerializer[Journey]):
    """A journey."""

    priority = Word(Message.Priority, help_text="Whose messages go first when a frequency cap has few slots left.")
    brand = serializers.SlugRelatedField[Any](slug_field="key", read_only=True, help_text="Key of the brand.")
    live_version = serializers.IntegerField(
        source="live_number", read_only=True, allow_null=True,
        help_text="Number of the version that new people enter; null while there is none.",
    )  # fmt: skip

    class Meta:
        model = Journey
        fields = ("id", "key", "name", "description", "brand", "state", "priority", "live_version", "created_at")
        extra_kwargs = told(
            id="Our id of the journey.",
            key="Its key, unique and part of its address.",
            name="What people call it.",
            description="What it is for.",
            state="Whether people can enter and move.",
            created_at="When it was made.",
        )


class JourneyWithDesignSerializer(JourneySerializer):
    """With the design that new people enter."""

    design = serializers.SerializerMethodField(help_text="The live version; null while there is none.")

    class Meta(JourneySerializer.Meta):
        fields = (*JourneySerializer.Meta.fields, "design")  # type: ignore[assignment]

    @extend_schema_field(VersionSerializer(allow_null=True))
    def get_design(self, journey: Journey) -> Any:
        live = journey.live_version
        return VersionSerializer(live).data if live else None


class WhySerializer(Body):
    """Why something is stopped, or let go on."""

    reason = serializers.CharField(max_length=LONGEST, help_text="Why; kept in the journey's history.")


class LeaveSerializer(Body):
    """Why somebody is taken out."""

    reason = serializers.CharField(max_length=LONGEST, help_text="Why; kept in `end_reason`.")


class JourneyFilter(django_filters.FilterSet):
    """Which journeys."""

    state = django_filters.ChoiceFilter(choices=Journey.State.choices, label="Whether people can enter and move.")
    brand = django_filters.CharFilter(field_name="brand__key", label="Key of the brand.")


LIVE_NUMBER = Subquery(
    Version.objects.filter(journey=OuterRef("pk"), state=Version.State.LIVE).order_by().values("number")[:1]
)
PUBLISH = ("journeys.view_journey", publishing.PERMISSION)


@extend_schema_view(
    list=extend_schema(description="Journeys, the newest first, without their designs."),
    retrieve=extend_schema(
        description="One journey with its live design. Needs the permissions to view versions and steps too."
    ),
)
class JourneyViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Resource):
    """Journeys: read them, pause and resume them."""

    queryset = Journey.objects.select_related("brand").annotate(live_number=LIVE_NUMBER)
    filterset_class = JourneyFilter
    lookup_field = "key"
    scope = "journeys"
    needs = {
        "retrieve": ("journeys.view_journey", "journeys.view_version", "journeys.view_step"),
        "pause": PUBLISH,
        "resume": PUBLISH,
    }

    def get_serializer_class(self) -> type[JourneySerializer]:
        return JourneyWithDesignSerializer if self.action == "retrieve" else JourneySerializer

    @extend_schema(
        operation_id="journeys_pause", request=WhySerializer, responses={200: JourneySerializer, 409: STATE_CONFLICT}
    )
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, key: str) -> Response:
        """Keep everybody where they are; nothing leaves until it is resumed. Needs the permission to publish journeys."""
        return self._do(publishing.pause, request)

    @extend_schema(
        operation_id="journeys_resume", request=WhySerializer, responses={200: JourneySerializer, 409: STATE_CONFLICT}
    )
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, key: str) -> Response:
        """Go on from where everybody is. Needs the permission to publish journeys."""
        return self._do(publishing.resume, request)

    def _do(self, verb: Any, request: Request) -> Response:
        journey, said = self.get_object(), read(WhySerializer, request)
        try:
            verb(journey, request.user, clock.now(), said["reason"])
        except ValidationError as error:
            raise Conflict(" ".join(error.messages)) from error
        return Response(self.get_serializer(journey).data)


class VisitSerializer(serializers.ModelSerializer[Visit]):
    """A stay at a step."""

    step = serializers.SlugRelatedField[Any](slug_field="key", read_only=True, help_text="Key of the step.")

    class Meta:
        model = Visit
        fields = ("id", "step", "entered_at", "left_at", "exit")
        extra_kwargs = told(
            id="Our id of the visit; the message that it asked for has the key `visit:<id>`.",
            entered_at="When the person came to the step.",
            left_at="When the person left it; null while still there.",
            exit="The exit that was taken; empty while still there.",
        )


class EnrolmentSerializer(serializers.ModelSerializer[Enrolment]):
    """One person's way through a journey."""

    journey = serializers.SlugRelatedField[Any](slug_field="key", read_only=True, help_text="Key of the journey.")
    version = serializers.IntegerField(
        source="version.number",
        read_only=True,
        help_text="Number of the version that the person entered, and stays in.",
    )
    contact_external_id = serializers.CharField(
        source="contact.external_id", read_only=True, help_text="The person's id in your own systems."
    )
    step = serializers.SlugRelatedField[Any](
        slug_field="key", read_only=True, help_text="Key of the step where the person is; null before the first."
    )

    class Meta:
        model = Enrolment
        fields = (
            "id",
            "journey",
            "version",
            "contact",
            "contact_external_id",
            "instance_key",
            "state",
            "step",
            "due_at",
            "entered_at",
            "ended_at",
            "end_reason",
            "error",
            "converted_at",
            "conversion_value",
        )
        extra_kwargs = told(
            id="Our id of the enrolment.",
            contact="Id of the contact.",
            instance_key="What tells apart several ways of one person, e.g. an order's id; empty where there is one.",
            state="Where it stands.",
            entered_at="When the person was let in.",
            ended_at="When it ended; null while it has not.",
            end_reason="Why the person left early.",
            error="Why it was set aside.",
            converted_at="When the goal was reached.",
            conversion_value="What the goal brought, in the currency of its event.",
        )


class EnrolmentWithVisitsSerializer(EnrolmentSerializer):
    """With every stay so far."""

    visits = VisitSerializer(many=True, read_only=True, help_text="Every stay at a step so far, in their order.")

    class Meta(EnrolmentSerializer.Meta):
        fields = (*EnrolmentSerializer.Meta.fields, "visits")  # type: ignore[assignment]


class EnrolmentFilter(django_filters.FilterSet):
    """Who, where, and when."""

    journey = django_filters.CharFilter(field_name="journey__key", label="Key of the journey.")
    contact = IdFilter("contact_id", "Id of the contact.")
    contact_external_id = PersonFilter("contact")
    state = django_filters.ChoiceFilter(choices=Enrolment.State.choices, label="Where it stands.")
    entered_from = since("entered_at", "Let in at this instant or later.")
    entered_before = before("entered_at", "Let in before this instant.")
    ended_from = since("ended_at", "Ended at this instant or later.")
    ended_before = before("ended_at", "Ended before this instant.")


@extend_schema_view(
    list=extend_schema(description="Enrolments, the newest first, without their visits."),
    retrieve=extend_schema(description="One enrolment with its visits. Needs the permission journeys.view_visit too."),
)
class EnrolmentViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Resource):
    """Who is, or was, where; and a way to take somebody out."""

    queryset = Enrolment.objects.select_related("journey", "version", "step", "contact")
    filterset_class = EnrolmentFilter
    scope = "journeys"
    needs = {
        "retrieve": ("journeys.view_enrolment", "journeys.view_visit"),
        "leave": ("journeys.view_enrolment", "journeys.view_visit", removing.PERMISSION),
    }

    def get_serializer_class(self) -> type[EnrolmentSerializer]:
        return EnrolmentSerializer if self.action == "list" else EnrolmentWithVisitsSerializer

    def get_queryset(self) -> QuerySet[Enrolment]:
        found = super().get_queryset()
        return found if self.action == "list" else found.prefetch_related("visits__step")

    @extend_schema(operation_id="enrolments_leave", request=LeaveSerializer, responses=EnrolmentWithVisitsSerializer)
    @action(detail=True, methods=["post"])
    def leave(self, request: Request, pk: str) -> Response:
        """Take the person out at once; a message still waiting at the gate is blocked. Who is out already stays so.
        Needs the permission to change enrolments."""
        enrolment, said = self.get_object(), read(LeaveSerializer, request)
        removing.take_out([enrolment.pk], said["reason"], clock.now())
        return Response(self.get_serializer(self.get_object()).data)
