"""`POST /api/compliance/evaluate`: what the gate would say about a hypothetical case."""

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from compliance.models import Decision
from compliance.whatif import BadCase, evaluate
from compliance.whatif.shape import ANSWER, CASE
from config.resources import Resource

NIGHT_IN_FLORIDA = {
    "id": "A05",
    "now": "2026-11-24T01:30:00Z",
    "contact": {"country": "US", "region": "FL", "timezone": "America/New_York"},
    "message": {"channel": "sms", "class": "marketing", "topic": "news"},
}


class EvaluationViewSet(Resource):
    """Questions to the compliance engine. Nothing is stored, nothing is sent."""

    queryset = Decision.objects.none()
    scope = "messages"
    harmless = ("evaluate",)
    needs = {"evaluate": ("compliance.view_decision",)}
    filter_backends = []

    @extend_schema(
        operation_id="compliance_evaluate",
        request={"application/json": CASE},
        responses={(200, "application/json"): ANSWER},
        examples=[OpenApiExample("Half past eight in the evening in Florida", NIGHT_IN_FLORIDA, request_only=True)],
    )
    @action(detail=False, methods=["post"])
    def evaluate(self, request: Request) -> Response:
        """Judge a case by the code that judges real messages: allow, defer until, or block, with all reasons."""
        try:
            return Response(evaluate(request.data))
        except BadCase as error:
            raise ValidationError({"case": error.mistakes}) from error
