"""REST API of contacts: `/api/contacts/`."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from config import clock
from contacts import identity, traits
from contacts.models import Address, ConsentState, Contact, Event


class AddressSerializer(serializers.ModelSerializer[Address]):
    """An address: normalised value, and whether it works."""

    class Meta:
        model = Address
        fields = ("kind", "value", "validity", "validity_reason")


class ContactSerializer(serializers.ModelSerializer[Contact]):
    """A contact with its addresses."""

    addresses = AddressSerializer(many=True, read_only=True)

    class Meta:
        model = Contact
        fields = (
            "id",
            "external_id",
            "attributes",
            "locale",
            "country",
            "region",
            "timezone",
            "timezone_source",
            "addresses",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class IdentifySerializer(serializers.Serializer[Any]):
    """Who it is, and what is known: `traits` as in Segment's identify call (email, phone, locale, timezone, …)."""

    external_id = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    anonymous_id = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    traits = serializers.DictField(required=False, default=dict)

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if not (data["external_id"] or data["anonymous_id"]):
            raise serializers.ValidationError("Name the contact: external_id, anonymous_id, or both.")
        data["clean"] = traits.clean(data["traits"])
        if data["clean"].problems:
            raise serializers.ValidationError({"traits": list(data["clean"].problems)})
        return data


class EventSerializer(serializers.ModelSerializer[Event]):
    """One line of the timeline."""

    class Meta:
        model = Event
        fields = ("id", "name", "occurred_at", "received_at", "key", "properties")


class ConsentStateSerializer(serializers.ModelSerializer[ConsentState]):
    """The newest word on one channel and topic."""

    topic = serializers.SlugRelatedField[Any](slug_field="key", read_only=True)
    brand = serializers.CharField(source="topic.brand.key", read_only=True)

    class Meta:
        model = ConsentState
        fields = ("channel", "topic", "brand", "state", "basis", "occurred_at", "expires_at")


class ContactFilter(django_filters.FilterSet):
    """Look a contact up by what identifies it."""

    email = django_filters.CharFilter(method="by_email", label="An e-mail address, exactly.")
    phone = django_filters.CharFilter(method="by_phone", label="A phone number in E.164 form, e.g. +33612345678.")

    class Meta:
        model = Contact
        fields = ("external_id", "country", "email", "phone")

    def by_email(self, queryset: QuerySet[Contact], name: str, value: str) -> QuerySet[Contact]:
        return queryset.filter(addresses__kind=Address.Kind.EMAIL, addresses__value=value.strip().lower())

    def by_phone(self, queryset: QuerySet[Contact], name: str, value: str) -> QuerySet[Contact]:
        return queryset.filter(addresses__kind=Address.Kind.PHONE, addresses__value=value.strip())


class ContactViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Contact]):
    """People: look them up, add or change them, read their timeline and consents."""

    queryset = Contact.objects.prefetch_related("addresses")
    serializer_class = ContactSerializer
    filterset_class = ContactFilter
    scope = "contacts"

    @extend_schema(
        request=IdentifySerializer,
        responses={200: ContactSerializer, 400: OpenApiResponse(description="What is wrong, by field.")},
    )
    def create(self, request: Request) -> Response:
        """Add the contact, or change the one with this id: traits are merged, null removes one."""
        form = IdentifySerializer(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        person = identity.Person(
            external_id=data["external_id"], anonymous_id=data["anonymous_id"], clean=data["clean"]
        )
        [contact_id] = identity.resolve([person], clock.now())
        return Response(ContactSerializer(self.get_queryset().get(pk=contact_id)).data, status=status.HTTP_200_OK)

    @extend_schema(responses=EventSerializer(many=True), filters=False)
    @action(detail=True, filterset_class=None)
    def events(self, request: Request, pk: str) -> Response:
        """The timeline, newest first."""
        page = self.paginate_queryset(Event.objects.filter(contact=self.get_object()))
        return self.get_paginated_response(EventSerializer(page, many=True).data)

    @extend_schema(responses=ConsentStateSerializer(many=True), filters=False)
    @action(detail=True, filterset_class=None, pagination_class=None)
    def consents(self, request: Request, pk: str) -> Response:
        """The newest word per channel and topic; what is not listed was never allowed."""
        states = ConsentState.objects.filter(contact=self.get_object()).select_related("topic__brand")
        return Response(ConsentStateSerializer(states, many=True).data)
