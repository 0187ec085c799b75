"""REST API of the files that mails carry: `/api/files/`. Their bytes are not handed out here."""

from typing import Any, cast

import django_filters
from django.core.exceptions import ValidationError
from django.db import transaction
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from channels import api_words, files
from channels.models import StoredFile
from channels.models.files import LONGEST_NAME
from config import clock
from config.resources import Body, Conflict, Resource, allow, read, told
from contacts.models import Brand

VIEW, ADD = "channels.view_storedfile", "channels.add_storedfile"
IN_USE = OpenApiResponse(
    {"$ref": "#/components/schemas/Refusal"}, description="A submitted version carries it; retire it instead."
)


class StoredFileSerializer(serializers.ModelSerializer[StoredFile]):
    """A file that mails of its brand may carry; versions name it in `content.attachments`."""

    brand = serializers.SlugRelatedField[Any](slug_field="key", read_only=True, help_text="Key of the brand.")
    uploaded_by = serializers.SlugRelatedField[Any](
        slug_field="username", read_only=True, help_text="Username of whoever uploaded it."
    )

    class Meta:
        model = StoredFile
        fields = ("id", "brand", "name", "content_type", "size", "sha256", "uploaded_at", "uploaded_by", "retired_at")
        read_only_fields = fields
        extra_kwargs = told(
            id="Our id of the file.",
            content_type="Told from its ending and its bytes.",
            sha256="SHA-256 of its bytes, in hex.",
            uploaded_at="When it came.",
            retired_at="Since when new versions cannot name it; null: they can.",
        )


@extend_schema_field({"type": "string", "format": "binary"})
class Upload(serializers.FileField):
    """The bytes of a file."""


class UploadSerializer(Body):
    """A new file, as multipart/form-data."""

    brand = serializers.CharField(max_length=50, help_text="Key of the brand.")
    upload = Upload(
        use_url=False,
        help_text="At most 10,000,000 bytes, of a type that mails carry without harm, e.g. PDF, PNG, ICS.",
    )
    name = serializers.CharField(
        max_length=LONGEST_NAME, required=False, allow_blank=True, default="",
        help_text="As its recipients see it, with its ending; empty: the name in the upload.",
    )  # fmt: skip

    def validate_brand(self, value: str) -> Brand:
        """One that the user may see."""
        return api_words.brand(value, self.context["request"].user)


class FileFilter(django_filters.FilterSet):
    """Which files."""

    brand = django_filters.CharFilter(field_name="brand__key", label="Key of the brand.")
    name = django_filters.CharFilter(label="Its name, exactly.")
    sha256 = django_filters.CharFilter(label="SHA-256 of its bytes, in hex.")


@extend_schema_view(
    list=extend_schema(description="Files, the newest first, without their bytes."),
    retrieve=extend_schema(description="What is known of one file."),
)
class StoredFileViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Resource):
    """Files that mails may carry: look, upload, retire, delete."""

    queryset = StoredFile.objects.defer("data").select_related("brand", "uploaded_by")
    serializer_class = StoredFileSerializer
    filterset_class = FileFilter
    scope = "templates"
    parser_classes = [MultiPartParser]
    needs = {
        "create": (VIEW, ADD),
        "retire": (VIEW, "channels.change_storedfile"),
        "destroy": (VIEW, "channels.delete_storedfile"),
    }

    @extend_schema(request=UploadSerializer, responses={201: StoredFileSerializer})
    @transaction.atomic
    def create(self, request: Request) -> Response:
        """Upload a file. It never changes; for other words, retire it and upload another one of the same name."""
        said = read(UploadSerializer, request)
        allow(request.user, ADD, StoredFile(brand=said["brand"]))
        try:
            made = files.prepared(**said, user_id=cast("int", request.user.pk), now=clock.now())
        except ValidationError as error:
            raise serializers.ValidationError(error.message_dict) from error
        made.save()
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=StoredFileSerializer)
    @action(detail=True, methods=["post"])
    def retire(self, request: Request, pk: str) -> Response:
        """New versions cannot name it any more; those that were submitted keep it."""
        file = self.get_object()
        files.retire(file, clock.now())
        return Response(self.get_serializer(file).data)

    @extend_schema(responses={204: None, 409: IN_USE})
    def destroy(self, request: Request, pk: str) -> Response:
        """Throw it away, unless a submitted version carries it."""
        try:
            files.delete(self.get_object())
        except ValidationError as error:
            raise Conflict(" ".join(error.messages)) from error
        return Response(status=status.HTTP_204_NO_CONTENT)
