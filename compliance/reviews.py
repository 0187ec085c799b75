"""Two people agree on words: the author submits, somebody else approves, and the approval is sealed to the exact content."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q

from channels import checks, drafts, outbox
from channels.findings import Finding
from channels.models import TemplateVersion
from compliance import findings
from compliance.models import Approval

State = TemplateVersion.State
User = AbstractBaseUser | AnonymousUser
"""Whoever asks; an anonymous one has no permission."""
SUBMIT, DECIDE = "channels.submit_templateversion", "compliance.decide_approval"


@transaction.atomic
def submit(version: TemplateVersion, user: User, now: datetime) -> TemplateVersion:
    """Hand a draft in for approval; from here on it never changes.

    Raises PermissionDenied without the permission to submit, ValidationError for a version that is no draft or with every
    problem of its words; each has the code of its finding.
    """
    _require(user, SUBMIT, "submit versions for approval")
    draft = _locked(version)
    if draft.state != State.DRAFT:
        raise ValidationError(f"{draft} is {draft.get_state_display()}; only a draft can be submitted.")
    if found := [problem for problem in problems(draft) if problem.severity == "block"]:
        raise ValidationError([ValidationError(str(problem), code=problem.code) for problem in found])
    drafts.compile_version(draft)
    _move(draft, State.SUBMITTED, submitted_at=now, compiled=draft.compiled)
    version.refresh_from_db()
    return version


def problems(version: TemplateVersion) -> list[Finding]:
    """Everything that stands against these words, or that deserves a second look; what blocks comes first."""
    found = [*checks.problems(version), *findings.of(version)]
    return sorted(found, key=lambda finding: finding.severity)


@transaction.atomic
def decide(version: TemplateVersion, reviewer: User, *, approved: bool, now: datetime, reason: str = "") -> Approval:
    """Approve or refuse a submitted version; an approved one takes the place of the one in the same language before.

    Raises PermissionDenied for the author himself and for people without the permission to decide, ValidationError for a
    version that is not waiting, and for a refusal without a reason.
    """
    _require(reviewer, DECIDE, "approve or refuse versions")
    waiting = _locked(version)
    if waiting.state != State.SUBMITTED:
        raise ValidationError(f"{waiting} is {waiting.get_state_display()}; nothing is waiting for a decision.")
    if waiting.author_id == reviewer.pk:
        raise PermissionDenied("Nobody approves or refuses his own work; ask another reviewer.")
    if not approved and not reason.strip():
        raise ValidationError("Say why it is refused, so that the author knows what to change.")
    found = Approval.objects.create(
        version=waiting,
        fingerprint=waiting.fingerprint,
        author_id=waiting.author_id,
        approver_id=int(reviewer.pk or 0),
        approved=approved,
        reason=reason,
        decided_at=now,
    )
    if approved:
        _retire_others(waiting)
    _move(waiting, State.APPROVED if approved else State.REJECTED)
    version.refresh_from_db()
    return found


@transaction.atomic
def retire(version: TemplateVersion, user: User, now: datetime) -> None:
    """Take an approved version out of use at once: what is cleared with it but has not left goes back to the door.

    Raises PermissionDenied without the permission to decide, ValidationError unless it is approved.
    """
    _require(user, DECIDE, "retire versions")
    approved = _locked(version)
    if approved.state != State.APPROVED:
        raise ValidationError(f"{approved} is {approved.get_state_display()}; only an approved version can be retired.")
    _move(approved, State.RETIRED)
    outbox.recall(Q(version=approved), now)
    version.refresh_from_db()


def _retire_others(approved: TemplateVersion) -> None:
    others = TemplateVersion.objects.filter(template=approved.template_id, locale=approved.locale, state=State.APPROVED)
    for other in others.exclude(pk=approved.pk):
        _move(other, State.RETIRED)


def _locked(version: TemplateVersion) -> TemplateVersion:
    """The version as it stands now; two reviewers at once wait for each other here."""
    return TemplateVersion.objects.select_for_update(of=("self",), no_key=True).get(pk=version.pk)


def _move(version: TemplateVersion, state: str, **columns: Any) -> None:
    version.state = state
    for name, value in columns.items():
        setattr(version, name, value)
    # Only what changes: the database refuses a submitted version's words even when they are written unchanged.
    version.save(update_fields=["state", *columns])


def _require(user: User, permission: str, verb: str) -> None:
    if not user.has_perm(permission):  # type: ignore[union-attr]
        raise PermissionDenied(f"You need the permission to {verb}.")
