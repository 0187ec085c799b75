"""Who is told of what happens to a review."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.urls import reverse

from compliance.models import Approval, Review
from compliance.reviews import asking
from compliance.reviews.base import reviewables
from config import notices


def page(review: Review) -> str:
    """The path of the review's page."""
    return reverse("admin:compliance_review_change", args=(review.pk,))


def waiting(review: Review, now: datetime) -> None:
    """Those whom the current step asks, except whoever wrote it."""
    notices.tell(_asked(review), f"{review} waits for your review.", page(review), now)


def reopened(review: Review, now: datetime) -> None:
    """Reviewers, and whoever wrote it."""
    sentence = f"{review} has to be reviewed again: {review.because}"
    notices.tell([*_asked(review), *_writers(review)], sentence, page(review), now)


def decided(review: Review, word: Approval, now: datetime) -> None:
    """The authors, of a no."""
    notices.tell(_writers(review), f"{review}: {word.get_verdict_display()} by {word.approver}.", page(review), now)


def approved(review: Review, now: datetime) -> None:
    """The authors, of the last yes."""
    notices.tell(_writers(review), f"{review} is approved.", page(review), now)


def revoked(review: Review, by: Any, now: datetime) -> None:
    """The authors, that an approval was withdrawn."""
    sentence = f"The approval of {review} was withdrawn by {by}: {review.closed_because}"
    notices.tell(_writers(review), sentence, page(review), now)


def late(review: Review, now: datetime) -> None:
    """Reviewers, that time is up."""
    notices.tell(_asked(review), f"The review of {review} is late.", page(review), now)


def mentioned(review: Review, people: list[Any], by: Any, now: datetime) -> None:
    """Those whom a comment names."""
    notices.tell(people, f"{by} mentions you in the review of {review}.", page(review), now)


def urgent(review: Review, by: Any, now: datetime) -> None:
    """Reviewers, that somebody asks for a release without a full review."""
    sentence = f"{by} asks for an urgent release of {review}; a second person has to confirm it."
    notices.tell(_asked(review), sentence, page(review), now)


def _asked(review: Review) -> list[Any]:
    step = asking.current(review)
    people = [*asking.people(step), *reviewables[review.kind].watchers(review.object_id)] if step else []
    return [user for user in people if not review.concerns(user.pk)]


def _writers(review: Review) -> list[Any]:
    return list(User.objects.filter(pk__in={review.author_id, review.submitter_id}, is_active=True))
