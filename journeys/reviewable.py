"""Versions of journeys, as reviewers see them: their design, and what else decides who gets which message."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q

from channels import outbox
from channels.findings import Finding
from channels.models import Message, MessageTemplate, TemplateVersion
from channels.sealing import Seal, digest
from compliance import reviews
from compliance.models import FrequencyCap
from compliance.reviews import About, Reviewable, reviewables
from contacts import logic
from contacts.base import NOTHING
from contacts.models import Membership, Segment
from journeys import blueprints, inspection
from journeys.base import Trigger, steps, triggers
from journeys.blueprints import Blueprint
from journeys.models import Enrolment, Journey, Version


@reviewables.register
class JourneyReview(Reviewable):
    """A version of a journey: trigger, steps, exits, and the segments, templates and caps that it names.

    It stays a draft while it is reviewed, but nobody can edit it; publishing asks for the sealed approval.
    """

    key = "journey"
    title = "journey"
    model = Version
    submit = "journeys.publish_journey"

    def about(self, subject: Version) -> About:
        design = blueprints.of(subject)
        templates = MessageTemplate.objects.filter(key__in=_templates(design)).values_list("pk", "channel")
        found = dict(templates)
        versions = TemplateVersion.objects.filter(template__in=found, state=TemplateVersion.State.APPROVED)
        said = list(versions.values_list("message_class", "locale"))
        return About(
            title=str(subject),
            brand_id=subject.journey.brand_id,
            author_id=subject.author_id,
            authors=frozenset(subject.editors or ()),
            channels=frozenset(found.values()),
            message_classes=frozenset(str(message_class) for message_class, _ in said),
            markets=frozenset(part for _, locale in said for part in locale.upper().split("-") if part),
            audience=_audience(design),
            words="\n".join(
                [subject.journey.name, subject.journey.description, *(step.title for step in design.steps)]
            ),
        )

    def seals(self, ids: Iterable[int]) -> Mapping[int, Seal]:
        found = Version.objects.filter(id__in=list(ids)).select_related("journey").prefetch_related("steps")
        designs = {version: blueprints.of(version) for version in found}
        templates = _template_facts({key for design in designs.values() for key in _templates(design)})
        segments = _conditions() if designs else {}
        caps = _cap_facts({version.journey.brand_id for version in designs}) if designs else []
        return {version.pk: _seal(version, design, templates, segments, caps) for version, design in designs.items()}

    def problems(self, subject: Version) -> list[Finding]:
        return [Finding("", str(problem), "design") for problem in inspection.problems(subject)]

    def is_draft(self, subject: Version) -> bool:
        return subject.state == Version.State.DRAFT and reviews.live(subject) is None

    def idle(self, ids: Iterable[int]) -> set[int]:
        """Retired versions in which nobody is any more, also nobody who was set aside, and of which no message waits."""
        retired = Version.objects.filter(pk__in=list(ids), state=Version.State.RETIRED)
        inside = Enrolment.objects.filter(version=OuterRef("pk"), state__in=(*Enrolment.LIVE, Enrolment.State.FAILED))
        empty = retired.exclude(Exists(inside)).values_list("pk", flat=True)
        waiting = Message.objects.filter(state=Message.State.PENDING)
        return {pk for pk in empty if not waiting.filter(self.messages(pk)).exists()}

    def watchers(self, pk: int) -> list[Any]:
        journey = Journey.objects.select_related("compliance_reviewer").filter(versions=pk).first()
        return [journey.compliance_reviewer] if journey and journey.compliance_reviewer else []

    def standing(self, subject: Version) -> str:
        review = reviews.live(subject)
        return str(review.get_state_display() if review else subject.get_state_display())

    def messages(self, pk: int) -> Q:
        return Q(labels__version=pk)

    def newer(self, subject: Version) -> Version | None:
        return None  # a journey has one draft at a time

    def submitted(self, subject: Version, now: datetime, *, again: bool) -> None:
        if again:
            outbox.recall(self.messages(subject.pk), now)

    def approved(self, subject: Version, now: datetime) -> list[Any]:
        held = Message.objects.filter(state=Message.State.PENDING, reason__in=HELD, due_at__gt=now)
        held.filter(self.messages(subject.pk)).update(due_at=now)
        return []

    def refused(self, subject: Version, *, changes: bool) -> None:
        """It is an ordinary draft again, which its author can change."""

    def retired(self, subject: Version, now: datetime) -> None:
        outbox.recall(self.messages(subject.pk), now)

    def withdrawn(self, subject: Version) -> None:
        """It is an ordinary draft again."""


HELD = ("journey_not_approved", "journey_seal_broken", "journey_approval_expired")
"""Reasons for which the gate holds messages of a journey until it is approved anew."""


def _templates(design: Blueprint) -> set[str]:
    return {key for step in design.steps if (key := inspection.template_of(step))}


def _audience(design: Blueprint) -> int | None:
    """How many are in the segment that people enter by now; None for a trigger by events, where nobody can say."""
    kind = triggers.get(design.trigger)
    key = kind.segment_key(design.trigger_config) if kind else ""
    return Membership.objects.filter(segment__key=key).count() if key else None


def segments(design: Blueprint) -> set[str]:
    """The keys of all segments that decide who gets what: those that the design names, and those that these name."""
    return _closure(_segments(design), _conditions())


def _template_facts(keys: set[str]) -> dict[str, list[Any]]:
    rows = MessageTemplate.objects.filter(key__in=keys).values_list("key", "pk", "channel", "topic_id", "brand_id")
    return {key: facts for key, *facts in rows}


def _conditions() -> dict[str, Any]:
    """Every segment's condition, of all brands: what one names may have been moved to another by hand."""
    return dict(Segment.objects.values_list("key", "condition"))


def _cap_facts(brand_ids: set[int]) -> list[tuple[int, list[str], list[Any]]]:
    columns = ("limit", "days", "calendar", "classes", "channels", "topics", "action", "enabled")
    rows = (
        FrequencyCap.objects.filter(brand_id__in=brand_ids).order_by("id").values_list("brand_id", "journeys", *columns)
    )
    return [(brand_id, journeys, list(facts)) for brand_id, journeys, *facts in rows if journeys]


def _seal(
    version: Version,
    design: Blueprint,
    templates: Mapping[str, list[Any]],
    segments: Mapping[str, Any],
    caps: Iterable[tuple[int, list[str], list[Any]]],
) -> Seal:
    journey = version.journey
    named = _closure(_segments(design), segments)
    parts = {
        "design": blueprints.checksum(design),
        "segments": [[key, segments.get(key)] for key in sorted(named)],
        "templates": [[key, templates.get(key)] for key in sorted(_templates(design))],
        "caps": [facts for brand_id, keys, facts in caps if brand_id == journey.brand_id and journey.key in keys],
        "owner": [journey.brand_id, journey.key],
    }
    return Seal({name: digest(value) for name, value in parts.items()})


def _segments(design: Blueprint) -> set[str]:
    """The segments that the trigger and the steps name. Settings that make no sense name none: they are a problem."""
    found: set[str] = set()
    for kind, config in [(triggers.get(design.trigger), design.trigger_config), *_kinds(design)]:
        cleaned, errors = blueprints.cleaned(kind, config) if kind else ({}, {})
        if kind and not errors:
            found |= (kind.needs(cleaned) or NOTHING).segments
            found |= {kind.segment_key(cleaned)} - {""} if isinstance(kind, Trigger) else set()
    return found


def _kinds(design: Blueprint) -> list[tuple[Any, Any]]:
    return [(steps.get(plan.kind), plan.config) for plan in design.steps]


def _closure(keys: set[str], segments: Mapping[str, Any]) -> set[str]:
    """These segments, and those that they name, and so on. A condition that makes no sense names none."""
    found: set[str] = set()
    waiting = list(keys)
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            tree = segments.get(key)
            waiting.extend(logic.needs(tree).segments if tree and not logic.check(tree) else ())
    return found
