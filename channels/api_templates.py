"""REST API of message templates: `/api/templates/`."""

from typing import Any

import django_filters
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from channels import api_words, drafts
from channels.base import channels
from channels.models import MessageTemplate
from config.resources import Body, Reasoned, Removable, allow, fitting, read, rewritten, told
from contacts.models import Brand, Topic

ADD = "channels.add_messagetemplate"
EDIT = ("channels.view_messagetemplate", "channels.change_messagetemplate")


class TemplateSerializer(serializers.ModelSerializer[MessageTemplate]):
    """A message that journeys can send; its words are in its versions."""

    brand = serializers.SlugRelatedField[Any](slug_field="key", read_only=True, help_text="Key of the brand.")
    topic = serializers.SlugRelatedField[Any](slug_field="key", read_only=True, help_text="Key of the topic.")

    class Meta:
        model = MessageTemplate
        fields = ("id", "key", "name", "brand", "channel", "topic")
        extra_kwargs = told(
            id="Our id of the template.",
            key="Its key, unique and part of its address.",
            name="What people call it.",
            channel="Key of the channel, e.g. email.",
        )


class TemplateChangeSerializer(Body):
    """What can be changed about a template."""

    name = serializers.CharField(max_length=120, help_text="What people call it.")
    topic = serializers.CharField(
        max_length=50, help_text="Key of the topic whose consent it needs, of the same brand."
    )

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """A template of one brand cannot ask for the consent of another."""
        house: Brand = data.get("brand") or self.context["brand"]
        if "topic" in data:
            found = Topic.objects.filter(brand=house, key=data["topic"]).first()
            if found is None:
                raise serializers.ValidationError({"topic": [f"{house} has no topic {data['topic']!r}."]})
            data["topic"] = found
        return data


class TemplateEditSerializer(Reasoned, TemplateChangeSerializer):
    """What becomes of a template, and why."""


class NewTemplateSerializer(TemplateChangeSerializer):
    """A new template."""

    key = serializers.SlugField(max_length=50, help_text="Its key: letters, digits, - and _; it stays.")
    brand = serializers.CharField(max_length=50, help_text="Key of the brand.")
    channel = serializers.CharField(max_length=20, help_text="Key of the channel, e.g. email.")

    def validate_brand(self, value: str) -> Brand:
        """One that the user may see."""
        return api_words.brand(value, self.context["request"].user)

    def validate_channel(self, value: str) -> str:
        """One that there is."""
        if value not in channels:
            known = ", ".join(sorted(kind.key for kind in channels))
            raise serializers.ValidationError(f"There is no channel {value!r}; there are {known}.")
        return value


class TemplateFilter(django_filters.FilterSet):
    """Which templates."""

    brand = django_filters.CharFilter(field_name="brand__key", label="Key of the brand.")
    channel = django_filters.CharFilter(label="Key of the channel, e.g. email.")


@extend_schema_view(
    list=extend_schema(description="Message templates, the newest first, without their words."),
    retrieve=extend_schema(description="One message template; its words are in its versions."),
    destroy=extend_schema(
        description="Delete a template with its drafts; one of which anything was ever handed in, tested or used stays."
    ),
)
class TemplateViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Removable):
    """Message templates: look, add, rename; delete those of which nothing was ever handed in."""

    queryset = MessageTemplate.objects.select_related("brand", "topic")
    serializer_class = TemplateSerializer
    filterset_class = TemplateFilter
    lookup_field = "key"
    scope = "templates"
    needs = {
        "create": ("channels.view_messagetemplate", ADD),
        "partial_update": EDIT,
        "destroy": EDIT,
    }

    @extend_schema(
        request=NewTemplateSerializer,
        responses={201: TemplateSerializer},
        examples=[
            OpenApiExample(
                "A newsletter",
                {"key": "weekly", "name": "Weekly", "brand": "acme", "channel": "email", "topic": "news"},
                request_only=True,
            )
        ],
    )
    def create(self, request: Request) -> Response:
        """A new template, without words yet: add a version."""
        said = read(NewTemplateSerializer, request)
        allow(request.user, ADD, MessageTemplate(brand=said["brand"]))
        made, new = MessageTemplate.objects.get_or_create(key=said.pop("key"), defaults=said)
        if not new:
            raise serializers.ValidationError({"key": ["This key is taken; choose another one."]})
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=TemplateEditSerializer, responses=TemplateSerializer)
    def partial_update(self, request: Request, key: str) -> Response:
        """Change its name or topic. The topic is part of what was approved: with another one its versions are reviewed again."""
        template = self.get_object()
        rewritten(template, read(TemplateEditSerializer, request, brand=template.brand)).save()
        return Response(self.get_serializer(template).data)

    def remove(self, thing: MessageTemplate, reason: str) -> None:
        """With its drafts. Raises Conflict where anything of it was ever handed in, tested or used."""
        with fitting():
            drafts.delete_template(thing, self.request.user, reason)
