"""REST API of review policies, with their steps: `/api/review-policies/`."""

from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from channels.base import channels
from channels.models import MessageClass
from compliance.models import PolicyStep, ReviewPolicy
from compliance.reviews import policies, reviewables
from config.history import LONGEST
from config.resources import WHY, Body, Reasoned, Removable, read, rewritten, why
from contacts.models import Brand

BIGGEST = 1_000_000_000
STEPS = ("compliance.add_policystep", "compliance.change_policystep", "compliance.delete_policystep")
EXAMPLE = {
    "name": "Marketing by SMS",
    "channels": ["sms"],
    "classes": ["marketing"],
    "valid_days": 90,
    "steps": [
        {"name": "Brand", "approvers": 1, "due_hours": 24},
        {"name": "Legal", "group": "Legal reviewer", "approvers": 2, "due_hours": 48},
    ],
}


def _words(text: str) -> Any:
    word = serializers.CharField(max_length=100)
    return serializers.ListField(child=word, required=False, max_length=200, help_text=text)


class PolicyStepSerializer(Body):
    """A station: who has to agree, how many of them, and by when."""

    name = serializers.CharField(max_length=60, help_text="E.g. Brand, Legal, Market; once in a policy.")
    group = serializers.CharField(
        source="group.name", required=False, allow_null=True, default=None, max_length=150,
        help_text="Name of the group that is asked; null: anybody who may approve.",
    )  # fmt: skip
    approvers = serializers.IntegerField(default=1, min_value=1, max_value=9, help_text="So many different people.")
    due_hours = serializers.IntegerField(default=24, min_value=1, max_value=BIGGEST, help_text="Hours to decide.")


class ReviewPolicySerializer(Reasoned):
    """What a policy holds for, and the steps that it asks for. Empty lists hold for everything."""

    id = serializers.IntegerField(read_only=True, help_text="Our id of the policy.")
    reason = serializers.CharField(
        required=False, allow_blank=True, max_length=LONGEST, write_only=True,
        help_text=f"{WHY} Needed where more than the name of a policy is changed.",
    )  # fmt: skip
    name = serializers.CharField(max_length=120, help_text="What people call it.")
    brand = serializers.CharField(
        source="brand.key",
        required=False,
        allow_null=True,
        max_length=50,
        help_text="Key of its brand; null: every brand.",
    )
    kinds = _words("What is reviewed: template, block, journey; empty: all.")
    channels = _words("Keys of channels; empty: all.")
    classes = _words("Classes of messages; empty: all.")
    markets = _words("Languages or countries of the version, e.g. fr, CA; empty: all.")
    words = _words("Only where one of these is said; empty: always.")
    audience_from = serializers.IntegerField(
        required=False, min_value=0, max_value=BIGGEST, help_text="Only where so many people may get it; 0: always."
    )
    valid_days = serializers.IntegerField(
        required=False, min_value=0, max_value=BIGGEST, help_text="Days until it is reviewed again; 0: until a change."
    )
    enabled = serializers.BooleanField(required=False, help_text="Whether it holds.")
    steps = PolicyStepSerializer(  # type: ignore[call-arg]  # of the list that `many` makes
        many=True, min_length=1, max_length=20, help_text="Its stations in their order; at least one."
    )

    def validate_brand(self, value: str | None) -> str | None:
        """A brand that there is."""
        if value is not None and not Brand.objects.filter(key=value).exists():
            raise serializers.ValidationError(f"There is no brand {value!r}.")
        return value

    def validate_kinds(self, value: list[str]) -> list[str]:
        return _known(value, {kind.key for kind in reviewables})

    def validate_channels(self, value: list[str]) -> list[str]:
        return _known(value, {kind.key for kind in channels})

    def validate_classes(self, value: list[str]) -> list[str]:
        return _known(value, set(MessageClass.values))

    def validate_steps(self, value: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Each name once, and groups that there are."""
        if not all(
            "name" in step for step in value
        ):  # where the policy is changed in part, a step is whole all the same
            raise serializers.ValidationError("Each step needs a name.")
        if len({step["name"].casefold() for step in value}) < len(value):
            raise serializers.ValidationError("Two steps have the same name.")
        asked = {group["name"] for step in value if (group := _group(step))["name"] is not None}
        if missing := sorted(asked - set(Group.objects.filter(name__in=asked).values_list("name", flat=True))):
            raise serializers.ValidationError(f"There is no group {', '.join(missing)}.")
        return value


@extend_schema_view(
    list=extend_schema(description="Review policies, the newest first."),
    retrieve=extend_schema(description="One review policy."),
    destroy=extend_schema(
        description="Take a policy away, with a `reason`; reviews that are open keep the steps that it asked for."
    ),
)
class ReviewPolicyViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Removable):
    """Which reviews something needs. All policies that match hold together; where none does, the careful default holds."""

    queryset = ReviewPolicy.objects.select_related("brand").prefetch_related("steps__group")
    serializer_class = ReviewPolicySerializer
    scope = "reviews"
    asks_why = True
    needs = {
        "create": ("compliance.view_reviewpolicy", "compliance.add_reviewpolicy", "compliance.add_policystep"),
        "partial_update": ("compliance.view_reviewpolicy", "compliance.change_reviewpolicy", *STEPS),
        "destroy": ("compliance.delete_reviewpolicy", "compliance.delete_policystep"),
    }

    @extend_schema(
        request=ReviewPolicySerializer,
        responses={201: ReviewPolicySerializer},
        examples=[OpenApiExample("Two steps", EXAMPLE, request_only=True)],
    )
    def create(self, request: Request) -> Response:
        """A new policy: from now on it adds its steps to what is handed in."""
        said = read(ReviewPolicySerializer, request)
        return Response(self._written(ReviewPolicy(), said), status=status.HTTP_201_CREATED)

    @extend_schema(request=ReviewPolicySerializer, responses=ReviewPolicySerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change what is given; `steps`, where given, replace all steps. Whatever changes more than its name needs a `reason`."""
        policy, said = self.get_object(), read(ReviewPolicySerializer, request)
        if changed := _changed(policy, said):
            why(said.get("reason", ""), f"change {', '.join(changed)}")
        return Response(self._written(policy, said))

    @transaction.atomic
    def _written(self, policy: ReviewPolicy, said: dict[str, Any]) -> Any:
        steps = said.pop("steps", None)
        if "brand" in said:
            key = said.pop("brand")["key"]
            policy.brand = Brand.objects.get(key=key) if key is not None else None
        rewritten(policy, said).save()
        if steps is not None:
            _replace(policy, steps)
        return self.get_serializer(self.get_queryset().get(pk=policy.pk)).data


def _changed(policy: Any, said: dict[str, Any]) -> list[str]:
    """What is said otherwise than it is now, of what is not changed without a reason."""
    steps = [
        (step.name, step.group.name if step.group else None, step.approvers, step.due_hours)
        for step in policy.steps.all()
    ]
    asked = [
        (step["name"], _group(step)["name"], step.get("approvers", 1), step.get("due_hours", 24))
        for step in said.get("steps", ())
    ]
    then = {name: getattr(policy, name) for name in policies.WEIGHTY if name not in ("brand", "steps")}
    then |= {"brand": {"key": policy.brand.key if policy.brand else None}, "steps": steps}
    now = {**said, "steps": asked} if "steps" in said else said
    return [name for name in policies.WEIGHTY if name in now and now[name] != then[name]]


def _replace(policy: Any, steps: list[dict[str, Any]]) -> None:
    """Those of the same name change, so that their history goes on; the policy's reason is theirs."""
    kept: dict[str, Any] = {step.name: step for step in policy.steps.all()}
    for name in kept.keys() - {step["name"] for step in steps}:
        kept[name]._change_reason = policy._change_reason
        kept[name].delete()
    for position, said in enumerate(steps, start=1):
        step: Any = kept.get(said["name"]) or PolicyStep(policy=policy, name=said["name"])
        step._change_reason = policy._change_reason
        group = _group(said)["name"]
        step.position, step.group = position, Group.objects.get(name=group) if group is not None else None
        step.approvers, step.due_hours = said.get("approvers", 1), said.get("due_hours", 24)
        step.save()


def _group(step: dict[str, Any]) -> dict[str, Any]:
    return step.get("group") or {"name": None}


def _known(value: list[str], known: set[str]) -> list[str]:
    if unknown := sorted(set(value) - known):
        raise serializers.ValidationError(f"Not known: {', '.join(unknown)}; there are {', '.join(sorted(known))}.")
    return value
