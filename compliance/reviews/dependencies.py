"""A change of what approved things depend on opens their reviews again, in the same transaction.

Only for changes that go through `save()`: whatever goes round it (a script, SQL) is refused by the gate all the same, and
shown to legal reviewers as a broken seal.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.db.models.signals import post_delete, post_save

from channels.sealing import Seal
from compliance.models import Review
from compliance.reviews.base import reviewables
from compliance.reviews.opening import reopen
from config import clock

WATCHED = ("contacts.Brand", "channels.Account", "channels.MessageTemplate", "channels.BlockVersion")
"""Models by name whose rows are part of seals; floors above add theirs with `watch`."""


def connect() -> None:
    """Called once, when all apps are ready."""
    for label in WATCHED:
        watch(label)


def watch(label: str) -> None:
    """Look at live seals again whenever a row of this model is saved or deleted."""
    post_save.connect(_changed, sender=label, dispatch_uid=f"seals {label}")
    post_delete.connect(_changed, sender=label, dispatch_uid=f"seals {label}")


def _changed(instance: Any, created: bool = False, raw: bool = False, **_: Any) -> None:
    if not raw and (brand_id := _brand_of(instance)):
        recheck(Review.objects.filter(brand_id=brand_id), clock.now())


def _brand_of(instance: Any) -> int | None:
    if instance._meta.label == "contacts.Brand":
        return int(instance.pk)
    if instance._meta.label == "channels.BlockVersion":
        return int(instance.block.brand_id)
    return getattr(instance, "brand_id", None)


def parts_broken(review: Review) -> list[str]:
    """What is not as it was submitted, in words; empty while the seal holds."""
    for _, seal in broken(Review.objects.filter(pk=review.pk)):
        return seal.broken(review.parts) if seal else ["it is gone"]
    return []


def recheck(among: QuerySet[Review], now: datetime) -> int:
    """Open those of these live reviews again whose seal no longer holds; how many."""
    count = 0
    for review, seal in in_use(broken(among)):
        what = ", ".join(seal.broken(review.parts)) if seal else "it is gone"
        subject = reviewables[review.kind].model._default_manager.filter(pk=review.object_id).first()
        if subject is not None and reopen(subject, f"Changed: {what}.", now):
            count += 1
    return count


def in_use(found: Iterable[tuple[Review, Seal | None]]) -> Iterable[tuple[Review, Seal | None]]:
    """Of what `broken` found, what somebody must be asked about: not what is out of use for good."""
    rows = list(found)
    for kind in reviewables:
        mine = [(review, seal) for review, seal in rows if review.kind == kind.key]
        idle = kind.idle([review.object_id for review, _ in mine]) if mine else set()
        yield from ((review, seal) for review, seal in mine if review.object_id not in idle)


def broken(among: QuerySet[Review]) -> Iterable[tuple[Review, Seal | None]]:
    """Live reviews whose subject is not what was submitted, each with the seal as it is now. Constant queries a kind."""
    live = list(among.filter(state__in=Review.LIVE).order_by("id"))
    for kind in reviewables:
        mine = [review for review in live if review.kind == kind.key]
        seals = kind.seals([review.object_id for review in mine]) if mine else {}
        for review in mine:
            found = seals.get(review.object_id)
            seal = found.against(review.parts) if found else None
            if seal is None or seal.fingerprint != review.fingerprint:
                yield review, seal
