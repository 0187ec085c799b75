"""What may be sent for each template, and its seal: compared anew at every judgement."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Exists, F, OuterRef, Q

from channels import sealing
from channels.models import TemplateVersion
from channels.sealing import Seal
from compliance.base import JourneyFact, VersionFact
from compliance.content import label
from compliance.models import Approval, Review, UrgentRelease
from compliance.reviews import reviewables, urgent

State = TemplateVersion.State


class _Yes(NamedTuple):
    """Why a version may be sent: its sealed review, or an urgent release."""

    fingerprint: str
    parts: dict[str, str]
    people: str
    valid_until: datetime | None
    urgent: bool = False


def versions(template_ids: Iterable[int], now: datetime) -> dict[int, dict[str, VersionFact]]:
    """The version to send by template and language; five queries, however many.

    That is the approved one, or a newer one that waits for its review and is released urgently.
    """
    released = _released(now)
    usable = Q(state=State.APPROVED) | Q(state__in=(State.SUBMITTED, State.IN_REVIEW), pk__in=released.keys())
    rows = TemplateVersion.objects.filter(usable, template_id__in=list(template_ids)).order_by("number")
    columns = (
        "id",
        "number",
        "template_id",
        "locale",
        "message_class",
        "state",
        "template__channel",
        "content",
        "compiled",
    )
    listed = list(rows.values_list(*columns))
    ids = [row[0] for row in listed]
    yes = {**released, **_approved(ids)}
    seals = sealing.of(ids) if ids else {}
    found: dict[int, dict[str, VersionFact]] = {}
    for row in listed:
        found.setdefault(row[2], {})[row[3]] = _fact(row, seals[row[0]], yes.get(row[0]))
    return found


def journeys(labels: Iterable[Mapping[str, Any]], now: datetime) -> dict[int, JourneyFact]:
    """The versions of journeys that these messages come from, each with its seal; a constant number of queries.

    Their kind is registered by a floor above. Without it nobody can say that they are approved.
    """
    wanted = {version for one in labels if isinstance(version := one.get("version"), int)}
    if not wanted:
        return {}
    kind = reviewables.get("journey")
    approved = Review.objects.filter(kind="journey", object_id__in=wanted, state=Review.State.APPROVED)
    found = {review.object_id: review for review in approved.filter(_said_yes())}
    seals = kind.seals(found) if kind and found else {}
    return {version: _journey(version, found.get(version), seals.get(version)) for version in wanted}


def _journey(version: int, review: Review | None, seal: Seal | None) -> JourneyFact:
    if review is None or seal is None:
        return JourneyFact(version)
    broken = tuple(seal.broken(review.parts)) if seal.fingerprint != review.fingerprint else ()
    return JourneyFact(version, True, broken, review.valid_until)


def _fact(row: Sequence[Any], seal: Seal, yes: _Yes | None) -> VersionFact:
    pk, number, _, _, message_class, state, channel, content, compiled = row
    seal = seal.against(yes.parts) if yes else seal
    return VersionFact(
        id=pk,
        number=number,
        state=state,
        message_class=message_class,
        fingerprint=seal.fingerprint,
        approved_fingerprint=yes.fingerprint if yes else "",
        approver=yes.people if yes else "",
        broken=tuple(seal.broken(yes.parts)) if yes and yes.fingerprint != seal.fingerprint else (),
        valid_until=yes.valid_until if yes else None,
        urgent=bool(yes and yes.urgent),
        unlabelled=label.unlabelled(channel, compiled or content),
    )


def _approved(ids: Sequence[int]) -> dict[int, _Yes]:
    reviews = Review.objects.filter(kind="template", object_id__in=ids, state=Review.State.APPROVED)
    said = reviews.filter(approvals__approved=True, approvals__fingerprint=F("fingerprint")).order_by("approvals__id")
    rows = said.values_list("object_id", "fingerprint", "parts", "valid_until", "approvals__approver__username")
    found: dict[int, _Yes] = {}
    for pk, fingerprint, parts, valid_until, name in rows:
        people = f"{found[pk].people}, {name}" if pk in found else name
        found[pk] = _Yes(fingerprint, parts, people, valid_until)
    return found


def _said_yes() -> Exists:
    """Reviews in which somebody agreed to exactly what was submitted: a state alone, set in SQL, is nobody's word."""
    words = Approval.objects.filter(review=OuterRef("pk"), approved=True, fingerprint=OuterRef("fingerprint"))
    return Exists(words)


def _released(now: datetime) -> dict[int, _Yes]:
    releases: Any = urgent.holding(now).filter(review__kind="template", review__state=Review.State.OPEN)
    rows = releases.select_related("review", "asked_by", "confirmed_by").order_by("id")
    return {release.review.object_id: _urgent(release) for release in rows}


def _urgent(release: UrgentRelease) -> _Yes:
    people = f"{release.asked_by} and {release.confirmed_by}"
    return _Yes(release.fingerprint, release.review.parts, people, release.until, urgent=True)
