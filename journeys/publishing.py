"""From draft to live and back: publish, pause, resume, retire. People inside stay pinned to the version they entered."""

from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Max

from channels.models import MessageTemplate
from compliance import reviews, stops
from config.history import because, given
from config.permissions import require
from contacts.models import Segment
from journeys import blueprints, engine
from journeys.base import triggers
from journeys.blueprints import Blueprint
from journeys.inspection import Problem, problems, template_of
from journeys.models import Enrolment, Journey, Version

__all__ = [
    "Problem",
    "approved",
    "archive",
    "draft_of",
    "new_draft",
    "pause",
    "problems",
    "publish",
    "resume",
    "retire",
    "submit",
]

User = AbstractBaseUser | AnonymousUser
PERMISSION, EDIT = "journeys.publish_journey", "journeys.change_version"


@transaction.atomic
def publish(version: Version, user: User, now: datetime, reason: str = "") -> Version:
    """Make this draft the version that new people enter; the one before is retired, and people in it stay in it. Why it was
    allowed is in its review; a `reason` is kept beside.

    Raises PermissionDenied without the permission to publish journeys, ValidationError with every problem as a sentence, and
    for one whose review is not approved, or that changed since.
    """
    journey = _locked(version.journey_id)
    _require(user, journey)
    draft = Version.objects.select_related("journey__brand").get(pk=version.pk)
    if draft.state != Version.State.DRAFT:
        raise ValidationError(f"{draft} is published already; make a new draft to change the journey.")
    if journey.state == Journey.State.ARCHIVED:
        raise ValidationError(f"{journey} is archived.")
    if found := problems(draft):
        raise ValidationError([str(problem) for problem in found])
    _require_approval(draft, now)
    _retire_live(journey, f"{draft} took its place.", user)
    _protect(draft)
    draft.checksum = blueprints.checksum(blueprints.of(draft))
    draft.state, draft.published_at, draft.published_by_id = Version.State.LIVE, now, user.pk
    because(draft, reason, user).save()
    if journey.state == Journey.State.DRAFT:
        _move(journey, Journey.State.LIVE, reason or f"{draft} was published.", user)
    version.refresh_from_db()
    return version


def submit(version: Version, user: User, now: datetime) -> Version:
    """Hand the draft in for its review; until it is decided or taken back nobody can edit it. Raises as `reviews.submit`."""
    reviews.submit(version, user, now)
    return version


def approved(version: Version) -> bool:
    """Whether its review is approved, and it still is what was approved."""
    return not _lacks(version)


def _require_approval(draft: Version, now: datetime) -> None:
    if lack := _lacks(draft, now):
        raise ValidationError(lack)


def _lacks(draft: Version, now: datetime | None = None) -> str:
    """Why it must not be published, as far as its review is concerned; empty if it may."""
    review = reviews.live(draft)
    if review is None:
        return f"{draft} is not approved; hand it in for review first."
    if review.state != review.State.APPROVED:
        return f"{draft} is {review.get_state_display()}; it can be published once it is approved."
    if broken := reviews.broken(review):
        return f"{draft} is not what was approved. Changed: {', '.join(broken)}. Open its review again."
    if now and review.valid_until and now >= review.valid_until:
        return f"The approval of {draft} has ended; open its review again."
    return ""


def _protect(draft: Version) -> None:
    """Write what the design names as foreign keys: ids inside JSON would not keep anything from being deleted."""
    segment = triggers[draft.trigger].segment_key(draft.trigger_config)
    draft.segment = Segment.objects.get(key=segment) if segment else None
    plans = blueprints.of(draft).steps
    templates = {t.key: t for t in MessageTemplate.objects.filter(key__in=map(template_of, plans))}
    for step, plan in zip(draft.steps.order_by("position", "id"), plans, strict=True):
        step.template = templates.get(template_of(plan))
        step.save(update_fields=["template"])


@transaction.atomic
def new_draft(journey: Journey, user: User | None = None) -> Version:
    """The journey's draft: the one there is, otherwise a copy of its newest version (or an empty one)."""
    _locked(journey.pk)
    if draft := journey.versions.filter(state=Version.State.DRAFT).order_by("-number").first():
        return draft
    model = journey.live_version or journey.versions.order_by("-number").first()
    return _made(journey, blueprints.of(model) if model else None, user, f"As {model} says." if model else "")


@transaction.atomic
def draft_of(version: Version, user: User, design: Blueprint | None = None, reason: str = "") -> Version:
    """A new draft that says what this version says, or `design`, the newest one from now on; a draft that is there stays.

    Raises PermissionDenied, and ValidationError for an archived journey.
    """
    journey = _locked(version.journey_id)
    require(user, EDIT, journey, "change this journey")
    if journey.state == Journey.State.ARCHIVED:
        raise ValidationError(f"{journey} is archived.")
    return _made(journey, design or blueprints.of(version), user, reason or f"As {version} says.")


def _made(journey: Journey, design: Blueprint | None, user: User | None, reason: str = "") -> Version:
    number = (journey.versions.aggregate(last=Max("number"))["last"] or 0) + 1
    draft = Version(journey=journey, number=number, author_id=user.pk if user else None)
    because(draft, reason, user).save()
    if design:
        blueprints.write(design, draft)
    return draft


@transaction.atomic
def pause(journey: Journey, user: User, now: datetime, reason: str) -> None:
    """Keep everybody where they are: nobody enters, nobody moves, and no message of this journey leaves.

    Exit criteria and goals still count meanwhile. Raises PermissionDenied, and ValidationError unless it is live, or without a
    reason.
    """
    fresh = _locked(journey.pk)
    _require(user, fresh)
    if fresh.state != Journey.State.LIVE:
        raise ValidationError(f"{fresh} is {fresh.get_state_display()}; only a live journey can be paused.")
    why = given(reason, "pause it")
    _move(fresh, Journey.State.PAUSED, why, user)
    stops.set("journey", fresh.key, f"The journey is paused: {why}", user, now)
    journey.refresh_from_db()


@transaction.atomic
def resume(journey: Journey, user: User, now: datetime, reason: str) -> None:
    """Go on from where everybody is; those whose time came meanwhile move now. Raises like `pause`."""
    fresh = _locked(journey.pk)
    _require(user, fresh)
    if fresh.state != Journey.State.PAUSED:
        raise ValidationError(f"{fresh} is {fresh.get_state_display()}; only a paused journey can be resumed.")
    why = given(reason, "let it go on")
    _move(fresh, Journey.State.LIVE, why, user)
    stops.lift("journey", fresh.key, user, now, why)
    journey.refresh_from_db()


@transaction.atomic
def retire(journey: Journey, user: User, reason: str) -> None:
    """Let nobody in any more; those who are inside go on to their end. Raises PermissionDenied, ValidationError without a
    reason."""
    _require(user, journey)
    _retire_live(_locked(journey.pk), given(reason, "let nobody in any more"), user)


@transaction.atomic
def archive(journey: Journey, user: User, now: datetime, reason: str) -> int:
    """Close the journey for good: nobody enters, everybody leaves, nothing more is sent. Returns how many left.

    Raises PermissionDenied, ValidationError without a reason.
    """
    _require(user, journey)
    why = given(reason, "archive it")
    fresh = _locked(journey.pk)
    _retire_live(fresh, why, user)
    inside = Enrolment.objects.filter(journey=fresh, state__in=Enrolment.LIVE).values_list("id", flat=True)
    left = engine.leave(list(inside), "journey archived", now)
    if fresh.state == Journey.State.PAUSED:
        stops.lift("journey", fresh.key, user, now, why)
    _move(fresh, Journey.State.ARCHIVED, why, user)
    journey.refresh_from_db()
    return left


def _retire_live(journey: Journey, why: str, user: User) -> None:
    for version in journey.versions.filter(state=Version.State.LIVE):
        version.state = Version.State.RETIRED
        because(version, why, user).save(update_fields=["state"])


def _require(user: User, journey: Journey) -> None:
    if not user.has_perm(PERMISSION, journey):  # type: ignore[union-attr]
        raise PermissionDenied("Only people with the permission to publish journeys may do this.")


def _locked(journey_id: int) -> Journey:
    return Journey.objects.select_for_update(of=("self",), no_key=True).get(pk=journey_id)


def _move(journey: Journey, state: str, why: str, user: User) -> None:
    journey.state = state
    because(journey, why, user).save()
