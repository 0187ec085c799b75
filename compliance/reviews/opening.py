"""Handing things in, and asking again when something changed that an approval depends on."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model

from channels.findings import Finding
from compliance.models import Review, ReviewStep
from compliance.reviews import notices, permissions, policies
from compliance.reviews.base import Reviewable, kind_of

State = Review.State
User = AbstractBaseUser | AnonymousUser


@transaction.atomic
def submit(subject: Any, user: User, now: datetime) -> Any:
    """Hand a draft in for approval; from here on it never changes.

    Raises PermissionDenied without the permission to submit, ValidationError for what is no draft or with every problem
    that stands against it; each has the code of its finding.
    """
    kind = kind_of(subject)
    permissions.require(user, kind.submit, subject, f"submit {kind.title}s for approval")
    draft = kind.locked(subject.pk)
    if not kind.is_draft(draft):
        raise ValidationError(f"{draft} is {kind.standing(draft)}; only a draft can be submitted.")
    if found := [problem for problem in kind.problems(draft) if problem.severity == "block"]:
        raise ValidationError([ValidationError(str(problem), code=problem.code) for problem in found])
    kind.submitted(draft, now, again=False)
    opened = _open(kind, draft, now, submitter_id=int(user.pk or 0))
    notices.waiting(opened, now)
    subject.refresh_from_db()
    return subject


def problems(subject: Any) -> list[Finding]:
    """Everything that stands against it, or that deserves a second look; what blocks comes first."""
    return kind_of(subject).problems(subject)


@transaction.atomic
def reopen(subject: Model, because: str, now: datetime, state: str = State.REOPENED) -> Review | None:
    """Ask again, since something changed (or time ran out) that its review depends on; None if it has no live review.

    What is cleared with it but has not left goes back to the gate, which refuses it until it is approved anew.
    """
    kind = kind_of(subject)
    locked = kind.locked(subject.pk)
    old = Review.objects.select_for_update().filter(kind=kind.key, object_id=locked.pk, state__in=Review.LIVE).first()
    if old is None:
        return None
    close(old, state, because, now)
    renewed = kind.renewed(locked, now)
    kind.submitted(renewed, now, again=renewed.pk == locked.pk)
    opened = _open(kind, renewed, now, submitter_id=old.submitter_id, because=because)
    notices.reopened(opened, now)
    return opened


def close(review: Review, state: str, because: str, now: datetime) -> None:
    """This review is over."""
    review.state, review.closed_at, review.closed_because, review.due_at = state, now, because[:300], None
    review.save(update_fields=["state", "closed_at", "closed_because", "due_at"])


def _open(kind: Reviewable, subject: Any, now: datetime, submitter_id: int, because: str = "") -> Review:
    about = kind.about(subject)
    plan = policies.plan(kind.key, about)
    seal = kind.seals([subject.pk])[subject.pk]
    review = Review.objects.create(
        kind=kind.key,
        object_id=subject.pk,
        title=about.title[:200],
        brand_id=about.brand_id,
        channel=min(about.channels) if len(about.channels) == 1 else "",
        message_class=min(about.message_classes) if len(about.message_classes) == 1 else "",
        fingerprint=seal.fingerprint,
        parts=dict(seal.parts),
        author_id=about.author_id or submitter_id,
        submitter_id=submitter_id,
        authors=sorted({*about.authors, about.author_id or submitter_id, submitter_id}),
        because=because[:300],
        risks=list(plan.risks),
        policies=list(plan.policies),
        valid_days=plan.valid_days,
        submitted_at=now,
        due_at=now + timedelta(hours=plan.stations[0].due_hours),
    )
    ReviewStep.objects.bulk_create(
        ReviewStep(
            review=review,
            position=position,
            name=station.name,
            group_id=station.group_id,
            approvers=station.approvers,
            due_hours=station.due_hours,
        )
        for position, station in enumerate(plan.stations, start=1)
    )
    return review
