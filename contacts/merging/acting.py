"""Two contacts become one, and two again: in one transaction, with both held in the order of ids."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from contacts import owners, signals, timeline
from contacts.merging import belongings, places, profiles, words
from contacts.merging.belongings import Move, Record
from contacts.models import Contact, Merge

ADDRESSES, PROFILE, WORDS = "addresses", "profile", "words"
"""What this floor moves by rules of its own; everything else is a registered belonging."""


def merge(kept_id: int, other_id: int, now: datetime, *, source: str, by: int | None = None) -> Merge:
    """`other` is the same person as `kept`, who has everything from now on; `source` is how we know, `by` a user's id.

    What the two said about consent: contacts.merging.words. Raises ValidationError for the same contact twice, one that is
    gone, and one that was merged before.
    """
    if kept_id == other_id:
        raise ValidationError("Choose another contact: nobody can be merged with themselves.")
    with transaction.atomic():
        kept, other = _held(kept_id, other_id)
        for contact in (kept, other):
            if contact.merged_into_id:
                raise ValidationError(f"Contact {contact.pk} was merged into contact {contact.merged_into_id} already.")
        # First what depends on both as they are, then what becomes of it: the last word recalls what it forbids.
        moved = {PROFILE: profiles.fill(kept, other, Move(kept.pk, other.pk, now)), **_carry(kept.pk, other.pk, now)}
        moved[WORDS] = {"lines": words.merge(kept.pk, other.pk, now)}
        made = Merge.objects.create(kept=kept, other=other, source=source, merged_at=now, merged_by_id=by, moved=moved)
        _tell("contact.merged", made, [kept.pk], now)
        signals.contacts_merged.send(sender=Merge, merge=made, now=now)
    return made


def unmerge(made: Merge, now: datetime, *, by: int | None = None) -> None:
    """They were two after all: each has again what it had, as far as it is still there. What came since stays with the kept one.

    What either refused both have refused; what only the other allowed, the kept one allows no more. Raises ValidationError
    if it was undone before, and while the kept one is itself merged into a third.
    """
    with transaction.atomic():
        kept, other = _held(made.kept_id, made.other_id)
        found = Merge.objects.select_for_update(of=("self",)).get(pk=made.pk)
        if found.undone_at:
            raise ValidationError("This merge was undone already.")
        if kept.merged_into_id:
            raise ValidationError(f"Undo first that contact {kept.pk} was merged into contact {kept.merged_into_id}.")
        here = Move(kept.pk, other.pk, now)
        profiles.empty(kept, other, found.moved[PROFILE], here)
        places.give_back(here, found.moved[ADDRESSES])
        for belonging in reversed(belongings.registered()):
            if record := found.moved.get(belonging.name):
                belonging.give_back(here, record)
        words.part(kept.pk, other.pk, found.moved[WORDS]["lines"], now)
        Merge.objects.filter(pk=found.pk).update(undone_at=now, undone_by_id=by)
        made.refresh_from_db()
        _tell("contact.unmerged", made, [kept.pk, other.pk], now)
        signals.contacts_unmerged.send(sender=Merge, merge=made, now=now)


def settle(made: Merge, now: datetime) -> None:
    """Bring over what was still being written for the other while the two were merged."""
    with transaction.atomic():
        _held(made.kept_id, made.other_id)
        found = Merge.objects.select_for_update(of=("self",)).get(pk=made.pk)
        if found.undone_at or found.settled_at:
            return
        late = _carry(found.kept_id, found.other_id, now)
        moved = {name: _added(record, late.get(name, {})) for name, record in found.moved.items()}
        Merge.objects.filter(pk=found.pk).update(settled_at=now, moved=moved)


def _held(kept_id: int, other_id: int) -> tuple[Contact, Contact]:
    owners.lock([kept_id, other_id])
    found = Contact.objects.in_bulk([kept_id, other_id])
    missing = {kept_id, other_id} - found.keys()
    if missing:
        raise ValidationError(f"There is no contact {min(missing)} (any more).")
    return found[kept_id], found[other_id]


def _carry(kept: int, other: int, now: datetime) -> dict[str, Record]:
    """Move everything that hangs on the other; what it was. Addresses are last: messages name them."""
    here = Move(kept, other, now, places.shared(kept, other))
    moved = {belonging.name: belonging.move(here) for belonging in belongings.registered()}
    moved[ADDRESSES] = places.move(here)
    return moved


def _added(record: Record, late: Record) -> Record:
    return {name: [*values, *late.get(name, ())] for name, values in record.items()}


def _tell(name: str, made: Merge, people: list[int], now: datetime) -> None:
    properties: dict[str, Any] = {"kept": made.kept_id, "other": made.other_id, "source": made.source}
    facts = [timeline.NewEvent(pk, name, now, f"{name}:{made.pk}:{pk}", properties) for pk in people]
    timeline.record(facts, now)
