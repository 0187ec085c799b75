"""Somebody asks for a review anew."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import ValidationError

from compliance.models import Review
from compliance.reviews import permissions
from compliance.reviews.base import kind_of
from compliance.reviews.opening import reopen
from compliance.reviews.reading import live

User = AbstractBaseUser | AnonymousUser


def review_again(subject: Any, user: User, now: datetime, reason: str = "") -> Review:
    """Open its live review again, with the steps that policies ask for today.

    For whoever wrote it and for people who may decide. Raises PermissionDenied for others, ValidationError if there is none.
    """
    review = live(subject)
    if review is None or not review.concerns(user.pk):
        permissions.require(user, permissions.DECIDE, subject, "open reviews again")
    opened = reopen(subject, reason.strip() or f"Asked for by {user}.", now)
    if opened is None:
        raise ValidationError(f"{subject} is {kind_of(subject).standing(subject)}; there is no review to open again.")
    return opened
