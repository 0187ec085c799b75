"""REST API of messages, to read: `/api/messages/`."""

from typing import Any

import django_filters
from rest_framework import serializers, viewsets

from channels.models import Message, RenderedCopy


class MessageSerializer(serializers.ModelSerializer[Message]):
    """A message and what became of it."""

    brand = serializers.SlugRelatedField[Any](slug_field="key", read_only=True)
    template = serializers.SlugRelatedField[Any](slug_field="key", read_only=True)
    topic = serializers.SlugRelatedField[Any](slug_field="key", read_only=True)
    version = serializers.IntegerField(source="version.number", read_only=True, allow_null=True, default=None)
    delivery = serializers.CharField(source="get_delivery_display", read_only=True)

    class Meta:
        model = Message
        fields = (
            "id",
            "key",
            "contact",
            "brand",
            "channel",
            "template",
            "version",
            "topic",
            "message_class",
            "state",
            "reason",
            "delivery",
            "due_at",
            "sent_at",
            "created_at",
            "provider_id",
            "labels",
        )


class MessageWithCopySerializer(MessageSerializer):
    """With the words as they were sent (null while nothing was)."""

    copy = serializers.SerializerMethodField()

    class Meta(MessageSerializer.Meta):
        fields = (*MessageSerializer.Meta.fields, "copy")  # type: ignore[assignment]

    def get_copy(self, message: Message) -> dict[str, Any] | None:
        found = RenderedCopy.objects.filter(message=message).first()
        return found.content if found else None


class MessageFilter(django_filters.FilterSet):
    """Whose, where, and with what result."""

    journey = django_filters.CharFilter(field_name="labels__journey", label="Key of the journey that asked for it.")

    class Meta:
        model = Message
        fields = ("contact", "state", "channel", "reason", "journey")


class MessageViewSet(viewsets.ReadOnlyModelViewSet[Message]):
    """Every message that anybody asked for, sent or not."""

    queryset = Message.objects.select_related("brand", "template", "topic", "version")
    filterset_class = MessageFilter
    scope = "messages"

    def get_serializer_class(self) -> type[MessageSerializer]:
        return MessageSerializer if self.action == "list" else MessageWithCopySerializer
