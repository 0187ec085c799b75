"""REST API of what is said about reviews: `/api/review-comments/`. New ones are made at the review itself."""

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from compliance.api_review_rows import ReviewCommentSerializer
from compliance.models import ReviewComment
from compliance.reviews import comments
from config import clock
from config.resources import IdFilter, Resource, told

SEEN = ("compliance.view_review", "compliance.view_reviewcomment")


class CommentOfReviewSerializer(ReviewCommentSerializer):
    """With the review that it is about."""

    class Meta(ReviewCommentSerializer.Meta):
        fields = ("id", "review", *ReviewCommentSerializer.Meta.fields[1:])  # type: ignore[assignment]
        extra_kwargs = {**ReviewCommentSerializer.Meta.extra_kwargs, **told(review="Id of the review.")}


class CommentFilter(django_filters.FilterSet):
    """Which comments."""

    review = IdFilter("review_id", "Id of the review.")
    author = django_filters.CharFilter(field_name="author__username", label="Username of whoever said it.")
    resolved = django_filters.BooleanFilter(
        method="by_resolved", label="true: only what was dealt with; false: only what was not."
    )

    def by_resolved(self, queryset: QuerySet[ReviewComment], name: str, value: bool) -> QuerySet[ReviewComment]:
        return queryset.filter(resolved_at__isnull=not value)


@extend_schema_view(
    list=extend_schema(description="Comments on reviews, the newest first."),
    retrieve=extend_schema(description="One comment."),
)
class ReviewCommentViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Resource):
    """What was said about reviews, and whether it was dealt with."""

    queryset = ReviewComment.objects.select_related("review__brand", "author", "resolved_by")
    serializer_class = CommentOfReviewSerializer
    filterset_class = CommentFilter
    scope = "reviews"
    needs = {"resolve": SEEN, "reopen": SEEN}

    @extend_schema(operation_id="review_comments_resolve", request=None, responses=CommentOfReviewSerializer)
    @action(detail=True, methods=["post"])
    def resolve(self, request: Request, pk: str) -> Response:
        """It was dealt with; the first who says so is kept. For whoever may comment on the review."""
        comments.resolve(self.get_object(), request.user, clock.now())
        return self._told()

    @extend_schema(operation_id="review_comments_reopen", request=None, responses=CommentOfReviewSerializer)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: str) -> Response:
        """It was not dealt with after all. For whoever may comment on the review."""
        comments.reopen(self.get_object(), request.user)
        return self._told()

    def _told(self) -> Response:
        return Response(self.get_serializer(self.get_object()).data)
