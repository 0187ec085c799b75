"""REST API of the gate's decisions, to read: `/api/decisions/?message=42` answers why a message left or did not."""

from rest_framework import serializers, viewsets

from compliance.models import Decision


class DecisionSerializer(serializers.ModelSerializer[Decision]):
    """One judgement with the verdict of every rule."""

    class Meta:
        model = Decision
        fields = ("id", "message", "decided_at", "outcome", "reason", "until", "verdicts", "evidence")


class DecisionViewSet(viewsets.ReadOnlyModelViewSet[Decision]):
    """Judgements of the gate, newest first."""

    queryset = Decision.objects.all()
    serializer_class = DecisionSerializer
    filterset_fields = ("message", "outcome", "reason")
    scope = "messages"
