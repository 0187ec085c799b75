"""`POST /api/inbox-tokens/`, `POST /api/chat-tokens/`: what a person's app needs to open their inbox, a widget their chat."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from channels import chat, inbox
from channels.inbox import Reader
from channels.models import ChatMessage, InAppMessage
from config import clock
from config.resources import Resource
from contacts import owners
from contacts.models import Brand


class InboxSerializer(serializers.Serializer[Any]):
    """Whose inbox or chat, and of which brand."""

    external_id = serializers.CharField(
        max_length=200, help_text="The person's id in your own systems; also one from before a merge."
    )
    brand = serializers.CharField(max_length=50, help_text="Key of the brand.")

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if unknown := sorted(map(str, set(self.initial_data) - set(self.fields))):
            raise serializers.ValidationError({name: ["This field is not known."] for name in unknown})
        contact = owners.with_external_id(data["external_id"])
        brand = Brand.objects.filter(key=data["brand"]).first()
        if contact is None:
            raise serializers.ValidationError({"external_id": ["Nobody has this id."]})
        if brand is None:
            raise serializers.ValidationError({"brand": ["There is no such brand."]})
        return {"reader": Reader(contact, brand.pk)}


class InboxTokenSerializer(serializers.Serializer[Any]):
    """What the app or the widget sends as Bearer."""

    token = serializers.CharField(
        help_text="Opens this one inbox or chat; give it to the person's own app, and to nobody else."
    )
    expires_at = serializers.DateTimeField(help_text="Until when it works.")


class InboxTokenViewSet(Resource):
    """Tokens for apps. None is stored."""

    queryset = InAppMessage.objects.none()
    scope = "contacts"
    needs = {"create": ("channels.open_inbox",)}
    filter_backends = []

    @extend_schema(request=InboxSerializer, responses={201: InboxTokenSerializer})
    def create(self, request: Request) -> Response:
        """A token with which a person's app reads `/v1/inbox` for 30 days. Your server must know that it is this person who asks."""
        form = InboxSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return _given(inbox.token(form.validated_data["reader"], clock.now()))


class ChatTokenViewSet(Resource):
    """Tokens for chat widgets. None is stored."""

    queryset = ChatMessage.objects.none()
    scope = "contacts"
    needs = {"create": ("channels.open_chat",)}
    filter_backends = []

    @extend_schema(request=InboxSerializer, responses={201: InboxTokenSerializer})
    def create(self, request: Request) -> Response:
        """A token with which a person's chat widget reads and writes `/v1/chat` for 30 days. Your server must know that it is this person."""
        form = InboxSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return _given(chat.token(form.validated_data["reader"], clock.now()))


def _given(token: str) -> Response:
    found = InboxTokenSerializer({"token": token, "expires_at": inbox.ends(token)}).data
    return Response(found, status=status.HTTP_201_CREATED)
