"""REST API of messages, to read: `/api/messages/`."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import mixins, serializers

from channels import archive
from channels.models import Message
from config.resources import IdFilter, Resource, Word, before, since, told
from contacts.api_people import PersonFilter


class MessageSerializer(serializers.ModelSerializer[Message]):
    """A message and what became of it."""

    contact_external_id = serializers.CharField(
        source="contact.external_id", read_only=True, default=None, allow_null=True,
        help_text="The person's id in your own systems; null for a test.",
    )  # fmt: skip
    brand = serializers.SlugRelatedField[Any](slug_field="key", read_only=True, help_text="Key of the brand.")
    template = serializers.SlugRelatedField[Any](slug_field="key", read_only=True, help_text="Key of the template.")
    topic = serializers.SlugRelatedField[Any](slug_field="key", read_only=True, help_text="Key of the topic.")
    version = serializers.IntegerField(
        source="version.number", read_only=True, allow_null=True, default=None,
        help_text="Number of the template's version that was sent; null while nothing was.",
    )  # fmt: skip
    delivery = Word(Message.Delivery, help_text="What is known after handing over; a later word never lowers it.")
    priority = Word(
        Message.Priority, help_text="The higher one of a person's messages that are due together goes first."
    )
    labels = serializers.DictField(read_only=True, help_text="Where it comes from: journey, version, step, visit.")

    class Meta:
        model = Message
        fields = (
            "id",
            "key",
            "contact",
            "contact_external_id",
            "brand",
            "channel",
            "template",
            "version",
            "topic",
            "message_class",
            "state",
            "reason",
            "error",
            "held_by",
            "priority",
            "delivery",
            "due_at",
            "expires_at",
            "sent_at",
            "created_at",
            "provider_id",
            "labels",
        )
        extra_kwargs = told(
            id="Our id of the message.",
            contact="Id of the contact; null for a test, which is nobody's.",
            channel="Key of the channel, e.g. email.",
            message_class="What it is in the eyes of the law; empty until the gate let it leave.",
            state="What became of it.",
            error="What the provider or the gate said, in words.",
            sent_at="When the provider took it.",
            created_at="When it was asked for.",
            provider_id="The provider's id of it.",
        )


class MessageWithCopySerializer(MessageSerializer):
    """With the words as they were sent, and where the gate's decisions about it are."""

    copy = serializers.SerializerMethodField(
        help_text="The fields as they were sent, word for word; null while nothing was. Of a damaged copy only `damaged`, a sentence."
    )
    decisions = serializers.SerializerMethodField(help_text="Address of the gate's decisions about it.")

    class Meta(MessageSerializer.Meta):
        fields = (*MessageSerializer.Meta.fields, "copy", "decisions")  # type: ignore[assignment]

    @extend_schema_field({"type": "object", "additionalProperties": {}, "nullable": True})
    def get_copy(self, message: Message) -> dict[str, Any] | None:
        return archive.shown(message.pk)

    @extend_schema_field(OpenApiTypes.URI)
    def get_decisions(self, message: Message) -> str:
        address: str = self.context["request"].build_absolute_uri(f"{reverse('decision-list')}?message={message.pk}")
        return address


class MessageFilter(django_filters.FilterSet):
    """Whose, where, and with what result."""

    contact = IdFilter("contact_id", "Id of the contact.")
    contact_external_id = PersonFilter("contact")
    test = django_filters.BooleanFilter(
        method="tests", label="true: test sends instead of messages to people.",
    )  # fmt: skip
    journey = django_filters.CharFilter(field_name="labels__journey", label="Key of the journey that asked for it.")
    state = django_filters.ChoiceFilter(choices=Message.State.choices, label="What became of it.")
    channel = django_filters.CharFilter(label="Key of the channel, e.g. email.")
    reason = django_filters.CharFilter(label="Code of the deciding verdict or provider error.")
    created_from = since("created_at", "Asked for at this instant or later.")
    created_before = before("created_at", "Asked for before this instant.")
    sent_from = since("sent_at", "Sent at this instant or later.")
    sent_before = before("sent_at", "Sent before this instant.")

    def tests(self, rows: QuerySet[Message], name: str, value: bool) -> QuerySet[Message]:
        """Tests, or messages to people."""
        return rows.filter(contact=None) if value else rows.exclude(contact=None)

    def filter_queryset(self, queryset: QuerySet[Message]) -> QuerySet[Message]:
        """Without a word about tests there are none."""
        found: QuerySet[Message] = super().filter_queryset(queryset)
        return found.exclude(contact=None) if self.form.cleaned_data["test"] is None else found


@extend_schema_view(
    list=extend_schema(description="Messages, the newest first, without their words."),
    retrieve=extend_schema(
        description="One message, with its words as they were sent. Needs the permission channels.view_renderedcopy too."
    ),
)
class MessageViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Resource):
    """Every message that anybody asked for, sent or not."""

    queryset = Message.objects.select_related("brand", "template", "topic", "version", "contact")
    filterset_class = MessageFilter
    scope = "messages"
    needs = {"retrieve": ("channels.view_message", "channels.view_renderedcopy")}

    def get_serializer_class(self) -> type[MessageSerializer]:
        return MessageSerializer if self.action == "list" else MessageWithCopySerializer
