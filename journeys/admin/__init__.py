"""The admin of this floor: journeys with their picture and figures, drafts step by step, and who is where."""

from journeys.admin import changes, enrolments, journeys, versions  # noqa: F401
