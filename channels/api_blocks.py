"""REST API of content blocks and their versions: `/api/content-blocks/`, `/api/block-versions/`."""

from typing import Any

import django_filters
from django.db import transaction
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from channels import api_words, drafts, revisions
from channels.api_drafts import NOT_A_DRAFT, REVISION, Discarding, as_stored, change, revision_field
from channels.models import BlockVersion, ContentBlock
from config.permissions import visible
from config.resources import BIGGEST_ID, Body, IdFilter, Reasoned, Resource, allow, read, rewritten, told
from contacts.models import Brand

VIEW_BLOCK, ADD_BLOCK = "channels.view_contentblock", "channels.add_contentblock"
VIEW, ADD = "channels.view_blockversion", "channels.add_blockversion"
LOCKED = "channels.change_locked_block"


class ContentBlockSerializer(serializers.ModelSerializer[ContentBlock]):
    """A piece of content that templates of a brand share; its words are in its versions."""

    brand = serializers.SlugRelatedField[Any](slug_field="key", read_only=True, help_text="Key of the brand.")

    class Meta:
        model = ContentBlock
        fields = ("id", "key", "name", "brand", "format", "locked")
        extra_kwargs = told(id="Our id of the block.", name="What people call it.")


class BlockChangeSerializer(Body):
    """What can be changed about a block."""

    name = serializers.CharField(max_length=120, help_text="What people call it.")
    locked = serializers.BooleanField(
        required=False,
        help_text="Legal text: only people with channels.change_locked_block write versions of it, or say so.",
    )


class BlockEditSerializer(Reasoned, BlockChangeSerializer):
    """What becomes of a block, and why."""


class NewBlockSerializer(BlockChangeSerializer):
    """A new block."""

    key = serializers.SlugField(max_length=50, help_text="Templates write {{ blocks.key }}; it stays.")
    brand = serializers.CharField(max_length=50, help_text="Key of the brand.")
    format = serializers.ChoiceField(
        choices=ContentBlock.Format.choices, default=ContentBlock.Format.HTML, help_text="What its words are; it stays."
    )

    def validate_brand(self, value: str) -> Brand:
        """One that the user may see."""
        return api_words.brand(value, self.context["request"].user)


class BlockVersionSerializer(serializers.ModelSerializer[BlockVersion]):
    """The words of a block in one language."""

    author = serializers.SlugRelatedField[Any](
        slug_field="username", read_only=True, help_text="Username of whoever wrote it."
    )
    variants = serializers.ListField(
        child=serializers.DictField(),
        read_only=True,
        help_text="Other words under conditions; the first that holds is used.",
    )
    revision = serializers.SerializerMethodField(help_text=REVISION)

    class Meta:
        model = BlockVersion
        fields = ("id", "block", "number", "locale", "source", "variants", "state", "author", "created_at", "submitted_at", "revision")  # fmt: skip
        extra_kwargs = told(
            id="Our id of the version.",
            block="Id of the block.",
            number="Its number in its block.",
            state="Where it stands; only a draft changes.",
            created_at="When it was made.",
            submitted_at="When it was handed in; null before.",
        )

    def get_revision(self, version: BlockVersion) -> str:
        return revisions.of(version)


class BlockWordsSerializer(Body):
    """Words of a version."""

    locale = serializers.RegexField(
        r"\A[A-Za-z0-9_-]*\Z", max_length=20, required=False, allow_blank=True,
        help_text="Language, e.g. fr-CA; empty: for everyone without a version in their own.",
    )  # fmt: skip
    source = serializers.CharField(  # type: ignore[assignment]  # a field of ours, not where DRF reads from
        trim_whitespace=False, help_text="May use variables and other blocks, as templates do."
    )
    variants = serializers.ListField(
        child=serializers.DictField(), required=False,
        help_text="Other words under conditions, each with when and source; the first that holds is used.",
    )  # fmt: skip

    def validate_variants(self, value: list[Any]) -> list[Any]:
        """Each with a condition and its words."""
        return api_words.variants(value)


class BlockVersionChangeSerializer(Reasoned, BlockWordsSerializer):
    """Words; what is left out stays as it is."""

    revision = revision_field()


class NewBlockVersionSerializer(BlockWordsSerializer):
    """A new draft of a block."""

    block = serializers.IntegerField(min_value=1, max_value=BIGGEST_ID, help_text="Id of the block.")

    def validate_block(self, value: int) -> ContentBlock:
        """One that the user may see."""
        rows = visible(ContentBlock.objects.select_related("brand"), self.context["request"].user, VIEW_BLOCK)
        found = rows.filter(pk=value).first()
        if found is None:
            raise serializers.ValidationError(f"There is no block {value}.")
        return found


class BlockFilter(django_filters.FilterSet):
    """Which blocks."""

    brand = django_filters.CharFilter(field_name="brand__key", label="Key of the brand.")
    key = django_filters.CharFilter(label="Its key, exactly.")


class BlockVersionFilter(django_filters.FilterSet):
    """Which versions."""

    block = IdFilter("block_id", "Id of the block.")
    state = django_filters.ChoiceFilter(choices=BlockVersion.State.choices, label="Where it stands.")
    locale = django_filters.CharFilter(label="Language, exactly as it is written.")


@extend_schema_view(
    list=extend_schema(description="Content blocks, the newest first, without their words."),
    retrieve=extend_schema(description="One content block; its words are in its versions."),
)
class ContentBlockViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Resource):
    """Content blocks: look, add, rename."""

    queryset = ContentBlock.objects.select_related("brand")
    serializer_class = ContentBlockSerializer
    filterset_class = BlockFilter
    scope = "templates"
    needs = {
        "create": (VIEW_BLOCK, ADD_BLOCK),
        "partial_update": (VIEW_BLOCK, "channels.change_contentblock"),
    }

    @extend_schema(
        request=NewBlockSerializer,
        responses={201: ContentBlockSerializer},
        examples=[
            OpenApiExample(
                "A footer", {"key": "footer", "name": "Footer", "brand": "acme", "format": "html"}, request_only=True
            )
        ],
    )
    def create(self, request: Request) -> Response:
        """A new block, without words yet: add a version. Legal text needs the permission channels.change_locked_block."""
        said = read(NewBlockSerializer, request)
        made = ContentBlock(**said)
        allow(request.user, ADD_BLOCK, made)
        may_write(request.user, made)
        house, key = said.pop("brand"), said.pop("key")
        made, new = ContentBlock.objects.get_or_create(brand=house, key=key, defaults=said)
        if not new:
            raise serializers.ValidationError({"key": ["This key is taken in this brand; choose another one."]})
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=BlockEditSerializer, responses=ContentBlockSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change its name, or whether it is legal text. Legal text needs the permission channels.change_locked_block."""
        block = self.get_object()
        may_write(request.user, block)
        rewritten(block, read(BlockEditSerializer, request))
        may_write(request.user, block)
        block.save()
        return Response(self.get_serializer(block).data)


@extend_schema_view(
    list=extend_schema(description="Versions of content blocks, the newest first."),
    retrieve=extend_schema(description="One version with its words."),
)
class BlockVersionViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Discarding):
    """The words of content blocks: write drafts."""

    queryset = BlockVersion.objects.select_related("block__brand", "author")
    serializer_class = BlockVersionSerializer
    filterset_class = BlockVersionFilter
    scope = "templates"
    needs = {
        "create": (VIEW, ADD),
        "partial_update": (VIEW, "channels.change_blockversion"),
        "destroy": (VIEW, "channels.delete_blockversion"),
        "new_draft": (VIEW, ADD),
    }

    @extend_schema(
        request=NewBlockVersionSerializer,
        responses={201: BlockVersionSerializer},
        examples=[OpenApiExample("A draft", {"block": 7, "source": "<p>Acme Ltd, London</p>"}, request_only=True)],
    )
    def create(self, request: Request) -> Response:
        """A new draft of a block, yours from now on. Of legal text it needs the permission channels.change_locked_block."""
        made = _draft(request.user, **read(NewBlockVersionSerializer, request))
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=BlockVersionChangeSerializer, responses={200: BlockVersionSerializer, 409: NOT_A_DRAFT})
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change your own draft; of what somebody else wrote make a new draft. `revision` is the one that you have read: what
        was changed since is 409, and nothing is saved."""
        version = self.get_object()
        may_write(request.user, version.block)
        change(version, request, BlockVersionChangeSerializer)
        return Response(self.get_serializer(version).data)

    def discardable(self, request: Request, version: BlockVersion) -> None:
        may_write(request.user, version.block)

    @extend_schema(request=None, responses={201: BlockVersionSerializer})
    @action(detail=True, methods=["post"], url_path="new-draft")
    def new_draft(self, request: Request, pk: str) -> Response:
        """A new draft with the same words, yours from now on."""
        old = self.get_object()
        made = _draft(request.user, block=old.block, locale=old.locale, source=old.source, variants=old.variants)
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED)


def may_write(user: Any, block: ContentBlock) -> None:
    """Raises PermissionDenied for legal text, unless the user may change it."""
    if block.locked:
        allow(user, LOCKED, None)


@transaction.atomic
def _draft(user: Any, **words: Any) -> BlockVersion:
    made: BlockVersion = rewritten(BlockVersion(author_id=user.pk), words)
    allow(user, ADD, made)
    may_write(user, made.block)
    made.number = drafts.next_block_number(made.block)
    made.save()
    as_stored(made)
    return made
