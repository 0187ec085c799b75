"""REST API of test sends: `/api/template-versions/<id>/tests/`."""

from typing import Any

from django.core.exceptions import ValidationError
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from channels.api_versions import VIEW_CONTACTS, AsWhomSerializer
from channels.models import Message, SeedList, TemplateVersion
from compliance import seeds
from config import clock, shown
from config.resources import BIGGEST_ID, Resource, allow, read, told

RELATED = ("test__asked_by",)


class TestSendSerializer(serializers.ModelSerializer[Message]):
    """A test, and what became of it."""

    recipient = serializers.CharField(source="test.recipient", read_only=True, help_text="The address.")
    reader = serializers.IntegerField(
        source="test.reader_id", read_only=True, allow_null=True,
        help_text="Id of the contact as whom it is read; null: a made-up one.",
    )  # fmt: skip
    why = serializers.SerializerMethodField(help_text="Why it did not leave, or what the provider said.")
    asked_by = serializers.CharField(
        source="test.asked_by.username", read_only=True, help_text="Username of whoever asked for it."
    )

    class Meta:
        model = Message
        fields = ("id", "recipient", "reader", "state", "why", "asked_by", "created_at")
        extra_kwargs = told(
            id="Id of its message; its copy and decisions are at /api/messages/.",
            state="What became of it.",
            created_at="When it was asked for.",
        )

    def get_why(self, one: Message) -> str:
        """As the card of the version says it."""
        found: dict[int, str] = self.context["why"]
        return found.get(one.pk, "")


class TestsAskedSerializer(serializers.Serializer[Any]):
    """What was asked for."""

    tests = TestSendSerializer(many=True, help_text="One for each address.")


class NewTestSerializer(AsWhomSerializer):
    """To whom, and as whom it is read."""

    seed_list = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=1, max_value=BIGGEST_ID,
        help_text="Id of a seed list of the same brand and channel; null: your own e-mail address.",
    )  # fmt: skip

    def validate_seed_list(self, value: int | None) -> SeedList | None:
        """One of the version's."""
        found = seeds.lists(self.context["version"]).filter(pk=value).first() if value else None
        if value and found is None:
            raise serializers.ValidationError(f"There is no seed list {value} for this brand and channel.")
        return found


class Testing(Resource):
    """Test sends of a version; the resource says what they `need`."""

    @extend_schema(responses=TestSendSerializer(many=True), operation_id="template_versions_tests_list")
    @action(detail=True, filterset_class=None)
    def tests(self, request: Request, pk: str) -> Response:
        """Tests of this version, the newest first."""
        rows = Message.objects.filter(test__version=self.get_object()).select_related(*RELATED)
        return self.get_paginated_response(_rows(self.paginate_queryset(rows) or []))

    @extend_schema(
        request=NewTestSerializer,
        responses={201: OpenApiResponse(TestsAskedSerializer, description="Asked for; the gate judges them.")},
        operation_id="template_versions_tests_create",
    )
    @tests.mapping.post
    def send_test(self, request: Request, pk: str) -> Response:
        """Send this version, marked as a test, to a seed list or to yourself. It passes the gate (senders, stops, the
        suppression list) and counts nowhere. As a contact, it needs the permission contacts.view_contact too."""
        version: TemplateVersion = self.get_object()
        said = read(NewTestSerializer, request, version=version)
        if said["contact"]:
            allow(request.user, VIEW_CONTACTS, None)
            shown.tell(request._request, "contacts.contact", said["contact"].pk)
        try:
            asked = seeds.ask(version, said["seed_list"], said["contact"], request.user, clock.now())
        except ValidationError as error:
            raise serializers.ValidationError({"seed_list": error.messages}) from error
        rows = Message.objects.filter(pk__in=asked).order_by("pk").select_related(*RELATED)
        return Response({"tests": _rows(list(rows))}, status=status.HTTP_201_CREATED)


def _rows(sends: list[Message]) -> Any:
    return TestSendSerializer(sends, many=True, context={"why": seeds.why(sends)}).data
