"""REST API of seed lists: `/api/seed-lists/`, the addresses that tests go to."""

from typing import Any

import django_filters
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from channels import api_words
from channels.models import SeedList
from channels.models.seeds import MOST
from config.resources import Reasoned, Removable, allow, read, rewritten, told
from contacts.models import Brand

VIEW, ADD = "channels.view_seedlist", "channels.add_seedlist"
EXAMPLE = {"brand": "acme", "name": "Team", "channel": "email", "addresses": ["ana@acme.test", "ben@acme.test"]}


class SeedListSerializer(serializers.ModelSerializer[SeedList]):
    """Addresses of colleagues and test devices, which are nobody's contacts, or user IDs of testers."""

    brand = serializers.SlugRelatedField[Any](slug_field="key", read_only=True, help_text="Key of the brand.")
    addresses = serializers.ListField(
        child=serializers.CharField(),
        read_only=True,
        help_text="E-mail addresses, phone numbers, device tokens or user IDs.",
    )

    class Meta:
        model = SeedList
        fields = ("id", "brand", "name", "channel", "addresses")
        extra_kwargs = told(
            id="Our id of the list.", name="What people call it.", channel="Key of the channel, e.g. email."
        )


class SeedListChangeSerializer(Reasoned):
    """What can be changed about a list; what is left out stays as it is."""

    name = serializers.CharField(max_length=120, help_text="What people call it, once in a brand.")
    channel = serializers.CharField(
        max_length=20,
        help_text="Key of a channel that writes to e-mail addresses, phone numbers, devices or people's apps.",
    )
    addresses = serializers.ListField(
        child=serializers.CharField(max_length=320), min_length=1, max_length=MOST,
        help_text="E-mail addresses, phone numbers with their country code, for push devices' registration tokens, for in-app and chat the user IDs of testers; all of them.",
    )  # fmt: skip


class NewSeedListSerializer(SeedListChangeSerializer):
    """A new list."""

    brand = serializers.CharField(max_length=50, help_text="Key of the brand; it stays.")

    def validate_brand(self, value: str) -> Brand:
        """One that the user may see."""
        return api_words.brand(value, self.context["request"].user)


class SeedListFilter(django_filters.FilterSet):
    """Which lists."""

    brand = django_filters.CharFilter(field_name="brand__key", label="Key of the brand.")
    channel = django_filters.CharFilter(label="Key of the channel, e.g. email.")


@extend_schema_view(
    list=extend_schema(description="Seed lists, the newest first."),
    retrieve=extend_schema(description="One seed list."),
    destroy=extend_schema(description="Take a list away; tests that were sent to it stay."),
)
class SeedListViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Removable):
    """Who gets tests."""

    queryset = SeedList.objects.select_related("brand")
    serializer_class = SeedListSerializer
    filterset_class = SeedListFilter
    scope = "templates"
    needs = {
        "create": (VIEW, ADD),
        "partial_update": (VIEW, "channels.change_seedlist"),
        "destroy": (VIEW, "channels.delete_seedlist"),
    }

    @extend_schema(
        request=NewSeedListSerializer,
        responses={201: SeedListSerializer},
        examples=[OpenApiExample("A team", EXAMPLE, request_only=True)],
    )
    def create(self, request: Request) -> Response:
        """A new list. Its addresses are kept in their one spelling, each once."""
        said = read(NewSeedListSerializer, request)
        made = SeedList(brand=said.pop("brand"))
        allow(request.user, ADD, made)
        _write(made, said)
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=SeedListChangeSerializer, responses=SeedListSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change its name, channel or addresses; `addresses`, where given, replace all."""
        seed_list = self.get_object()
        _write(seed_list, read(SeedListChangeSerializer, request))
        return Response(self.get_serializer(seed_list).data)


def _write(seed_list: SeedList, said: dict[str, Any]) -> None:
    """Raises ValidationError with the field that each sentence is about."""
    rewritten(seed_list, said)
    try:
        seed_list.clean()
        with transaction.atomic():
            seed_list.save()
    except ValidationError as error:
        raise serializers.ValidationError(error.message_dict) from error
    except IntegrityError as error:
        taken = f"{seed_list.brand} has a seed list of this name already; choose another one."
        raise serializers.ValidationError({"name": [taken]}) from error
