"""REST API of the words of templates: `/api/template-versions/`. The floor of reviews adds how they are handed in."""

from typing import Any, cast

import django_filters
from django.db import transaction
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiResponse,
    extend_schema,
    extend_schema_field,
    extend_schema_view,
)
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from channels import api_words, attachments, drafts, previews, revisions, variables
from channels.api_drafts import NOT_A_DRAFT, REVISION, Discarding, as_stored, change, revision_field
from channels.api_quality import Quality
from channels.liquid import BadSource, Missing, Unrenderable
from channels.models import MessageClass, MessageTemplate, TemplateVersion
from config import clock, shown
from config.permissions import visible
from config.resources import BIGGEST_ID, Body, Conflict, Reasoned, allow, read, rewritten, told
from contacts.models import Contact

VIEW, ADD = "channels.view_templateversion", "channels.add_templateversion"
VIEW_CONTACTS = "contacts.view_contact"
EXAMPLE = {
    "template": "weekly",
    "locale": "en",
    "message_class": "marketing",
    "content": {"subject": "News", "text": "Hello."},
}


@extend_schema_field(api_words.CONTENT_SCHEMA)
class Fields(serializers.DictField):
    """Fields of a channel's form, by name."""


class AttachedSerializer(serializers.Serializer[Any]):
    """A file that a version carries."""

    file = serializers.IntegerField(read_only=True, help_text="Our id of the file.")
    name = serializers.CharField(read_only=True, help_text="As its recipients see it.")
    content_type = serializers.CharField(read_only=True, help_text="Told from its ending and its bytes.")
    size = serializers.IntegerField(read_only=True, help_text="In bytes.")
    sha256 = serializers.CharField(read_only=True, help_text="SHA-256 of its bytes, in hex.")


class TemplateVersionSerializer(serializers.ModelSerializer[TemplateVersion]):
    """The words of a template in one language."""

    template = serializers.SlugRelatedField[Any](slug_field="key", read_only=True, help_text="Key of the template.")
    author = serializers.SlugRelatedField[Any](
        slug_field="username", read_only=True, help_text="Username of whoever wrote it."
    )
    content = Fields(read_only=True, help_text="The fields of the channel's form, as they were written.")
    variables = serializers.ListField(
        child=serializers.DictField(), read_only=True, help_text="Variables that the words may use."
    )
    attachments = serializers.SerializerMethodField(
        help_text="The files that it carries since it was submitted; `content.attachments` names them."
    )
    revision = serializers.SerializerMethodField(help_text=REVISION)

    class Meta:
        model = TemplateVersion
        fields = ("id", "template", "number", "locale", "message_class", "content", "variables", "attachments", "state", "author", "created_at", "submitted_at", "revision")  # fmt: skip
        extra_kwargs = told(
            id="Our id of the version.",
            number="Its number in its template.",
            message_class="What it is in the eyes of the law.",
            state="Where it stands; only a draft changes.",
            created_at="When it was made.",
            submitted_at="When it was handed in; null before.",
        )

    def get_revision(self, version: TemplateVersion) -> str:
        return revisions.of(version)

    @extend_schema_field(AttachedSerializer(many=True))
    def get_attachments(self, version: TemplateVersion) -> list[dict[str, Any]]:
        """As its seal covers them."""
        return list(version.compiled.get(attachments.FIELD) or ())


class VersionWordsSerializer(Body):
    """Words of a version."""

    locale = serializers.RegexField(
        r"\A[A-Za-z0-9_-]*\Z", max_length=20, required=False, allow_blank=True,
        help_text="Language, e.g. fr-CA; empty: for everyone without a version in their own.",
    )  # fmt: skip
    message_class = serializers.ChoiceField(
        choices=MessageClass.choices, required=False, help_text="What it is in the eyes of the law."
    )
    content = Fields(help_text="The fields of the channel's form, all of them, e.g. subject and text.")
    variables = serializers.ListField(
        child=serializers.DictField(), required=False,
        help_text="Variables that the words may use: name, type, fallback and sample of each.",
    )  # fmt: skip

    def validate_variables(self, value: list[Any]) -> list[Any]:
        """Each with a name and values of its type."""
        return api_words.declared(value)

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """The channel's own form judges the words."""
        if "content" in data:
            data["content"] = api_words.content(data.get("template") or self.context["template"], data["content"])
        return data


class VersionChangeSerializer(Reasoned, VersionWordsSerializer):
    """Words; what is left out stays as it is."""

    revision = revision_field()


class NewVersionSerializer(VersionWordsSerializer):
    """A new draft of a template."""

    template = serializers.CharField(max_length=50, help_text="Key of the template.")

    def validate_template(self, value: str) -> MessageTemplate:
        """One that the user may see."""
        rows = visible(
            MessageTemplate.objects.select_related("brand"),
            self.context["request"].user,
            "channels.view_messagetemplate",
        )
        found = rows.filter(key=value).first()
        if found is None:
            raise serializers.ValidationError(f"There is no template {value!r}.")
        return found


class AsWhomSerializer(Body):
    """As whom to read it."""

    contact = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=1, max_value=BIGGEST_ID,
        help_text="Id of a contact; null: a made-up one, with the samples of the variables.",
    )  # fmt: skip

    def validate_contact(self, value: int | None) -> Contact | None:
        """Somebody who is known."""
        found = Contact.objects.filter(pk=value, merged_into=None).first() if value else None
        if value and found is None:
            raise serializers.ValidationError(f"There is no contact {value}.")
        return found


class PreviewSerializer(serializers.Serializer[Any]):
    """The words as that person would read them."""

    content = Fields(help_text="Every field, rendered; nothing was sent or stored.")
    made_up = serializers.ListField(
        child=serializers.CharField(),
        help_text="Variables that a made-up person has no value for; placeholders stand for them. A contact has none.",
    )


class VersionFilter(django_filters.FilterSet):
    """Which versions."""

    template = django_filters.CharFilter(field_name="template__key", label="Key of the template.")
    state = django_filters.ChoiceFilter(choices=TemplateVersion.State.choices, label="Where it stands.")
    locale = django_filters.CharFilter(label="Language, exactly as it is written.")


@extend_schema_view(
    list=extend_schema(description="Versions of templates, the newest first."),
    retrieve=extend_schema(description="One version with its words."),
)
class TemplateVersionViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Quality, Discarding):
    """The words of templates: write drafts, read them as somebody would."""

    queryset = TemplateVersion.objects.select_related("template__brand", "author")
    serializer_class = TemplateVersionSerializer
    filterset_class = VersionFilter
    scope = "templates"
    harmless = ("preview",)
    parameters = {"data_quality": ("segment",)}
    needs = {
        "create": (VIEW, ADD),
        "partial_update": (VIEW, "channels.change_templateversion"),
        "destroy": (VIEW, "channels.delete_templateversion"),
        "preview": (VIEW,),
        "data_quality": (VIEW,),
        "new_draft": (VIEW, ADD),
    }

    @extend_schema(
        request=NewVersionSerializer,
        responses={201: TemplateVersionSerializer},
        examples=[OpenApiExample("A draft", EXAMPLE, request_only=True)],
    )
    @transaction.atomic
    def create(self, request: Request) -> Response:
        """A new draft of a template, yours from now on."""
        made = rewritten(TemplateVersion(author_id=cast("int", request.user.pk)), read(NewVersionSerializer, request))
        allow(request.user, ADD, made)
        made.number = drafts.next_number(made.template)
        made.save()
        as_stored(made)
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=VersionChangeSerializer, responses={200: TemplateVersionSerializer, 409: NOT_A_DRAFT})
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change your own draft; of what somebody else wrote make a new draft. `revision` is the one that you have read: what
        was changed since is 409, and nothing is saved."""
        version = self.get_object()
        change(version, request, VersionChangeSerializer, template=version.template)
        return Response(self.get_serializer(version).data)

    @extend_schema(
        request=AsWhomSerializer,
        responses={
            200: PreviewSerializer,
            409: OpenApiResponse(
                {"$ref": "#/components/schemas/Refusal"}, description="It cannot be rendered so; `detail` says why."
            ),
        },
    )
    @action(detail=True, methods=["post"])
    def preview(self, request: Request, pk: str) -> Response:
        """Every field as a contact, or a made-up one, would read it; nothing is stored or sent. As a contact, it needs the
        permission contacts.view_contact too."""
        version = self.get_object()
        reader = read(AsWhomSerializer, request)["contact"]
        if reader:
            allow(request.user, VIEW_CONTACTS, None)
            shown.tell(request._request, "contacts.contact", reader.pk)
        try:
            found = previews.seen(
                version.template,
                version.content,
                reader,
                clock.now(),
                locale=version.locale,
                declared=variables.read(version.variables),
                carried=attachments.of(version),
            )
        except (BadSource, Missing, Unrenderable) as error:
            raise Conflict(f"It cannot be rendered: {error}") from error
        return Response({"content": found.content, "made_up": found.invented})

    @extend_schema(request=None, responses={201: TemplateVersionSerializer})
    @action(detail=True, methods=["post"], url_path="new-draft")
    def new_draft(self, request: Request, pk: str) -> Response:
        """A new draft with the same words, yours from now on."""
        made = drafts.draft_of(self.get_object(), cast("int", request.user.pk))
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED)
