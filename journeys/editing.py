"""Changing a draft, one step or rule at a time: a blueprint goes in, another comes out. `change` writes it.

Whatever is moved, renamed or deleted, no exit is left pointing at nothing.
"""

from collections.abc import Callable
from dataclasses import replace

from django.core.exceptions import ValidationError
from django.db import transaction

from compliance import reviews
from config.history import because
from journeys import blueprints
from journeys.blueprints import Blueprint, StepPlan
from journeys.models import Version

CONFLICT = "Somebody else has changed this draft meanwhile. Look at it again; what you wrote is still in the form."


def change(
    version: Version,
    edit: Callable[[Blueprint], Blueprint],
    seen: str = "",
    editor_id: int | None = None,
    reason: str = "",
) -> Blueprint:
    """Make the draft say what `edit` makes of it. Raises ValidationError for a version that is published or under review.

    `seen` is the checksum of what the editor saw; ValidationError if the draft says something else by now. The history keeps
    the `reason`.
    """
    with transaction.atomic():
        draft = Version.objects.select_for_update(of=("self",), no_key=True).get(pk=version.pk)
        if draft.state != Version.State.DRAFT:
            raise ValidationError(f"{draft} is published and never changes; make a new draft.")
        if review := reviews.live(draft):
            raise ValidationError(
                f"{draft} is {review.get_state_display()}; take it back from its review to change it."
            )
        before = blueprints.of(draft)
        if seen and seen != blueprints.checksum(before):
            raise ValidationError(CONFLICT)
        after = edit(before)
        if after != before:
            draft.editors = sorted({*(draft.editors or ()), *([editor_id] if editor_id else [])})
            blueprints.write(after, because(draft, reason))
    return after


def add(design: Blueprint, plan: StepPlan, after: str = "") -> Blueprint:
    """Put a new step below the step `after` (empty: at the end). Who went to the step below goes through the new one."""
    _require_free(design, plan.key)
    steps = list(design.steps)
    number = _index(design, after) + 1 if after else len(steps)
    steps.insert(number, plan)
    return replace(design, steps=tuple(steps))


def put(design: Blueprint, key: str, plan: StepPlan) -> Blueprint:
    """Replace the step `key`. When it is renamed, exits that led to it still do."""
    if plan.key != key:
        _require_free(design, plan.key)
    number = _index(design, key)
    steps = [_led(step, key, plan.key) for step in design.steps]
    steps[number] = _led(plan, key, plan.key)
    return replace(design, steps=tuple(steps))


def remove(design: Blueprint, key: str) -> Blueprint:
    """Take the step out. Exits that led to it lead to the step below their own, as if they had never been set."""
    _index(design, key)
    rest = [step for step in design.steps if step.key != key]
    return replace(
        design,
        steps=tuple(replace(s, exits={name: to for name, to in s.exits.items() if to != key}) for s in rest),
    )


def move(design: Blueprint, key: str, by: int) -> Blueprint:
    """Move the step up (negative) or down, as far as there is room."""
    steps = list(design.steps)
    number = _index(design, key)
    steps.insert(min(max(number + by, 0), len(steps) - 1), steps.pop(number))
    return replace(design, steps=tuple(steps))


def _led(step: StepPlan, old: str, new: str) -> StepPlan:
    return replace(step, exits={name: new if to == old else to for name, to in step.exits.items()})


def _index(design: Blueprint, key: str) -> int:
    for number, step in enumerate(design.steps):
        if step.key == key:
            return number
    raise ValidationError(f"There is no step {key!r} in this draft.")


def _require_free(design: Blueprint, key: str) -> None:
    if any(step.key == key for step in design.steps):
        raise ValidationError({"key": f"Another step is called {key!r}; each needs its own key."})
