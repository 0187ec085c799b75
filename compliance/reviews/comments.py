"""What is said about a review, at a field, a line or a step."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError

from compliance.models import Review, ReviewComment
from compliance.reviews import notices, permissions
from compliance.reviews.permissions import COMMENT, DECIDE, VIEW

_MENTION = re.compile(r"(?<![\w@])@([\w.@+-]*\w)")
LONGEST = 5000
NAMED = 50
"""So many people are told at most of those whom a text names."""


def comment(
    review: Review, user: Any, text: str, now: datetime, anchor: str = "", mention: Iterable[str] = ()
) -> ReviewComment:
    """Say something; people who are named as `@username` are told. Raises PermissionDenied, ValidationError.

    `mention`: usernames of people to be told in any case; those whom the text does not name stand before it. Raises
    ValidationError for one who is not there or may not see the review, while a name within the text may mean anything.
    """
    _require(review, user)
    said = text.strip()
    if not said:
        raise ValidationError("Write something first.")
    named = [name for name in dict.fromkeys(mention) if name not in _MENTION.findall(said)]
    said = " ".join([*(f"@{name}" for name in named), said])
    if len(said) > LONGEST or len(anchor) > 120:
        raise ValidationError(f"A comment has at most {LONGEST} characters, and 120 for what it is about.")
    asked = set(mention)
    told = _readers(review, asked | set(_MENTION.findall(said)[:NAMED]))
    if missing := sorted(asked - {person.username for person in told}):
        raise ValidationError({"mention": f"Nobody who may see this review is called {', '.join(missing)}."})
    made = ReviewComment.objects.create(review=review, author=user, text=said, anchor=anchor.strip(), created_at=now)
    notices.mentioned(review, told, user, now)
    return made


def resolve(made: ReviewComment, user: Any, now: datetime) -> None:
    """This has been dealt with. Raises PermissionDenied; the first who says so is kept."""
    _require(made.review, user)
    ReviewComment.objects.filter(pk=made.pk, resolved_at=None).update(resolved_at=now, resolved_by=user)


def reopen(made: ReviewComment, user: Any) -> None:
    """It has not been dealt with after all. Raises PermissionDenied; one that is open stays so."""
    _require(made.review, user)
    ReviewComment.objects.filter(pk=made.pk, resolved_at__isnull=False).update(resolved_at=None, resolved_by=None)


def _readers(review: Review, usernames: Iterable[str]) -> list[Any]:
    """Those of them who may see the review."""
    found = User.objects.filter(username__in=set(usernames), is_active=True, is_staff=True).order_by("id")
    return [person for person in found if permissions.holds(person, VIEW, review)]


def may_comment(review: Review, user: Any) -> bool:
    """For whoever wrote it, whoever may decide about it, and whoever may comment on what others wrote."""
    return review.concerns(user.pk) or any(permissions.holds(user, one, review) for one in (DECIDE, COMMENT))


def _require(review: Review, user: Any) -> None:
    if not may_comment(review, user):
        raise PermissionDenied("You need the permission to comment on reviews.")
