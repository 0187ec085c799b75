"""REST API of testers: `/api/testers/`, the contacts whose apps get tests of in-app and chat messages."""

from typing import Any

from django.core.exceptions import ValidationError
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from channels.models import Tester
from compliance import testers
from config import clock
from config.resources import Body, Resource, read, told

VIEW = "channels.view_tester"
EXAMPLE = {"external_id": "u-7", "because": "Ana of QA, her own account."}


class TesterSerializer(serializers.ModelSerializer[Tester]):
    """A contact that is one of our own people."""

    external_id = serializers.CharField(source="contact.external_id", read_only=True, help_text="Its user ID.")
    marked_by = serializers.CharField(
        source="marked_by.username", read_only=True, help_text="Username of whoever marked it."
    )

    class Meta:
        model = Tester
        fields = ("id", "contact", "external_id", "because", "marked_by", "marked_at")
        extra_kwargs = told(
            id="Our id of the mark.",
            contact="Id of the contact.",
            because="Whose account it is.",
            marked_at="When it was marked.",
        )


class NewTesterSerializer(Body):
    """Whose account."""

    external_id = serializers.CharField(
        max_length=200, help_text="The user ID of a colleague's own account; also one from before a merge."
    )
    because = serializers.CharField(max_length=testers.LONGEST, help_text="Whose account it is; kept with the mark.")

    def validate_external_id(self, value: str) -> int:
        """The contact's number."""
        try:
            return testers.contact(value)
        except ValidationError as error:
            raise serializers.ValidationError(error.messages) from error


@extend_schema_view(
    list=extend_schema(description="Testers, the newest first."), retrieve=extend_schema(description="One tester.")
)
class TesterViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Resource):
    """Who gets tests of in-app and chat messages."""

    queryset = Tester.objects.select_related("contact", "marked_by")
    serializer_class = TesterSerializer
    scope = "templates"
    needs = {"create": (VIEW, testers.MARK), "destroy": (VIEW, testers.UNMARK)}

    @extend_schema(
        request=NewTesterSerializer,
        responses={201: TesterSerializer},
        examples=[OpenApiExample("A colleague", EXAMPLE, request_only=True)],
    )
    def create(self, request: Request) -> Response:
        """Mark a colleague's own account in your app: it may get words that nobody has approved, marked as tests."""
        said: dict[str, Any] = read(NewTesterSerializer, request)
        made = testers.mark(said["external_id"], said["because"], request.user, clock.now())
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Take the mark away; tests that have not left yet are blocked."""
        testers.unmark(self.get_object(), request.user, clock.now())
        return Response(status=status.HTTP_204_NO_CONTENT)
