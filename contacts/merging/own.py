"""What this floor keeps about a contact besides profile, addresses and consents."""

from contacts.merging import belongings
from contacts.merging.belongings import Belonging, Move, Record, hand_over
from contacts.models import AnonymousId, Contact, Event, FormerId, Membership, Recheck


def move_stays(here: Move) -> Record:
    """The segments that the other is in: who is in one already enters it no second time. They are looked at again anyway."""
    Recheck.objects.filter(contact_id=here.other).delete()
    theirs, live = Membership.objects.filter(contact_id=here.other), Membership.objects.filter(left_at=None)
    mine = live.filter(contact_id=here.kept).values("segment_id")
    twice = list(live.filter(contact_id=here.other, segment_id__in=mine).values_list("pk", flat=True))
    Membership.objects.filter(pk__among=twice).update(left_at=here.now)
    return {"ids": hand_over(Membership, theirs, "contact_id", here.kept), "closed": twice}


def give_stays_back(here: Move, record: Record) -> None:
    """Return them, those that were closed as they were."""
    theirs = Membership.objects.filter(contact_id=here.kept, pk__among=record["ids"])
    hand_over(Membership, theirs, "contact_id", here.other)
    Membership.objects.filter(pk__among=record["closed"], contact_id=here.other).update(left_at=None)


belongings.register(Belonging("segments", move_stays, give_stays_back, order=10))
belongings.register(belongings.rows("anonymous_ids", AnonymousId, order=10))
belongings.register(belongings.rows("former_ids", FormerId, order=10))
# Who was merged into the other is known under the kept one from now on: nobody has to follow two steps.
belongings.register(belongings.rows("merged", Contact, "merged_into_id", order=10))
belongings.register(belongings.rows_of_a_ledger("events", Event, order=20))
