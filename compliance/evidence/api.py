"""Evidence over the API: `GET /api/messages/{id}/evidence/` and `GET /api/contacts/{id}/evidence/`."""

from typing import Any

from django.http import StreamingHttpResponse
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request

from channels.models import Message
from compliance.evidence.exporting import PERMISSION, message_file, person_file
from compliance.evidence.gathering import RELATED
from config import clock
from config.resources import Resource
from contacts.models import Contact


class EvidenceSerializer(serializers.Serializer[Any]):
    """A file of evidence, with the checksum of its own content."""

    content = serializers.ListField(
        child=serializers.DictField(),
        help_text="What is known, each item with its `kind`: `message`, or `person` and then each of their messages.",
    )
    sha256 = serializers.CharField(help_text="Checksum of the content, as 64 hexadecimal digits.")
    sha256_of = serializers.CharField(help_text="How the checksum is made, so that anybody can check it.")


FILE = OpenApiResponse(EvidenceSerializer, description="The file, as a download.")


class MessageEvidence(Resource):
    """The evidence of one message."""

    queryset = Message.objects.select_related(*RELATED)
    scope = "evidence"
    needs = {"evidence": (PERMISSION,)}
    filter_backends = []

    @extend_schema(responses=FILE)
    @action(detail=True, filterset_class=None, pagination_class=None)
    def evidence(self, request: Request, pk: str) -> StreamingHttpResponse:
        """One file that shows why the message left or did not: its words, their approval, every decision with all
        verdicts, the law with its sources, consents and suppressions. Each download is written into the audit chain."""
        return message_file(self.get_object(), "json", clock.now(), request.user.pk)


class PersonEvidence(Resource):
    """The evidence of one person."""

    queryset = Contact.objects.all()
    scope = "evidence"
    needs = {"evidence": (PERMISSION,)}
    filter_backends = []

    @extend_schema(responses=FILE)
    @action(detail=True, filterset_class=None, pagination_class=None)
    def evidence(self, request: Request, pk: str) -> StreamingHttpResponse:
        """One file about everything that concerns the person: addresses, consents, suppressions, and each message with its
        evidence, oldest first. It is streamed, however long. Each download is written into the audit chain."""
        return person_file(self.get_object(), "json", clock.now(), request.user.pk)
