"""The history of a version: its columns and, since only both are the design, its steps."""

from dataclasses import asdict
from typing import Any

from simple_history.signals import pre_create_historical_record

from config.adminsite.history import Difference
from journeys import blueprints, reading
from journeys.blueprints import Blueprint, StepPlan
from journeys.models import Step, Version


def connect() -> None:
    """Called once, when all apps are ready."""
    pre_create_historical_record.connect(_keep_steps, sender=Version.history.model, dispatch_uid="steps of versions")


def design(record: Any) -> Blueprint:
    """The design, as this record of the history keeps it."""
    steps = tuple(StepPlan(**step) for step in record.steps)
    return Blueprint(**{name: getattr(record, name) for name in blueprints.FIELDS}, steps=steps)


def step_differences(then: Blueprint, now: Blueprint) -> list[Difference]:
    """Step by step, in the order in which they stood or stand; and the order itself, where only that differs."""
    before, after = ({step.key: step for step in one.steps} for one in (then, now))
    keys = list(dict.fromkeys([*before, *after]))
    found = [
        Difference(f"Step {key}", _said(before.get(key)), _said(after.get(key)))
        for key in keys
        if before.get(key) != after.get(key)
    ]
    if not found and list(before) != list(after):
        found.append(Difference("Order of the steps", "\n".join(before), "\n".join(after)))
    return found


def _said(step: StepPlan | None) -> str:
    if step is None:
        return ""
    told = {name: value for name, value in asdict(step).items() if value and name != "key"}
    return reading.write(told, flow=False)


def _keep_steps(instance: Version, history_instance: Any, **_: Any) -> None:
    rows = Step.objects.filter(version_id=instance.pk).order_by("position", "pk")
    history_instance.steps = [asdict(StepPlan(row.key, row.kind, row.title, row.config, row.exits)) for row in rows]
