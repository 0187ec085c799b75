"""Versions of message templates."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db.models import Q

from channels import checks, compiling, drafts, outbox, sealing
from channels.base import channels
from channels.findings import Finding, labels_of
from channels.models import TemplateVersion
from channels.sealing import Seal
from compliance import findings
from compliance.reviews.base import About, Reviewable, moved, reviewables

State = TemplateVersion.State


@reviewables.register
class TemplateReview(Reviewable):
    """A version of a template: its words, its class, and everything that is sent with it."""

    key = "template"
    title = "message template"
    model = TemplateVersion
    submit = "channels.submit_templateversion"
    urgent = True

    def about(self, subject: TemplateVersion) -> About:
        template = subject.template
        return About(
            title=str(subject),
            brand_id=template.brand_id,
            author_id=subject.author_id,
            channels=frozenset({template.channel}),
            message_classes=frozenset({subject.message_class}),
            markets=frozenset(part for part in subject.locale.upper().replace("_", "-").split("-") if part),
            words=_words(subject),
        )

    def seals(self, ids: Iterable[int]) -> Mapping[int, Seal]:
        return sealing.of(ids)

    def problems(self, subject: TemplateVersion) -> list[Finding]:
        found = [*checks.problems(subject), *findings.of(subject)]
        return sorted(found, key=lambda finding: finding.severity)

    def labels(self, subject: TemplateVersion) -> Mapping[str, str]:
        known = channels.get(subject.template.channel)
        return labels_of(known.Content) if known else {}

    def is_draft(self, subject: TemplateVersion) -> bool:
        return subject.state == State.DRAFT

    def messages(self, pk: int) -> Q:
        return Q(version=pk)

    def newer(self, subject: TemplateVersion) -> TemplateVersion | None:
        later = TemplateVersion.objects.filter(
            template=subject.template_id, locale=subject.locale, number__gt=subject.number
        )
        states = (State.SUBMITTED, State.IN_REVIEW, State.APPROVED)
        return later.filter(state__in=states).order_by("-number").first()

    def submitted(self, subject: TemplateVersion, now: datetime, *, again: bool) -> None:
        if again:
            outbox.recall(Q(version=subject), now)
            moved(subject, State.SUBMITTED, submitted_at=now)
            return
        drafts.compile_version(subject)
        moved(subject, State.SUBMITTED, submitted_at=now, compiled=subject.compiled)

    def renewed(self, subject: TemplateVersion, now: datetime) -> TemplateVersion:
        """Blocks are in the words since they were submitted: with others, a new version takes this one's way."""
        if not subject.block_uses.exists() or dict(compiling.compile(subject).fields) == subject.compiled:
            return subject
        self.retired(subject, now)
        return drafts.draft_of(subject, subject.author_id)

    def in_review(self, subject: TemplateVersion) -> None:
        moved(subject, State.IN_REVIEW)

    def approved(self, subject: TemplateVersion, now: datetime) -> list[TemplateVersion]:
        same = TemplateVersion.objects.filter(
            template=subject.template_id, locale=subject.locale, state=State.APPROVED
        ).exclude(pk=subject.pk)
        replaced = list(same)
        for other in replaced:
            moved(other, State.RETIRED)
        moved(subject, State.APPROVED)
        return replaced

    def refused(self, subject: TemplateVersion, *, changes: bool) -> None:
        moved(subject, State.CHANGES if changes else State.REJECTED)

    def retired(self, subject: TemplateVersion, now: datetime) -> None:
        moved(subject, State.RETIRED)
        outbox.recall(Q(version=subject), now)

    def withdrawn(self, subject: TemplateVersion) -> None:
        moved(subject, State.RETIRED)


def _words(subject: TemplateVersion) -> str:
    """All that it may say: as it was written, with its blocks as they are sent, and what stands in for missing values."""
    fallbacks = [one.get("fallback") for one in subject.variables if isinstance(one, dict)]
    said = [*subject.content.values(), *subject.compiled.values(), *fallbacks]
    return "\n".join(str(source) for source in said if source)
