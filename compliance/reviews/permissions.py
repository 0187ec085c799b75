"""Who may do what with something that is reviewed."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import PermissionDenied

from compliance.models import Review
from compliance.reviews.base import reviewables

DECIDE = "compliance.decide_approval"
URGENT = "compliance.break_glass"
User = AbstractBaseUser | AnonymousUser


def holds(user: User, permission: str, subject: Any) -> bool:
    """Whether this user holds the permission, through a role or for this thing; of a review: for what it is about."""
    asked: Any = user
    if asked.has_perm(permission, subject):
        return True
    if not isinstance(subject, Review):
        return False
    about = reviewables[subject.kind].model._default_manager.filter(pk=subject.object_id).first()
    return about is not None and bool(asked.has_perm(permission, about))


def require(user: User, permission: str, subject: Any, verb: str) -> None:
    """Raises PermissionDenied unless the user holds it."""
    if not holds(user, permission, subject):
        raise PermissionDenied(f"You need the permission to {verb}.")
