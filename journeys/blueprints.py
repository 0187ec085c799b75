"""A design as a plain value: what a version says, without ids. Files, copies, checksums and diagrams are made of it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from config import bulk
from journeys.base import Step as StepKind
from journeys.base import Trigger
from journeys.models import Step, Version

EMPTY: tuple[Any, ...] = (None, "", [], {}, ())


@dataclass(frozen=True)
class StepPlan:
    """A step, as an editor writes it."""

    key: str
    kind: str
    title: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)
    exits: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Blueprint:
    """A version, as an editor writes it."""

    trigger: str = ""
    trigger_config: Mapping[str, Any] = field(default_factory=dict)
    reentry: str = str(Version.Reentry.ALWAYS)
    reentry_after: str = ""
    instance_key: str = ""
    exit_when: Sequence[Mapping[str, Any]] = ()
    goal: Mapping[str, Any] = field(default_factory=dict)
    steps: tuple[StepPlan, ...] = ()


FIELDS = ("trigger", "trigger_config", "reentry", "reentry_after", "instance_key", "exit_when", "goal")


def of(version: Version) -> Blueprint:
    """What this version says now."""
    rows = sorted(version.steps.all(), key=lambda row: (row.position, row.pk))
    steps = tuple(StepPlan(row.key, row.kind, row.title, row.config, row.exits) for row in rows)
    return Blueprint(**{name: getattr(version, name) for name in FIELDS}, steps=steps)


def write(blueprint: Blueprint, version: Version) -> None:
    """Make this draft say what the blueprint says. The database refuses it for a published version."""
    for name in FIELDS:
        setattr(version, name, getattr(blueprint, name))
    version.exit_when = list(blueprint.exit_when)
    Step.objects.filter(version=version).delete()
    Step.objects.bulk_create(
        Step(version=version, position=position, **asdict(step)) for position, step in enumerate(blueprint.steps)
    )
    version.save()  # after its steps, which its history keeps with it


def checksum(blueprint: Blueprint) -> str:
    """SHA-256 (hex) of the canonical JSON of the design: equal designs have equal checksums, on any machine."""
    return hashlib.sha256(bulk.dumps(_sorted(asdict(blueprint))).encode()).hexdigest()


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list | tuple) else value


def cleaned(kind: StepKind | Trigger, config: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """The settings as the kind's form understands them, without empty ones; and the errors by field ("" for the whole)."""
    unknown = sorted(set(config) - set(kind.Config.base_fields))
    errors = {name: [_unknown(name, kind)] for name in unknown}
    form = kind.Config({name: value for name, value in config.items() if name not in unknown})
    if not form.is_valid():
        for name, texts in form.errors.items():
            errors[name if name != "__all__" else ""] = [str(text) for text in texts]
        return {}, errors
    return {name: value for name, value in form.cleaned_data.items() if value not in EMPTY}, errors


def _unknown(name: str, kind: StepKind | Trigger) -> str:
    return f"{kind.key} has no setting {name!r}; it has: {', '.join(kind.Config.base_fields) or 'none'}."
