"""Who is in which segment: kept, not computed on demand. Entries and exits are facts on the timeline.

A segment is looked through in windows of contacts, each one short transaction, so that millions neither block others nor
need memory; and, between its rounds, for just those people of whom something changed (contacts.rechecks).
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import F, Min, Q, QuerySet

from config import bulk, durations
from contacts import logic, timeline
from contacts.models import Contact, Membership, Recheck, Segment
from contacts.rechecks import ENTERED, LEFT

log = logging.getLogger("waymark.segments")
WINDOW = 10_000
RECHECKS = 5_000


class Changes(NamedTuple):
    """How many people entered and left."""

    entered: int = 0
    left: int = 0


def refresh(segment: Segment, now: datetime) -> Changes:
    """Look through all contacts, from the first one. Raises ValueError for a condition that is none."""
    Segment.objects.filter(pk=segment.pk).update(refreshed_to=0)
    total = Changes()
    while True:
        with transaction.atomic():
            locked = _locked(Segment.objects.filter(pk=segment.pk)).get()
            changes = _window(locked, now)
        total = Changes(total.entered + changes.entered, total.left + changes.left)
        if not locked.refreshed_to:
            segment.refresh_from_db()
            return total


def refresh_for(contact_ids: Sequence[int], now: datetime) -> Changes:
    """Look at these contacts again, for every segment."""
    total = Changes()
    with transaction.atomic():
        for segment in _locked(Segment.objects.order_by("pk")):
            changes = _settle_kindly(segment, contact_ids, now)
            total = Changes(total.entered + changes.entered, total.left + changes.left)
    return total


def members(segment: Segment) -> QuerySet[Contact]:
    """The contacts that are in it, as of the last refresh."""
    return Contact.objects.filter(memberships__segment=segment, memberships__left_at=None)


def next_due(now: datetime) -> datetime | None:
    """When the next segment, or the next person of whom something changed, must be looked at."""
    if Recheck.objects.exists() or Segment.objects.filter(refresh_due_at=None).exists():
        return now
    due: datetime | None = Segment.objects.aggregate(due=Min("refresh_due_at"))["due"]
    return due


def work(now: datetime) -> int:
    """One batch of what is due: people of whom something changed, else one window of one segment. How many were looked at."""
    return _recheck(now) or _refresh_one(now)


def _recheck(now: datetime) -> int:
    with transaction.atomic():
        notes = (
            Recheck.objects.filter(created_at__lte=now).order_by("pk").select_for_update(skip_locked=True, of=("self",))
        )
        rows = list(notes.values_list("pk", "segment_id", "contact_id")[:RECHECKS])
        people: dict[int, set[int]] = {}
        for _, segment_id, contact_id in rows:
            people.setdefault(segment_id, set()).add(contact_id)
        for segment in _locked(Segment.objects.filter(pk__in=people).order_by("pk")) if rows else ():
            _settle_kindly(segment, list(people[segment.pk]), now)
        Recheck.objects.filter(pk__among=[pk for pk, _, _ in rows]).delete()
    return len(rows)


def _refresh_one(now: datetime) -> int:
    """The next window of the segment that is due the longest. A broken one is set aside with its error."""
    due = Segment.objects.filter(Q(refresh_due_at=None) | Q(refresh_due_at__lte=now))
    with transaction.atomic():
        segment = _locked(due.order_by(F("refresh_due_at").asc(nulls_first=True), "pk"), skip_locked=True).first()
        if segment is None:
            return 0
        try:
            with transaction.atomic():
                _window(segment, now)
        except Exception as error:
            log.exception("Segment %s could not be refreshed", segment.key)
            _set_aside(segment, error, now)
    return WINDOW


def _locked(segments: QuerySet[Segment], skip_locked: bool = False) -> QuerySet[Segment]:
    """One refresh of a segment at a time: a second one would decide by what the first is about to change."""
    return segments.select_for_update(of=("self",), no_key=True, skip_locked=skip_locked)


def _window(segment: Segment, now: datetime) -> Changes:
    """The next window of contacts after `refreshed_to`; behind the last one the segment is done until it is due again."""
    if problems := logic.check(segment.condition):
        raise ValueError(" ".join(problems))
    after = Q(pk__gt=segment.refreshed_to)
    last = Contact.objects.filter(after).order_by("pk").values_list("pk", flat=True)[WINDOW - 1 : WINDOW].first()
    until = Q() if last is None else Q(pk__lte=last)
    inside = Membership.objects.filter(contact_id__gt=segment.refreshed_to)
    inside = inside if last is None else inside.filter(contact_id__lte=last)
    changes = _settle(segment, Contact.objects.filter(after & until), inside, now)
    segment.refreshed_to = last or 0
    if last is None:
        segment.refreshed_at, segment.error = now, ""
        segment.refresh_due_at = now + durations.parse(segment.refresh_every)
        segment.size = segment.memberships.filter(left_at=None).count()
    Segment.objects.filter(pk=segment.pk).update(
        refreshed_to=segment.refreshed_to,
        refreshed_at=segment.refreshed_at,
        refresh_due_at=segment.refresh_due_at,
        error=segment.error,
        size=segment.size,
    )
    return changes


def _settle_kindly(segment: Segment, contact_ids: Sequence[int], now: datetime) -> Changes:
    """Settle some people; a broken condition stops only itself."""
    if logic.check(segment.condition):
        return Changes()
    people = Contact.objects.filter(pk__among=list(contact_ids))
    inside = Membership.objects.filter(contact_id__among=list(contact_ids))
    try:
        with transaction.atomic():
            changes = _settle(segment, people, inside, now)
            Segment.objects.filter(pk=segment.pk).update(size=segment.size)
            return changes
    except Exception as error:
        log.exception("Segment %s could not be looked at", segment.key)
        _set_aside(segment, error, now)
        return Changes()


def _settle(segment: Segment, people: QuerySet[Contact], inside: QuerySet[Membership], now: datetime) -> Changes:
    """Compare who fits with who is inside, write the difference and its facts. The segment's row is locked."""
    fits = people.filter(logic.as_q(segment.condition, now), merged_into=None)
    fitting = set(fits.order_by().values_list("pk", flat=True))
    members = dict(inside.filter(segment=segment, left_at=None).values_list("contact_id", "pk"))
    entering = sorted(fitting - members.keys())
    leaving = {pk: members[pk] for pk in sorted(members.keys() - fitting)}
    rows = [{"segment_id": segment.pk, "contact_id": pk, "entered_at": now, "left_at": None} for pk in entering]
    stays = bulk.insert(Membership, rows, ignore_conflicts=True, returning=("contact_id", "id"))
    Membership.objects.filter(pk__among=list(leaving.values())).update(left_at=now)
    timeline.record([*_facts(ENTERED, segment, sorted(stays), now), *_facts(LEFT, segment, leaving.items(), now)], now)
    segment.size = max(0, segment.size + len(stays) - len(leaving))
    return Changes(len(stays), len(leaving))


def _facts(name: str, segment: Segment, stays: Iterable[tuple[int, ...]], now: datetime) -> list[timeline.NewEvent]:
    return [
        timeline.NewEvent(contact_id, name, now, f"{name}:{pk}", {"segment": segment.key}, segment.brand_id)
        for contact_id, pk in stays
    ]


def _set_aside(segment: Segment, error: Exception, now: datetime) -> None:
    """Try again when it would be due anyway; the error is shown in the admin."""
    Segment.objects.filter(pk=segment.pk).update(
        error=f"{type(error).__name__}: {error}"[:500], refresh_due_at=now + durations.parse("1h"), refreshed_to=0
    )
