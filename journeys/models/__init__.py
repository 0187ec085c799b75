"""Nouns of floor 4: what should happen next, and who is where."""

from journeys.models.definitions import Journey, Step, Version
from journeys.models.runs import Enrolment, Visit

__all__ = ["Enrolment", "Journey", "Step", "Version", "Visit"]
