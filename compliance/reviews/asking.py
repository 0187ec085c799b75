"""Whom a review asks now."""

from typing import Any

from django.contrib.auth.models import User

from compliance.models import Review, ReviewStep
from compliance.reviews import permissions
from compliance.reviews.permissions import DECIDE


def current(review: Review) -> ReviewStep | None:
    """The step that is asked now: the first that has not enough people's yes; None when all have.

    A yes counts while whoever gave it may still give it: a reviewer who lost the role is asked for no longer.
    """
    yes = list(review.approvals.filter(approved=True).select_related("approver"))
    for step in review.steps.select_related("group"):
        if len([word for word in yes if word.step == step.name and qualified(word.approver, step)]) < step.approvers:
            return step
    return None


def qualified(user: Any, step: ReviewStep) -> bool:
    """Whether this step asks such a person."""
    if not user.is_active or not (permissions.holds(user, DECIDE, step.review)):
        return False
    return step.group_id is None or user.is_superuser or user.groups.filter(pk=step.group_id).exists()


def may_decide(review: Review, user: Any) -> bool:
    """Whether this user is asked now."""
    step = current(review) if review.state == Review.State.OPEN else None
    return bool(
        step
        and not review.concerns(user.pk)
        and qualified(user, step)
        and not review.approvals.filter(approver_id=user.pk, approved=True).exists()
    )


def people(step: ReviewStep) -> list[Any]:
    """Whom this step asks: active staff who may decide, in its group if it has one."""
    found = User.objects.filter(is_active=True, is_staff=True)
    if step.group_id:
        found = found.filter(groups=step.group_id)
    return [user for user in found.order_by("id").distinct() if qualified(user, step)]
