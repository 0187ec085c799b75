"""REST API of the retention of copies: `/api/copy-retention/`, for how long the words of sent messages are kept."""

from typing import Any

import django_filters
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from channels.models import MessageClass
from compliance import retention
from compliance.models import CopyRetention
from compliance.models.retention import LONGEST
from config.resources import Reasoned, Removable, read, rewritten, told
from contacts.models import Brand

VIEW = "compliance.view_copyretention"
EXAMPLE = {"brand": "acme", "message_class": "marketing", "days": 730, "reason": "Two years, as counsel advised."}


class CopyRetentionSerializer(serializers.ModelSerializer[CopyRetention]):
    """For how long the copies of a brand's messages of one class are kept; without one they are kept for ever."""

    brand = serializers.SlugRelatedField[Any](slug_field="key", read_only=True, help_text="Key of the brand.")

    class Meta:
        model = CopyRetention
        fields = read_only_fields = ("id", "brand", "message_class", "days", "done_until")
        extra_kwargs = told(
            id="Our id of the line.",
            message_class="The class of messages that it holds for.",
            done_until="The copies of messages that left until then are gone; null while none is.",
        )


class RetentionChangeSerializer(Reasoned):
    """What can be changed; what is left out stays as it is."""

    message_class = serializers.ChoiceField(
        choices=MessageClass.choices, help_text="The class of messages that it holds for, once in a brand."
    )
    days = serializers.IntegerField(
        min_value=0, max_value=LONGEST, help_text="Days since the gate let the message leave; 0: for ever."
    )


class NewRetentionSerializer(RetentionChangeSerializer):
    """A new line."""

    brand = serializers.CharField(max_length=50, help_text="Key of the brand; it stays.")

    def validate_brand(self, value: str) -> Brand:
        """A brand that there is."""
        found = Brand.objects.filter(key=value).first()
        if found is None:
            raise serializers.ValidationError(f"There is no brand {value!r}.")
        return found


class RetentionFilter(django_filters.FilterSet):
    """Which lines."""

    brand = django_filters.CharFilter(field_name="brand__key", label="Key of the brand.")


@extend_schema_view(
    list=extend_schema(description="For how long copies are kept, the newest line first."),
    retrieve=extend_schema(description="One line."),
    destroy=extend_schema(
        description="Take a line away: from now on these copies are kept for ever. What is gone stays gone."
    ),
)
class CopyRetentionViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Removable):
    """For how long the words of sent messages are kept. The messages stay, with what became of them and why."""

    queryset = CopyRetention.objects.select_related("brand")
    serializer_class = CopyRetentionSerializer
    filterset_class = RetentionFilter
    scope = "retention"
    needs = {
        "create": (VIEW, "compliance.add_copyretention"),
        "partial_update": (VIEW, "compliance.change_copyretention"),
        "destroy": (VIEW, "compliance.delete_copyretention"),
    }

    @extend_schema(
        request=NewRetentionSerializer,
        responses={201: CopyRetentionSerializer},
        examples=[OpenApiExample("Two years", EXAMPLE, request_only=True)],
    )
    def create(self, request: Request) -> Response:
        """A new line. Copies that are older go soon, and cannot be had back."""
        said = read(NewRetentionSerializer, request)
        made = CopyRetention(brand=said.pop("brand"))
        _write(made, said)
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=RetentionChangeSerializer, responses=CopyRetentionSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change the days, or the class. Copies that are older go soon, and cannot be had back."""
        policy = self.get_object()
        _write(policy, read(RetentionChangeSerializer, request))
        return Response(self.get_serializer(policy).data)


def _write(policy: CopyRetention, said: dict[str, Any]) -> None:
    """Raises ValidationError with the field that each sentence is about."""
    changed = {name for name, value in said.items() if name != "reason" and getattr(policy, name) != value}
    rewritten(policy, said)
    retention.planned(policy, changed)
    try:
        policy.clean()
        with transaction.atomic():
            policy.save()
    except ValidationError as error:
        raise serializers.ValidationError(error.message_dict) from error
    except IntegrityError as error:
        taken = f"{policy.brand} has a line for {policy.get_message_class_display()} messages already; change that one."
        raise serializers.ValidationError({"message_class": [taken]}) from error
