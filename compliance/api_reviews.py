"""REST API of reviews: `/api/reviews/`, the queue and what reviewers say."""

from collections.abc import Callable
from typing import Any, TypeVar

import django_filters
from django.core.exceptions import ValidationError as Refused
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from compliance import reviews
from compliance.api_review_rows import ReviewSerializer, WholeReviewSerializer
from compliance.models import Review
from compliance.reviews import comments, permissions
from config import clock
from config.resources import Body, Conflict, Resource, before, fitting, read

STATE_CONFLICT = OpenApiResponse(
    {"$ref": "#/components/schemas/Refusal"}, description="Where it stands does not allow this; `detail` says why."
)
WHOLE = (
    "compliance.view_review",
    "compliance.view_reviewstep",
    "compliance.view_approval",
    "compliance.view_reviewcomment",
)
"""What the answer shows."""
Verb = TypeVar("Verb", bound=Callable[..., Any])
SEEN = "0f343b0931126a20f133d67c2b018a3b5e1d5c3f0d1a2b3c4d5e6f708192a3b4"


class ApproveSerializer(Body):
    """A yes to exactly what was read."""

    seen = serializers.CharField(
        max_length=64, help_text="The review's `fingerprint` as you read it: what changed since is not approved."
    )
    reason = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=5000, help_text="Anything to add; may be left out."
    )


class RefuseSerializer(Body):
    """A no, and why."""

    reason = serializers.CharField(max_length=5000, help_text="What is wrong with it; its author reads this.")


class ReasonSerializer(Body):
    """Why, if there is something to say."""

    reason = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=300, help_text="Why; may be left out."
    )


class RetireSerializer(Body):
    """Why it must not be used any more."""

    reason = serializers.CharField(max_length=300, help_text="Why; its author reads it.")


class CommentSerializer(Body):
    """Something to say."""

    text = serializers.CharField(
        max_length=comments.LONGEST, help_text="What there is to say; people named as @username are told."
    )
    anchor = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=120,
        help_text="What it is about: a field, a line or a step, e.g. subject, html:12 or step:wait.",
    )  # fmt: skip
    mention = serializers.ListField(
        child=serializers.CharField(max_length=150), required=False, default=list, max_length=20,
        help_text="Usernames of people to be told; those whom the text does not name are put before it.",
    )  # fmt: skip


class ReviewFilter(django_filters.FilterSet):
    """Which reviews."""

    state = django_filters.ChoiceFilter(choices=Review.State.choices, label="Where it stands.")
    kind = django_filters.CharFilter(label="What is reviewed: template, block or journey.")
    brand = django_filters.CharFilter(field_name="brand__key", label="Key of the brand.")
    due_before = before("due_at", "To be decided before this instant.")


def _verb(name: str, form: type[Body] | None, **options: Any) -> Callable[[Verb], Verb]:
    """How the schema describes a verb that answers with the review."""
    return extend_schema(
        operation_id=f"reviews_{name}",
        request=form,
        responses={200: WholeReviewSerializer, 409: STATE_CONFLICT},
        **options,
    )


@extend_schema_view(
    list=extend_schema(description="Reviews, the newest first, without what was said in them."),
    retrieve=extend_schema(
        description="One review with its steps, what reviewers said, comments, and which parts of it changed since."
    ),
)
class ReviewViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Resource):
    """What waits for reviewers, what they said, and their verbs."""

    queryset = Review.objects.select_related("brand", "author", "submitter")
    filterset_class = ReviewFilter
    scope = "reviews"
    needs = dict.fromkeys(
        ("retrieve", "approve", "request_changes", "reject", "withdraw", "reopen", "retire", "comment"), WHOLE
    )

    def get_serializer_class(self) -> type[ReviewSerializer]:
        return ReviewSerializer if self.action == "list" else WholeReviewSerializer

    def get_queryset(self) -> QuerySet[Review]:
        found = super().get_queryset()
        if self.action == "list":
            return found
        return found.prefetch_related(
            "steps__group", "approvals__approver", "comments__author", "comments__resolved_by"
        )

    @_verb(
        "approve", ApproveSerializer,
        examples=[OpenApiExample("A yes", {"seen": SEEN, "reason": "The claims are proven."}, request_only=True)],
    )  # fmt: skip
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str) -> Response:
        """Agree to exactly what the fingerprint stands for; the last yes that is needed seals it. Nobody approves what they
        wrote or handed in. Needs the permission compliance.decide_approval for what is reviewed."""
        return self._decide(request, ApproveSerializer, approved=True)

    @_verb(
        "request_changes", RefuseSerializer,
        examples=[OpenApiExample("Changes", {"reason": "Say who pays for the return."}, request_only=True)],
    )  # fmt: skip
    @action(detail=True, methods=["post"], url_path="request-changes")
    def request_changes(self, request: Request, pk: str) -> Response:
        """Ask its author for another version. Needs the permission compliance.decide_approval for what is reviewed."""
        return self._decide(request, RefuseSerializer, approved=False, changes=True)

    @_verb("reject", RefuseSerializer)
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: str) -> Response:
        """Turn it down. Needs the permission compliance.decide_approval for what is reviewed."""
        return self._decide(request, RefuseSerializer, approved=False)

    @_verb("withdraw", None)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """Take back what you wrote or handed in, before it is decided."""
        subject = self._subject(self._waiting(self.get_object()))
        with fitting():
            reviews.withdraw(subject, request.user, clock.now())
        return self._told()

    @_verb("reopen", ReasonSerializer)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: str) -> Response:
        """Have it reviewed again, with the steps that policies ask for today: this review ends, and the answer is the new
        one. For its authors, and with the permission compliance.decide_approval."""
        review, said = self.get_object(), read(ReasonSerializer, request)
        subject = self._subject(self._live(review))
        with fitting():
            opened = reviews.review_again(subject, request.user, clock.now(), said["reason"])
        return self._told(opened.pk)

    @_verb("retire", RetireSerializer)
    @action(detail=True, methods=["post"])
    def retire(self, request: Request, pk: str) -> Response:
        """Withdraw the approval at once: nothing that is queued leaves. Needs the permission compliance.decide_approval."""
        review = self.get_object()
        permissions.require(request.user, reviews.DECIDE, review, "withdraw approvals")
        said = read(RetireSerializer, request)
        subject = self._subject(self._live(review))
        with fitting():
            reviews.retire(subject, request.user, clock.now(), said["reason"])
        return self._told()

    @_verb("comment", CommentSerializer)
    @action(detail=True, methods=["post"])
    def comment(self, request: Request, pk: str) -> Response:
        """Say something about it. For its authors, and with the permission compliance.decide_approval or
        compliance.add_reviewcomment for what is reviewed."""
        review, said = self.get_object(), read(CommentSerializer, request)
        try:
            comments.comment(review, request.user, said["text"], clock.now(), said["anchor"], said["mention"])
        except Refused as error:
            named = hasattr(error, "error_dict")
            raise serializers.ValidationError(error.message_dict if named else {"text": error.messages}) from error
        return self._told()

    def _decide(self, request: Request, form: type[Body], **verdict: Any) -> Response:
        review = self.get_object()
        permissions.require(request.user, reviews.DECIDE, review, "approve or refuse versions")
        said = read(form, request)
        subject = self._subject(self._waiting(review))
        with fitting():
            reviews.decide(subject, request.user, now=clock.now(), **verdict, **said)
        return self._told()

    @staticmethod
    def _waiting(review: Review) -> Review:
        """Whoever names a review that is over does not mean the one that came after it."""
        if review.state != Review.State.OPEN:
            raise Conflict(f"This review of {review} is over or decided: {review.get_state_display()}.")
        return review

    @staticmethod
    def _live(review: Review) -> Review:
        if review.state not in Review.LIVE:
            raise Conflict(f"This review of {review} is over: {review.get_state_display()}.")
        return review

    @staticmethod
    def _subject(review: Review) -> Any:
        found = reviews.reviewables[review.kind].model._default_manager.filter(pk=review.object_id).first()
        if found is None:
            raise NotFound("What it was about is gone.")
        return found

    def _told(self, pk: int | None = None) -> Response:
        """The review as it is now."""
        self.kwargs["pk"] = str(pk or self.kwargs["pk"])
        return Response(WholeReviewSerializer(self.get_object()).data)
