"""What the REST API does with drafts, of templates and of blocks: change one's own, or throw it away."""

from typing import Any

from django.db import transaction
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from channels import drafts, revisions
from channels.revisions import Version
from config.resources import Body, Resource, fitting, read, rewritten

NOT_A_DRAFT = OpenApiResponse(
    {"$ref": "#/components/schemas/Refusal"},
    description="It does not change any more, or was changed after you read it; `detail` says which.",
)
REVISION = "Names exactly this state; a change sends it back, so that nobody's words are overwritten by accident."
UNSEEN = "Send the revision of the draft that you have read, so that nobody's words are overwritten by accident."


def revision_field() -> Any:
    """The field of a change that says what its writer had read."""
    return serializers.CharField(
        max_length=64, help_text="The draft's `revision` as you read it; what was changed since is 409."
    )


@transaction.atomic
def change(version: Version, request: Request, form: type[Body], **context: Any) -> None:
    """Write what the request says into the user's own draft. Raises Conflict, PermissionDenied, ValidationError."""
    with fitting():
        drafts.own(version, request.user)
        said = read(form, request, **context)
        if "revision" not in said:
            raise serializers.ValidationError({"revision": [UNSEEN]})
        drafts.unchanged(version, said.pop("revision"))
    rewritten(version, said).save()
    as_stored(version)


def as_stored(version: Version) -> None:
    """What was written as the database gives it back (PostgreSQL turns 1e22 into digits): its revision is that of the next
    reader."""
    version.refresh_from_db(fields=revisions.fields(version))


class Discarding(Resource):
    """A draft can be thrown away."""

    @extend_schema(responses={204: None, 409: NOT_A_DRAFT})
    def destroy(self, request: Request, pk: str) -> Response:
        """Throw your own draft away; what was ever handed in stays."""
        version = self.get_object()
        self.discardable(request, version)
        with fitting():
            drafts.discard(version, request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def discardable(self, request: Request, version: Any) -> None:
        """What else it takes. Raises PermissionDenied."""
