"""REST API of contacts: `/api/contacts/`."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from config import bulk, clock
from config.api import Timeline
from config.resources import BIGGEST_ID, Resource, before, since, told
from contacts import addresses, identity, owners
from contacts.api_confirmations import AskedSerializer, AskSerializer, ask
from contacts.api_merging import MergeSerializer, merge
from contacts.api_people import PersonFilter
from contacts.ingest import body
from contacts.models import Address, AnonymousId, ConsentState, Contact, Event
from contacts.traits import Clean
from contacts.traits import clean as read_traits

ADD = "contacts.add_contact"


class AddressSerializer(serializers.ModelSerializer[Address]):
    """An address: normalised value, and whether it works."""

    class Meta:
        model = Address
        fields = ("kind", "value", "validity", "validity_reason")
        extra_kwargs = told(
            kind="What kind of address.",
            value="In its one spelling: a lower-case mail address, or a number in E.164.",
            validity="Whether messages arrive there, as far as we know.",
            validity_reason="How we know; empty if we do not.",
        )


class ContactSerializer(serializers.ModelSerializer[Contact]):
    """A contact with its addresses."""

    attributes = serializers.DictField(read_only=True, help_text="What else is known, by name.")
    addresses = AddressSerializer(many=True, read_only=True, help_text="Where the person can be reached.")

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
        extra_kwargs = told(
            id="Our id of the contact.",
            external_id="The person's id in your own systems (userId); empty for a visitor.",
            timezone="Time zone, e.g. Europe/Paris; empty if it is not known.",
            timezone_source="How we know the time zone.",
            created_at="When we first heard of the person.",
            updated_at="When something about the person last changed.",
        )


class IdentifySerializer(serializers.Serializer[Any]):
    """Who it is, and what is known: `traits` as in Segment's identify call (email, phone, locale, timezone, …)."""

    external_id = serializers.CharField(
        max_length=200, required=False, allow_blank=True, default="", help_text="The person's id in your own systems."
    )
    anonymous_id = serializers.CharField(
        max_length=200, required=False, allow_blank=True, default="", help_text="The id from before they were known."
    )
    traits = serializers.DictField(
        required=False, default=dict, help_text="What to set, by name; null removes an attribute. At most 32 KB."
    )

    def validate_traits(self, value: dict[str, Any]) -> Clean:
        """The traits, sorted; every problem is told, and one is enough to change nothing."""
        if body.too_deep(value):
            raise serializers.ValidationError(f"They are nested deeper than {body.DEPTH} levels.")
        if len(bulk.dumps(value).encode("utf-8", "replace")) > body.EVENT_BYTES:
            raise serializers.ValidationError(f"They are larger than {body.EVENT_BYTES // 1024} KB.")
        clean = read_traits(value)
        if clean.problems:
            raise serializers.ValidationError(list(clean.problems))
        return clean

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if unknown := sorted(map(str, set(self.initial_data) - set(self.fields))):
            sentence = "This field is not known; what you know about the person goes into traits."
            raise serializers.ValidationError({name: [sentence] for name in unknown})
        if not (data["external_id"] or data["anonymous_id"]):
            raise serializers.ValidationError(
                {"external_id": ["Name the contact: external_id, anonymous_id, or both."]}
            )
        return data


class EventSerializer(serializers.ModelSerializer[Event]):
    """One line of the timeline."""

    properties = serializers.DictField(read_only=True, help_text="What its sender told with it.")

    class Meta:
        model = Event
        fields = ("id", "name", "occurred_at", "received_at", "key", "properties")
        extra_kwargs = told(
            id="Our id of the event.",
            name="What happened, e.g. order.completed.",
            received_at="When we learnt of it.",
            key="What makes it this event and no other: its source and the sender's message id.",
        )


class ConsentStateSerializer(serializers.ModelSerializer[ConsentState]):
    """The newest word on one channel and topic."""

    topic = serializers.SlugRelatedField[Any](slug_field="key", read_only=True, help_text="Key of the topic.")
    brand = serializers.CharField(source="topic.brand.key", read_only=True, help_text="Key of the topic's brand.")

    class Meta:
        model = ConsentState
        fields = ("channel", "topic", "brand", "state", "basis", "occurred_at", "expires_at")
        extra_kwargs = told(
            channel="Key of the channel, e.g. email.",
            state="What the person said last.",
            basis="The legal basis; empty for a withdrawal.",
            occurred_at="When the person said so.",
            expires_at="Until when it holds; null without an end.",
        )


class ContactFilter(django_filters.FilterSet):
    """Look a contact up by what identifies it."""

    external_id = PersonFilter()
    email = django_filters.CharFilter(method="by_address", label="An e-mail address, in any spelling of it.")
    phone = django_filters.CharFilter(
        method="by_address",
        label="A phone number with its country code, e.g. +33612345678. A plus is %2B in an address; it may be left out.",
    )
    country = django_filters.CharFilter(lookup_expr="iexact", label="Country by its two letters, e.g. FR.")
    created_from = since("created_at", "First heard of at this instant or later.")
    created_before = before("created_at", "First heard of before this instant.")
    updated_from = since("updated_at", "Last changed at this instant or later.")
    updated_before = before("updated_at", "Last changed before this instant.")

    def by_address(self, queryset: QuerySet[Contact], name: str, value: str) -> QuerySet[Contact]:
        """Raises ValidationError (400) for what is no address."""
        if name == "phone" and value[:1].isdigit():  # a bare plus in an address arrives as a space
            value = f"+{value}"
        try:
            address = addresses.normalise(name, value)
        except ValueError as error:
            raise serializers.ValidationError({name: [str(error)]}) from error
        return queryset.filter(addresses__kind=name, addresses__value=address)


class EventFilter(django_filters.FilterSet):
    """A part of the timeline."""

    name = django_filters.CharFilter(label="Only events of this name, e.g. order.completed.")
    occurred_from = since("occurred_at", "Happened at this instant or later.")
    occurred_before = before("occurred_at", "Happened before this instant.")


CHANGED = OpenApiResponse(ContactSerializer, description="The contact, as it is now.")
MERGED_BEFORE = OpenApiResponse(
    {"$ref": "#/components/schemas/Refusal"}, description="One of them was merged before; `detail` says which."
)
ADDED = OpenApiResponse(ContactSerializer, description="The contact, who was not known before.")


@extend_schema_view(
    list=extend_schema(description="Contacts, the newest first."),
    retrieve=extend_schema(description="One contact."),
)
class ContactViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Resource):
    """People: look them up, add or change them, read their timeline and consents."""

    queryset = Contact.objects.filter(merged_into=None).prefetch_related("addresses")
    serializer_class = ContactSerializer
    filterset_class = ContactFilter
    scope = "contacts"
    sublists = ("events", "consents")
    needs = {
        "list": ("contacts.view_contact", "contacts.view_address"),
        "retrieve": ("contacts.view_contact", "contacts.view_address"),
        "create": ("contacts.view_contact", "contacts.view_address", "contacts.change_contact"),
        "events": ("contacts.view_contact", "contacts.view_event"),
        "consents": ("contacts.view_contact", "contacts.view_consentstate"),
        "confirmations": ("contacts.view_contact", "contacts.add_consent"),
        "merge": ("contacts.view_contact", "contacts.view_address", "contacts.merge_contact"),
    }

    def get_object(self) -> Contact:
        """The id of a contact that was merged leads to the one that is kept."""
        said = self.kwargs[self.lookup_field]
        if said.isdecimal() and int(said) <= BIGGEST_ID:
            self.kwargs[self.lookup_field] = str(owners.kept(int(said)))
        found: Contact = super().get_object()
        return found

    @extend_schema(request=IdentifySerializer, responses={200: CHANGED, 201: ADDED})
    def create(self, request: Request) -> Response:
        """Add the contact, or change the one with this id: traits are merged, null removes one. Saying it twice is
        saying it once. Adding needs the permission contacts.add_contact too."""
        form = IdentifySerializer(data=request.data)
        form.is_valid(raise_exception=True)
        ids = form.validated_data["external_id"], form.validated_data["anonymous_id"]
        known = _known(*ids)
        if not known and not request.user.has_perm(ADD):
            raise PermissionDenied(f"Nobody has this id yet, and adding a contact needs the permission {ADD}.")
        [contact_id] = identity.resolve([identity.Person(*ids, form.validated_data["traits"])], clock.now())
        found = ContactSerializer(self.get_queryset().get(pk=contact_id)).data
        return Response(found, status=status.HTTP_200_OK if known else status.HTTP_201_CREATED)

    @extend_schema(responses=EventSerializer(many=True))
    @action(detail=True, filterset_class=EventFilter, pagination_class=Timeline)
    def events(self, request: Request, pk: str) -> Response:
        """The timeline of a contact, the latest first."""
        found = self.filter_queryset(Event.objects.filter(contact=self.get_object()))
        return self.get_paginated_response(EventSerializer(self.paginate_queryset(found), many=True).data)

    @extend_schema(responses=ConsentStateSerializer(many=True))
    @action(detail=True, filterset_class=None, pagination_class=None)
    def consents(self, request: Request, pk: str) -> Response:
        """The newest word per channel and topic; what is not listed was never allowed."""
        states = ConsentState.objects.filter(contact=self.get_object()).select_related("topic__brand")
        return Response(ConsentStateSerializer(states.order_by("topic", "channel"), many=True).data)

    @extend_schema(
        request=MergeSerializer,
        responses={200: CHANGED, 409: MERGED_BEFORE},
    )
    @action(detail=True, methods=["post"], filterset_class=None, pagination_class=None)
    def merge(self, request: Request, pk: str) -> Response:
        """Two contacts are one person: the other's ids, addresses, timeline, messages and journeys become this one's, and of
        consents the most restrictive word wins. Its id and external id lead here from now on. Staff can undo it."""
        kept = self.get_object()
        merge(kept, request.data, request.user.pk, clock.now())
        return Response(ContactSerializer(self.get_queryset().get(pk=kept.pk)).data)

    @extend_schema(request=AskSerializer, responses={201: AskedSerializer})
    @action(detail=True, methods=["post"], filterset_class=None, pagination_class=None)
    def confirmations(self, request: Request, pk: str) -> Response:
        """Double opt-in: ask the person to confirm a consent, which is pending until they do. The link is in the answer and
        in the event confirmation.requested, so that a journey can send it."""
        return Response(ask(self.get_object(), request.data, clock.now()), status=status.HTTP_201_CREATED)


def _known(external_id: str, anonymous_id: str) -> bool:
    """Whether this is somebody already; a visitor who turns out to be a new user is."""
    if identity.known([external_id]):
        return True
    visitors = AnonymousId.objects.filter(value=anonymous_id) if anonymous_id else AnonymousId.objects.none()
    return (visitors.filter(contact__external_id="") if external_id else visitors).exists()
