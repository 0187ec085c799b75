"""Who may do what with something that is reviewed."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import PermissionDenied

DECIDE = "compliance.decide_approval"
URGENT = "compliance.break_glass"
COMMENT = "compliance.add_reviewcomment"
VIEW = "compliance.view_review"
User = AbstractBaseUser | AnonymousUser


def holds(user: User, permission: str, subject: Any) -> bool:
    """Whether this user holds the permission, through a role or for this thing; for a review as for what it is about."""
    asked: Any = user
    return bool(asked.has_perm(permission, subject))


def require(user: User, permission: str, subject: Any, verb: str) -> None:
    """Raises PermissionDenied unless the user holds it."""
    if not holds(user, permission, subject):
        raise PermissionDenied(f"You need the permission to {verb}.")
