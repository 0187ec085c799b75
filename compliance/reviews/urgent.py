"""Break-glass: an urgent send without a full review. It takes a reason and two people, and ends by itself."""

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from channels import outbox
from compliance.models import Review, UrgentRelease
from compliance.reviews import closing, notices, permissions
from compliance.reviews.base import reviewables
from compliance.reviews.permissions import DECIDE, URGENT
from config.history import because, given

LONGEST = timedelta(days=3)
WAIT = timedelta(hours=4)
"""A request that nobody confirms within this time is void."""


@transaction.atomic
def ask(review: Review, user: Any, reason: str, until: datetime, now: datetime) -> UrgentRelease:
    """Ask for something that waits for its review to be sent until then; nothing leaves before a second person confirms.

    Raises PermissionDenied without the permission, ValidationError without a reason, for a time that is past or more
    than three days ahead, for what is not waiting or is no message, or if somebody has asked already.
    """
    permissions.require(user, URGENT, review, "ask for an urgent release")
    fresh = Review.objects.select_for_update().get(pk=review.pk)
    if fresh.state != Review.State.OPEN:
        raise ValidationError(f"{fresh} is {fresh.get_state_display()}; only what waits can be released urgently.")
    if not (kind := reviewables[fresh.kind]).urgent:
        raise ValidationError(f"A {kind.title} cannot be released urgently, only messages can.")
    if not reason.strip():
        raise ValidationError("Say why it cannot wait for its review.")
    if not now < until <= now + LONGEST:
        raise ValidationError("An urgent release lasts until some time within the next three days.")
    _tidy(fresh, now)
    if fresh.releases.filter(ended_at=None).exists():
        raise ValidationError("An urgent release is asked for already.")
    made = UrgentRelease.objects.create(
        review=fresh, fingerprint=fresh.fingerprint, reason=reason.strip(), asked_by=user, asked_at=now, until=until
    )
    notices.urgent(fresh, user, now)
    return made


@transaction.atomic
def confirm(release: UrgentRelease, user: Any, now: datetime) -> None:
    """The second person's yes: from now on it may be sent, until the release ends.

    Raises PermissionDenied for whoever asked or wrote it and for people who may not approve; ValidationError for one that
    is over, or if its subject changed meanwhile.
    """
    fresh = UrgentRelease.objects.select_for_update(of=("self",)).select_related("review").get(pk=release.pk)
    review = fresh.review
    permissions.require(user, DECIDE, review, "confirm an urgent release")
    if user.pk == fresh.asked_by_id or review.concerns(user.pk):
        raise PermissionDenied("Somebody else has to confirm it: neither who asked for it nor who wrote it.")
    if fresh.ended_at or fresh.confirmed_at or now >= min(fresh.until, fresh.asked_at + WAIT):
        raise ValidationError("This request is over; ask again.")
    kind = reviewables[review.kind]
    seal = kind.seals([review.object_id])[review.object_id].against(review.parts)
    if seal.fingerprint != fresh.fingerprint:
        raise ValidationError("It changed since the release was asked for; ask again.")
    fresh.confirmed_by, fresh.confirmed_at = user, now
    fresh.save(update_fields=["confirmed_by", "confirmed_at"])


@transaction.atomic
def end(release: UrgentRelease, user: Any, now: datetime, reason: str) -> None:
    """Stop it now: what has not left goes back to the door. Raises PermissionDenied, ValidationError without a reason."""
    require_end(release, user)
    fresh = UrgentRelease.objects.select_for_update(of=("self",)).select_related("review").get(pk=release.pk)
    if fresh.ended_at:
        raise ValidationError("It has ended already.")
    fresh.ended_at, fresh.ended_by = now, user
    fresh.ended_because = given(reason, "end it", closing.LONGEST)
    because(fresh, fresh.ended_because).save(update_fields=["ended_at", "ended_by", "ended_because"])
    outbox.recall(reviewables[fresh.review.kind].messages(fresh.review.object_id), now)


def require_end(release: UrgentRelease, user: Any) -> None:
    """Raises PermissionDenied for whoever neither asked for it nor may approve what it is about."""
    if user.pk != release.asked_by_id:
        permissions.require(user, DECIDE, release.review, "end an urgent release")


def holding(now: datetime) -> Any:
    """Releases that hold at this instant: never longer than may be asked for, whatever their rows say."""
    found = UrgentRelease.objects.filter(confirmed_at__isnull=False, ended_at=None)
    return found.filter(until__gt=now, asked_at__gt=now - LONGEST)


def _tidy(review: Review, now: datetime) -> None:
    """What ran out or was never confirmed in time makes room for a new request."""
    for old in review.releases.filter(ended_at=None):
        if now >= old.until or (old.confirmed_at is None and now >= old.asked_at + WAIT):
            old.ended_at = now
            old.save(update_fields=["ended_at"])
