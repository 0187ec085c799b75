"""REST API of the gate's decisions, to read: `/api/decisions/?message=42` answers why a message left or did not."""

from dataclasses import asdict
from typing import Any

import django_filters
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import mixins, serializers

from compliance.models import Decision
from config.resources import IdFilter, Resource, before, since, told


class VerdictSerializer(serializers.Serializer[Any]):
    """What one rule said, as a step of the trace."""

    step = serializers.IntegerField(min_value=1, help_text="Its place in the trace; the first is the one that decided.")
    rule = serializers.CharField(help_text="Key of the rule, e.g. consent.")
    outcome = serializers.ChoiceField(
        choices=Decision.Outcome.choices, help_text="Whether, for this rule, the message may leave."
    )
    code = serializers.CharField(help_text="The reason as a code; empty when there is nothing against it.")
    why = serializers.CharField(help_text="The reason as a sentence; empty when there is nothing to say.")
    until = serializers.DateTimeField(
        allow_null=True, help_text="When to judge again, if it is to wait for an instant."
    )


class DecisionSerializer(serializers.ModelSerializer[Decision]):
    """One judgement with the verdict of every rule."""

    verdicts = serializers.SerializerMethodField(help_text="What every rule said, numbered, the strictest first.")
    evidence = serializers.DictField(
        read_only=True, help_text="Zone and its source, local time, consent entry, content fingerprint, slots used."
    )

    class Meta:
        model = Decision
        fields = ("id", "message", "decided_at", "outcome", "reason", "until", "verdicts", "evidence")
        extra_kwargs = told(
            id="Our id of the decision.",
            message="Id of the message.",
            decided_at="When it was judged.",
            outcome="What the gate decided.",
        )

    @extend_schema_field(VerdictSerializer(many=True))
    def get_verdicts(self, decision: Decision) -> Any:
        steps = [{"step": number, **asdict(found)} for number, found in enumerate(decision.trace(), start=1)]
        return VerdictSerializer(steps, many=True).data


class DecisionFilter(django_filters.FilterSet):
    """Which message, and with what result."""

    message = IdFilter("message_id", "Id of the message.")
    outcome = django_filters.ChoiceFilter(choices=Decision.Outcome.choices, label="What the gate decided.")
    reason = django_filters.CharFilter(label="Code of the deciding verdict, e.g. quiet_hours.")
    decided_from = since("decided_at", "Judged at this instant or later.")
    decided_before = before("decided_at", "Judged before this instant.")


@extend_schema_view(
    list=extend_schema(description="Decisions, the newest first."),
    retrieve=extend_schema(description="One decision."),
)
class DecisionViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Resource):
    """Judgements of the gate, newest first."""

    queryset = Decision.objects.all()
    serializer_class = DecisionSerializer
    filterset_class = DecisionFilter
    scope = "messages"
