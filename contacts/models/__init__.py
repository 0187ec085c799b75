"""Nouns of floor 1: who people are, what happened to them, what they allowed."""

from contacts.models.consent import Consent, ConsentState, Suppression, Topic
from contacts.models.merges import FormerId, Merge
from contacts.models.people import Address, AnonymousId, Brand, Contact
from contacts.models.segments import Membership, Recheck, Segment
from contacts.models.timeline import Event, EventBatch, RejectedEvent, Source

__all__ = [
    "Address",
    "AnonymousId",
    "Brand",
    "Consent",
    "ConsentState",
    "Contact",
    "Event",
    "EventBatch",
    "FormerId",
    "Membership",
    "Merge",
    "Recheck",
    "RejectedEvent",
    "Segment",
    "Source",
    "Suppression",
    "Topic",
]
