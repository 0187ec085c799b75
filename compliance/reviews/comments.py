"""What is said about a review, at a field, a line or a step."""

import re
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError

from compliance.models import Review, ReviewComment
from compliance.reviews import notices, permissions
from compliance.reviews.permissions import COMMENT, DECIDE, VIEW

_MENTION = re.compile(r"(?<![\w@])@([\w.@+-]*\w)")
LONGEST = 5000


def comment(review: Review, user: Any, text: str, now: datetime, anchor: str = "") -> ReviewComment:
    """Say something; people who are named as `@username` are told. Raises PermissionDenied, ValidationError."""
    _require(review, user)
    said = text.strip()
    if not said:
        raise ValidationError("Write something first.")
    if len(said) > LONGEST or len(anchor) > 120:
        raise ValidationError(f"A comment has at most {LONGEST} characters, and 120 for what it is about.")
    made = ReviewComment.objects.create(review=review, author=user, text=said, anchor=anchor.strip(), created_at=now)
    named = User.objects.filter(username__in=_MENTION.findall(said), is_active=True, is_staff=True)
    notices.mentioned(review, [person for person in named if permissions.holds(person, VIEW, review)], user, now)
    return made


def resolve(made: ReviewComment, user: Any, now: datetime) -> None:
    """This has been dealt with. Raises PermissionDenied; resolved once, it stays so."""
    _require(made.review, user)
    ReviewComment.objects.filter(pk=made.pk, resolved_at=None).update(resolved_at=now, resolved_by=user)


def may_comment(review: Review, user: Any) -> bool:
    """For whoever wrote it, whoever may decide about it, and whoever may comment on what others wrote."""
    return review.concerns(user.pk) or any(permissions.holds(user, one, review) for one in (DECIDE, COMMENT))


def _require(review: Review, user: Any) -> None:
    if not may_comment(review, user):
        raise PermissionDenied("You need the permission to comment on reviews.")
