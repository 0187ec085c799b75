"""Requests under the GDPR: that one was answered, by whom."""

from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import PermissionDenied, ValidationError

from compliance.models import PrivacyRequest

User = AbstractBaseUser | AnonymousUser


def finish(request: PrivacyRequest, user: User, now: datetime) -> None:
    """Mark a request as answered. Raises PermissionDenied, and ValidationError if it is already, or is an erasure to be done.

    An erasure of somebody who is known is finished by erasing them, and in no other way.
    """
    if not user.has_perm("compliance.change_privacyrequest"):  # type: ignore[union-attr]
        raise PermissionDenied("You need the permission to answer requests.")
    if request.kind == PrivacyRequest.Kind.ERASURE and request.contact_id:
        raise ValidationError("It is done when the person is erased: open their page and choose Erase.")
    if not PrivacyRequest.objects.filter(pk=request.pk, done_at=None).update(done_at=now, done_by=user):
        raise ValidationError(f"{request} is done already.")
