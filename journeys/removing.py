"""Somebody takes people out of a journey by hand, and says why."""

from collections.abc import Collection
from datetime import datetime

from config.history import given
from journeys import engine

PERMISSION = "journeys.change_enrolment"
BY_HAND = "taken out by hand"


def take_out(enrolment_ids: Collection[int], reason: str, now: datetime) -> int:
    """These people leave at once, and their enrolment keeps why. How many left; who is out already stays as they are.

    The caller asks for the permission. Raises ValidationError without a reason.
    """
    return engine.leave(enrolment_ids, f"{BY_HAND}: {given(reason, 'take them out')}", now)
