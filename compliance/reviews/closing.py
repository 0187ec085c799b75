"""The end of reviews: taken back by authors, withdrawn by legal."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from compliance.models import Review
from compliance.reviews import notices, permissions
from compliance.reviews.base import kind_of
from compliance.reviews.opening import close
from compliance.reviews.permissions import DECIDE
from config.history import given

State = Review.State
User = AbstractBaseUser | AnonymousUser
LONGEST = 300
"""Characters of a reason."""


@transaction.atomic
def retire(subject: Any, user: User, now: datetime, reason: str) -> None:
    """Withdraw an approval at once: what is cleared with it but has not left goes back to the door, which refuses it.

    Raises PermissionDenied without the permission to decide, ValidationError unless it is approved, or without a reason.
    """
    kind = kind_of(subject)
    permissions.require(user, DECIDE, subject, "withdraw approvals")
    locked = kind.locked(subject.pk)
    review = Review.objects.select_for_update().filter(kind=kind.key, object_id=locked.pk, state=State.APPROVED).first()
    if review is None:
        raise ValidationError(f"{locked} is {kind.standing(locked)}; only what is approved can be taken out of use.")
    close(review, State.REVOKED, given(reason, "take it out of use", LONGEST), now)
    kind.retired(locked, now)
    notices.revoked(review, user, now)
    subject.refresh_from_db()


@transaction.atomic
def withdraw(subject: Any, user: User, now: datetime) -> None:
    """Take back what one has handed in, before it is decided. Raises PermissionDenied for others, ValidationError."""
    kind = kind_of(subject)
    locked = kind.locked(subject.pk)
    review = Review.objects.select_for_update().filter(kind=kind.key, object_id=locked.pk, state=State.OPEN).first()
    if review is None:
        raise ValidationError(f"{locked} is {kind.standing(locked)}; nothing is waiting for a decision.")
    if not review.concerns(user.pk):
        raise PermissionDenied("Only whoever wrote it or handed it in can take it back.")
    close(review, State.WITHDRAWN, f"Taken back by {user}.", now)
    kind.withdrawn(locked)
    subject.refresh_from_db()
