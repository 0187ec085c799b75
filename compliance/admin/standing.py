"""Where a thing stands in its review, and what this reader may do about it: the card on its own page and on the review's."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest

from channels.findings import placed
from compliance import reviews
from compliance.models import Approval, Review, ReviewStep, UrgentRelease
from compliance.reviews import asking, comments, permissions, urgent
from compliance.reviews.base import Reviewable

State = Review.State
RECORDED = 30
"""So many words and comments are shown at most."""


def of(request: HttpRequest, subject: Any, now: datetime) -> dict[str, Any]:
    """What the card's template needs. A constant number of queries."""
    kind = reviews.kind_of(subject)
    review = reviews.of(subject).select_related("author", "submitter").order_by("-id").first()
    live = review if review and review.state in Review.LIVE else None
    draft = kind.is_draft(subject)
    labels = kind.labels(subject)
    found = kind.problems(subject) if draft or (live and live.state == State.OPEN) else []
    return {
        "subject": subject,
        "kind": kind,
        "now": now,
        "review": review,
        "stations": _steps(review) if review else [],
        "broken": reviews.broken(live) if live else [],
        "problems": [placed(problem, labels) for problem in found if problem.severity == "block"] if draft else [],
        "warnings": [placed(problem, labels) for problem in found if problem.severity == "warn"],
        "draft": draft,
        "words": _words(kind, subject),
        "comments": list(review.comments.select_related("author", "resolved_by")[:RECORDED]) if review else [],
        **_allowed(request.user, kind, subject, review, draft),
        **_urgent(request.user, review, now),
    }


def _allowed(user: Any, kind: Reviewable, subject: Any, review: Review | None, draft: bool) -> dict[str, bool]:
    waiting = bool(review and review.state == State.OPEN)
    approved = bool(review and review.state == State.APPROVED)
    mine = bool(review and review.concerns(user.pk))
    decides = permissions.holds(user, permissions.DECIDE, subject)
    return {
        "may_submit": draft and permissions.holds(user, kind.submit, subject),
        "may_decide": waiting and review is not None and asking.may_decide(review, user),
        "decides": decides,
        "own": waiting and mine,
        "may_retire": approved and decides,
        "may_comment": waiting and review is not None and comments.may_comment(review, user),
        "may_reopen": bool(review and review.state in Review.LIVE and (decides or mine)),
    }


def _urgent(user: Any, review: Review | None, now: datetime) -> dict[str, Any]:
    """The release that is asked for or holds, if any."""
    if review is None or review.state != State.OPEN:
        return {}
    last: UrgentRelease | None = (
        review.releases.filter(ended_at=None).select_related("asked_by", "confirmed_by").first()
    )
    over = last and (now >= last.until or (last.confirmed_at is None and now >= last.asked_at + urgent.WAIT))
    release = None if over else last
    decides = permissions.holds(user, permissions.DECIDE, review)
    may_ask = reviews.reviewables[review.kind].urgent and permissions.holds(user, permissions.URGENT, review)
    apart = release is not None and user.pk != release.asked_by_id and not review.concerns(user.pk)
    return {
        "release": release,
        "may_ask": may_ask and release is None,
        "may_confirm": bool(release and not release.confirmed_at and apart and decides),
        "may_end": bool(release and (decides or release.asked_by_id == user.pk)),
    }


def _steps(review: Review) -> list[tuple[ReviewStep, list[Approval], bool]]:
    """Each step with who said yes in it, and whether it is the one that is asked now."""
    now_asked = asking.current(review) if review.state == State.OPEN else None
    yes = list(review.approvals.filter(approved=True).select_related("approver").order_by("id"))
    return [
        (step, [word for word in yes if word.step == step.name], now_asked is not None and step.pk == now_asked.pk)
        for step in review.steps.select_related("group")
    ]


def _words(kind: Reviewable, subject: Any) -> list[Approval]:
    about = Approval.objects.filter(review__kind=kind.key, review__object_id=subject.pk)
    return list(about.select_related("approver").order_by("-id")[:RECORDED])
