"""The word of a reviewer, and the seal that the last one sets."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Model

from channels.models import TemplateVersion
from compliance.models import Approval, Review, ReviewStep
from compliance.reviews import notices, permissions
from compliance.reviews.asking import current, qualified
from compliance.reviews.base import Reviewable, kind_of, reviewables
from compliance.reviews.opening import close
from compliance.reviews.permissions import DECIDE

State, Verdict = Review.State, Approval.Verdict
Reviewer = AbstractBaseUser | AnonymousUser


def decide(
    subject: Any,
    reviewer: Reviewer,
    *,
    approved: bool,
    now: datetime,
    reason: str = "",
    changes: bool = False,
    seen: str = "",
) -> Approval:
    """Approve what was handed in, ask for changes, or reject it; the last yes that is needed seals it.

    `seen` is the fingerprint that the reviewer had before his eyes, where that is known. Raises PermissionDenied for the
    author and the submitter, for people without the permission to decide and for those whom the current step does not ask;
    ValidationError for what is not waiting, is not the newest or changed meanwhile, and for a no without a reason.
    """
    kind = kind_of(subject)
    permissions.require(reviewer, DECIDE, subject, "approve or refuse versions")
    with transaction.atomic():
        locked = kind.locked(subject.pk)
        review = Review.objects.select_for_update().filter(
            kind=kind.key, object_id=locked.pk, state=State.OPEN
        ).first()  # fmt: skip
        if review is None:
            raise ValidationError(f"{locked} is {kind.standing(locked)}; nothing is waiting for a decision.")
        step = _step_for(review, reviewer)
        if approved:
            _check_approvable(kind, locked, review, reviewer, seen)
        elif not reason.strip():
            raise ValidationError("Say why, so that the author knows what to change.")
        verdict = Verdict.APPROVE if approved else Verdict.CHANGES if changes else Verdict.REJECT
        word = _write(review, step, reviewer, verdict, reason, now)
        if approved:
            _go_on(kind, locked, review, now)
        else:
            close(review, State.CHANGES if changes else State.REJECTED, reason, now)
            kind.refused(locked, changes=changes)
            notices.decided(review, word, now)
    subject.refresh_from_db()
    return word


def _step_for(review: Review, reviewer: Reviewer) -> ReviewStep:
    if review.concerns(reviewer.pk):
        raise PermissionDenied("Nobody approves or refuses his own work; ask another reviewer.")
    step = current(review) or review.steps.last()
    assert step is not None  # every plan has one
    # Asked anew: the role may have been taken away while this waited for the lock of another reviewer.
    if not qualified(User.objects.get(pk=reviewer.pk or 0), step):
        whom = f"people of the group {step.group}" if step.group else "people who may approve"
        raise PermissionDenied(f"The step {step.name} asks {whom}; you are not one of them (any more).")
    return step


def _check_approvable(kind: Reviewable, subject: Any, review: Review, reviewer: Reviewer, seen: str) -> None:
    if newer := kind.newer(subject):
        raise ValidationError(f"{newer} was handed in after {subject}; decide about that one.")
    if review.approvals.filter(approver_id=reviewer.pk, approved=True).exists():
        raise ValidationError("You have approved it already; the next yes must come from somebody else.")
    seal = kind.seals([subject.pk])[subject.pk].against(review.parts)
    if seal.fingerprint != review.fingerprint:
        changed = ", ".join(seal.broken(review.parts)) or "something"
        raise ValidationError(f"Changed since it was handed in: {changed}. Open the review again, then decide.")
    if seen and seen != review.fingerprint:
        raise ValidationError("It changed since you opened its page; look at it again, then decide.")


def _write(
    review: Review, step: ReviewStep, reviewer: Reviewer, verdict: str, reason: str, now: datetime
) -> Approval:  # fmt: skip
    return Approval.objects.create(
        review=review,
        step=step.name,
        version_id=review.object_id if reviewables[review.kind].model is TemplateVersion else None,
        fingerprint=review.fingerprint,
        author_id=review.author_id,
        approver_id=int(reviewer.pk or 0),
        approved=verdict == Verdict.APPROVE,
        verdict=verdict,
        reason=reason,
        decided_at=now,
    )


def _go_on(kind: Reviewable, subject: Any, review: Review, now: datetime) -> None:
    """To the next step, or to the seal."""
    step = current(review)
    for done in review.steps.filter(done_at=None):
        if step is None or done.position < step.position:
            done.done_at = now
            done.save(update_fields=["done_at"])
    if step is None:
        _seal(kind, subject, review, now)
        return
    review.due_at, review.reminded_at = now + timedelta(hours=step.due_hours), None
    review.save(update_fields=["due_at", "reminded_at"])
    kind.in_review(subject)
    notices.waiting(review, now)


def _seal(kind: Reviewable, subject: Any, review: Review, now: datetime) -> None:
    replaced = kind.approved(subject, now)
    _replace(kind, replaced, review, now)
    review.state, review.approved_at, review.due_at = State.APPROVED, now, None
    review.valid_until = now + timedelta(days=review.valid_days) if review.valid_days else None
    review.save(update_fields=["state", "approved_at", "due_at", "valid_until"])
    notices.approved(review, now)


def _replace(kind: Reviewable, replaced: Sequence[Model], by: Review, now: datetime) -> None:
    ids = [other.pk for other in replaced]
    for old in Review.objects.filter(kind=kind.key, object_id__in=ids, state__in=Review.LIVE):
        close(old, State.REPLACED, f"{by.title} took its place.", now)
