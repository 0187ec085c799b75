"""Reviews: the queue, a review's page, the card on its subject's page with its buttons, and the record of every word."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from channels.admin import blocks, diffing, versions
from channels.admin.choosing import title
from channels.models import BlockVersion, TemplateVersion
from compliance import reviews
from compliance.admin import review_verbs, standing
from compliance.models import Approval, Review
from config import clock, home
from config.adminsite import ReadOnlyAdmin
from config.cards import Board, Card
from config.permissions import somewhere, visible

State = Review.State
SOON = timedelta(days=14)


said: dict[str, Board] = defaultdict(Board)
"""What a review's page shows of its subject, by kind: `context(request, subject, now)`."""


@admin.register(Approval)
class ApprovalAdmin(ReadOnlyAdmin):
    """Who said yes or no to what, and when."""

    list_display = ("review", "verdict", "step", "approver", "author", "reason", "decided_at")
    list_filter = ("verdict",)
    list_select_related = ("review", "approver", "author")
    search_fields = ("review__title",)
    fields = ("review", "step", "verdict", "approver", "author", "reason", "decided_at", "fingerprint")


@admin.register(Review)
class ReviewAdmin(ReadOnlyAdmin):
    """Every way of anything through its reviewers."""

    list_display = ("title", "what", "state", "brand", "author", "submitted_at", "approved_at", "valid_until")
    list_filter = ("state", "kind", "brand")
    list_select_related = ("brand", "author")
    search_fields = ("title",)

    @admin.display(description="kind", ordering="kind")
    def what(self, review: Review) -> str:
        kind = reviews.reviewables.get(review.kind)
        return kind.title if kind else review.kind

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [path("queue/", view(self.queue), name="review_queue"), *review_verbs.urls(view), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The review's page: what it is about, what stands against it, what changed, what was said, and the buttons."""
        review = self.get_object(request, object_id)
        if review is None:
            raise Http404
        if not self.has_view_permission(request, review):
            raise PermissionDenied
        kind = reviews.reviewables[review.kind]
        subject = kind.model._default_manager.filter(pk=review.object_id).first()
        if subject is None:
            raise Http404
        now = clock.now()
        context = {
            **self.admin_site.each_context(request),
            "title": review.title,
            "shown": review,
            "channel_title": title(review.channel),
            "page": kind.page(review.object_id),
            "opts": self.opts,
            "cards": said[review.kind].draw(request, subject, now),
            **standing.of(request, subject, now),
        }
        return TemplateResponse(request, "admin/compliance/review/page.html", context)

    def queue(self, request: HttpRequest) -> HttpResponse:
        """What waits for a decision: what is late first, then the oldest."""
        if not somewhere(request.user, "compliance.view_review"):
            raise PermissionDenied
        seen = visible(waiting(), request.user, "compliance.view_review")
        context = {
            **self.admin_site.each_context(request),
            "title": "Review queue",
            "waiting": [_line(review, request.user) for review in seen],
            "may_decide": somewhere(request.user, reviews.DECIDE),
            "now": clock.now(),
        }
        return TemplateResponse(request, "admin/compliance/approval/queue.html", context)


def waiting() -> Any:
    """Open reviews, those that are due first on top."""
    found = Review.objects.filter(state=State.OPEN).select_related("brand", "author").prefetch_related("steps__group")
    return found.order_by("due_at", "submitted_at")


def _line(review: Review, user: Any) -> dict[str, Any]:
    step = next((step for step in review.steps.all() if step.done_at is None), None)
    kind = reviews.reviewables.get(review.kind)
    return {
        "review": review,
        "kind": kind.title if kind else review.kind,
        "step": step,
        "own": review.concerns(user.pk),
    }


def card(request: HttpRequest, version: TemplateVersion | BlockVersion, now: datetime) -> dict[str, Any]:
    """Where the version stands, and what may be done by this reader."""
    return standing.of(request, version, now)


def legal(request: HttpRequest, now: datetime) -> dict[str, Any]:
    """What a legal reviewer should see first: late reviews, urgent releases, broken seals, approvals that end soon."""
    from compliance.reviews import urgent

    open_reviews = list(visible(waiting(), request.user, "compliance.view_review")[:8])
    ending = Review.objects.filter(state=State.APPROVED, valid_until__lte=now + SOON).order_by("valid_until")
    return {
        "now": now,
        "waiting": open_reviews,
        "late": Review.objects.filter(state=State.OPEN, due_at__lte=now).count(),
        "urgent": list(urgent.holding(now).select_related("review", "asked_by", "confirmed_by")[:8]),
        "broken": _broken()[:8],
        "ending": list(ending[:8]),
    }


blocks.cards.register(Card("review", "Review", "admin/compliance/review/card.html", card, order=10))
versions.cards.register(Card("review", "Review", "admin/compliance/review/card.html", card, order=10))
said["template"].register(
    Card("changes", "What changed", "admin/channels/diff/whole.html", diffing.card, "channels.view_templateversion")
)
said["block"].register(blocks.CHANGES)
home.register(
    Card("legal", "Reviews and seals", "admin/compliance/review/legal.html", legal, reviews.DECIDE, order=15, wide=True)
)


def _broken() -> list[Review]:
    """Approved and still in use, but not what was approved."""
    from compliance.reviews import dependencies

    found = dependencies.broken(Review.objects.filter(state=State.APPROVED))
    return [review for review, _ in dependencies.in_use(found)]
