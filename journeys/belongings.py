"""What this floor keeps about a contact, for when two contacts are one: the journeys that they are or were in."""

from contacts import merging
from contacts.merging import Belonging, Move, Record, belongings
from journeys import engine
from journeys.models import Enrolment
from journeys.runs import live_of

ENDED = "merged"
"""Why somebody leaves a journey in which the kept contact is already, for the same instance."""


def move_enrolments(here: Move) -> Record:
    """Every way through a journey goes on for the kept contact, but nobody is in one twice: then the other's ends."""
    runs = live_of([here.kept, here.other])
    mine = {(run.journey_id, run.instance_key) for run in runs if run.contact_id == here.kept}
    theirs = [run for run in runs if run.contact_id == here.other]
    engine.leave([run.id for run in theirs if (run.journey_id, run.instance_key) in mine], ENDED, here.now)
    found = Enrolment.objects.filter(contact_id=here.other)
    return {"ids": belongings.hand_over(Enrolment, found, "contact_id", here.kept)}


def give_enrolments_back(here: Move, record: Record) -> None:
    """Return them where they are now. A journey that ended by the merge stays ended: what it would have said is past."""
    found = Enrolment.objects.filter(contact_id=here.kept, pk__among=record["ids"])
    belongings.hand_over(Enrolment, found, "contact_id", here.other)


merging.register(Belonging("enrolments", move_enrolments, give_enrolments_back, order=30))
