"""Time: approvals that end, and reviewers who are reminded."""

from datetime import datetime

from compliance.models import Review
from compliance.reviews import notices
from compliance.reviews.base import reviewables
from compliance.reviews.opening import close, reopen

State = Review.State
BATCH = 100


def next_due(now: datetime) -> datetime | None:
    """The earliest instant at which an approval ends or a step becomes late."""
    ends = Review.objects.filter(state=State.APPROVED, valid_until__isnull=False).order_by("valid_until")
    late = Review.objects.filter(state=State.OPEN, due_at__isnull=False, reminded_at=None).order_by("due_at")
    found = [*ends.values_list("valid_until", flat=True)[:1], *late.values_list("due_at", flat=True)[:1]]
    return min((at for at in found if at), default=None)


def expire(now: datetime) -> int:
    """Open the reviews of approvals again that have come to their end, and remind of late ones; how many rows."""
    ended = list(Review.objects.filter(state=State.APPROVED, valid_until__lte=now).order_by("valid_until")[:BATCH])
    for review in ended:
        _end(review, now)
    return len(ended) + _remind(now)


def _end(review: Review, now: datetime) -> None:
    kind = reviewables.get(review.kind)
    subject = kind.model._default_manager.filter(pk=review.object_id).first() if kind else None
    because = f"The approval held until {review.valid_until:%Y-%m-%d %H:%M} UTC."
    if kind is None or subject is None or kind.idle([subject.pk]):
        close(review, State.EXPIRED, because, now)
    else:
        reopen(subject, because, now, State.EXPIRED)


def _remind(now: datetime) -> int:
    late = list(Review.objects.filter(state=State.OPEN, due_at__lte=now, reminded_at=None).order_by("due_at")[:BATCH])
    for review in late:
        review.reminded_at = now
        review.save(update_fields=["reminded_at"])
        notices.late(review, now)
    return len(late)
