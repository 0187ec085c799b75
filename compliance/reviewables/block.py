"""Versions of content blocks."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db.models import Q

from channels import checks, outbox, sealing
from channels.findings import Finding
from channels.models import BlockVersion, TemplateVersion
from channels.sealing import Seal
from compliance.reviews.base import About, Reviewable, moved, reviewables

State = BlockVersion.State


@reviewables.register
class BlockReview(Reviewable):
    """A version of a content block. Once it is approved, every template that holds the block is reviewed again with it."""

    key = "block"
    title = "content block"
    model = BlockVersion
    submit = "channels.submit_blockversion"

    def about(self, subject: BlockVersion) -> About:
        return About(
            title=str(subject),
            brand_id=subject.block.brand_id,
            author_id=subject.author_id,
            markets=frozenset(part for part in subject.locale.upper().replace("_", "-").split("-") if part),
            words="\n".join([subject.source, *(str(one.get("source", "")) for one in subject.variants)]),
        )

    def seals(self, ids: Iterable[int]) -> Mapping[int, Seal]:
        return sealing.block_seals(ids)

    def problems(self, subject: BlockVersion) -> list[Finding]:
        return checks.block_problems(subject)

    def is_draft(self, subject: BlockVersion) -> bool:
        return subject.state == State.DRAFT

    def messages(self, pk: int) -> Q:
        return Q(version__block_uses__block_version=pk)

    def newer(self, subject: BlockVersion) -> BlockVersion | None:
        later = BlockVersion.objects.filter(block=subject.block_id, locale=subject.locale, number__gt=subject.number)
        states = (State.SUBMITTED, State.IN_REVIEW, State.APPROVED)
        return later.filter(state__in=states).order_by("-number").first()

    def submitted(self, subject: BlockVersion, now: datetime, *, again: bool) -> None:
        moved(subject, State.SUBMITTED, submitted_at=now)

    def in_review(self, subject: BlockVersion) -> None:
        moved(subject, State.IN_REVIEW)

    def approved(self, subject: BlockVersion, now: datetime) -> list[BlockVersion]:
        same = BlockVersion.objects.filter(block=subject.block_id, locale=subject.locale, state=State.APPROVED)
        replaced = list(same.exclude(pk=subject.pk))
        # Not `save`: the seals of templates are looked at once, when the new one is in its place.
        same.exclude(pk=subject.pk).update(state=State.RETIRED)
        moved(subject, State.APPROVED)
        return replaced

    def refused(self, subject: BlockVersion, *, changes: bool) -> None:
        moved(subject, State.CHANGES if changes else State.REJECTED)

    def retired(self, subject: BlockVersion, now: datetime) -> None:
        holding = TemplateVersion.objects.filter(block_uses__block_version=subject).values("pk")
        outbox.recall(Q(version__in=holding), now)
        moved(subject, State.RETIRED)

    def withdrawn(self, subject: BlockVersion) -> None:
        moved(subject, State.RETIRED)
