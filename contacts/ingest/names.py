"""Names of events: one spelling for all senders, and which names are ours alone."""

import functools

from contacts.storable import text

LONGEST = 200
OURS = ("message.", "journey.", "segment.", "consent.")
GRANTED = "consent.granted"
WITHDRAWN = "consent.withdrawn"


@functools.lru_cache(maxsize=4096)
def normalised(name: str) -> str:
    """Lower case, with a dot for white space: Segment's `Order Completed` is our `order.completed`."""
    return ".".join(text(name).casefold().split())


@functools.lru_cache(maxsize=4096)
def reserved(name: str) -> bool:
    """Whether only Waymark itself may record this event: else a sender could forge a delivery, or wake a journey."""
    return name.startswith(OURS) and name not in (GRANTED, WITHDRAWN)
