"""Forms of a draft: one step, or the entry with the rules of the whole journey. Each kind's own form judges its settings."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django import forms
from unfold import widgets

from channels.admin.kind_forms import KindField
from channels.models import MessageTemplate
from config.history import LONGEST
from contacts.models import Brand, Segment
from journeys import blueprints
from journeys.base import Step, Trigger
from journeys.blueprints import Blueprint, StepPlan
from journeys.designs import END
from journeys.fields import NAME, ComparisonsField, SegmentKeyField, TemplateKeyField
from journeys.inspection import flaws
from journeys.models import Version

Text = widgets.UnfoldAdminTextInputWidget
CONFIG, EXIT = "config_", "exit_"


class DesignForm(forms.Form):
    """A form with the fields of a kind among its own, each called `config_<name>`. `seen` is what the editor looked at."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, kind: Step | Trigger, stored: Mapping[str, Any], brand: Brand, *args: Any, **options: Any
    ) -> None:
        self.kind, self.stored = kind, stored
        shown = {f"{CONFIG}{name}": value for name, value in stored.items()}
        options["initial"] = {**shown, **(options.get("initial") or {})}
        super().__init__(*args, **options)
        for name, inner in kind.Config.base_fields.items():
            self.fields[f"{CONFIG}{name}"] = self._kind_field(name, inner, brand)
        self.fields["change_reason"] = _reason()

    def ordered(self) -> list[forms.BoundField]:
        """All fields, the reason last."""
        return sorted(self, key=lambda field: field.name == "change_reason")

    def settings(self) -> tuple[dict[str, Any], dict[str, list[str]]]:
        """The settings as they stand in the form, and their errors by name."""
        return blueprints.cleaned(self.kind, self._given() if self.is_bound else self.stored)

    def judge(self) -> dict[str, Any]:
        """The settings, with each error put beside the field that it is about."""
        config, errors = self.settings()
        for name, sentences in errors.items():
            field = f"{CONFIG}{name}"
            self.add_error(field if field in self.fields else None, sentences)
        return config

    def _given(self) -> dict[str, Any]:
        names = self.kind.Config.base_fields
        return {
            name: self.fields[f"{CONFIG}{name}"].widget.value_from_datadict(self.data, self.files, f"{CONFIG}{name}")
            for name in names
        }

    def _kind_field(self, name: str, inner: forms.Field, brand: Brand) -> forms.Field:
        field = KindField(inner, name)
        choices = _choices(inner, brand)
        if choices is not None:
            kept = self.stored.get(name)
            if kept and kept not in dict(choices):
                choices.append((kept, f"{kept} (there is none)"))
            field.widget = widgets.UnfoldAdminSelectWidget(choices=[("", "Choose one"), *choices])
        return field


def _reason() -> forms.Field:
    return forms.CharField(
        label="Reason for this change",
        required=False,
        max_length=LONGEST,
        widget=Text(),
        help_text="Optional; shown in the history beside your name.",
    )


def _choices(inner: forms.Field, brand: Brand) -> list[tuple[str, str]] | None:
    """What may be chosen of the brand's own things; None for a field that one types into."""
    if isinstance(inner, TemplateKeyField):
        rows = MessageTemplate.objects.filter(brand=brand).order_by("name").values_list("key", "name", "channel")
        return [(key, f"{name} ({channel})") for key, name, channel in rows]
    if isinstance(inner, SegmentKeyField):
        return list(Segment.objects.filter(brand=brand).order_by("name").values_list("key", "name"))
    return None


class StepForm(DesignForm):
    """One step of a draft; `plan` is the step when it is valid."""

    key = forms.RegexField(
        rf"\A(?:{NAME.pattern})\Z",
        max_length=40,
        widget=Text,
        help_text="Small letters, digits, - and _. Figures and files know the step by it.",
        error_messages={"invalid": "Use small letters, digits, - and _ only, at most 40."},
    )
    title = forms.CharField(
        max_length=120, required=False, widget=Text, help_text="What people read in the picture; the key if left empty."
    )
    plan: StepPlan

    def __init__(
        self, kind: Step, old: StepPlan, others: Sequence[StepPlan], brand: Brand, *args: Any, **options: Any
    ) -> None:
        initial = {"key": old.key, "title": old.title, **(options.pop("initial", None) or {})}
        super().__init__(kind, old.config, brand, *args, initial=initial, **options)
        self.old = old
        places = [("", "the step below"), *((o.key, o.title or o.key) for o in others), (END, "the end of the journey")]
        for name in self._exits():
            label = "Then" if name == "next" else f"When {name}"
            self.fields[f"{EXIT}{name}"] = forms.ChoiceField(
                label=f"{label}, go to",
                required=False,
                choices=places,
                initial=old.exits.get(name, ""),
                widget=widgets.UnfoldAdminSelectWidget,
            )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        config = self.judge()
        exits = {name: data.get(f"{EXIT}{name}") for name in self._exits()}
        self.plan = StepPlan(
            key=data.get("key") or "",
            kind=self.old.kind,
            title=data.get("title") or "",
            config=config,
            exits={name: to for name, to in exits.items() if to},
        )
        return data

    def _exits(self) -> tuple[str, ...]:
        """Those of the settings in the form; while these have errors, those of the stored ones."""
        config, errors = self.settings()
        if errors:
            config, errors = blueprints.cleaned(self.kind, self.stored)
        return () if errors else self.kind.exits(config)  # type: ignore[union-attr]


class EventsField(forms.CharField):
    """Events, one a line, each with comparisons on its properties if it needs some."""

    widget = widgets.UnfoldAdminTextareaWidget({"rows": 3})

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        return "\n".join(
            " ".join([item["event"], *([json.dumps(item["where"])] if item.get("where") else [])]) for item in value
        )

    def clean(self, value: Any) -> Any:
        lines = [line.strip() for line in str(super().clean(value)).splitlines()]
        return [self._event(number, line) for number, line in enumerate(lines, start=1) if line]

    def _event(self, number: int, line: str) -> dict[str, Any]:
        name, _, where = line.partition(" ")
        try:
            found = ComparisonsField(required=False).clean(where.strip() or None)
        except forms.ValidationError as error:
            raise forms.ValidationError([f"Line {number}: {message}" for message in error.messages]) from error
        return {"event": name, **({"where": found} if found else {})}


class EntryForm(DesignForm):
    """The entry of a draft, and the rules that hold on the whole way; `design` is the new blueprint when it is valid."""

    reentry = forms.ChoiceField(
        label="Re-entry",
        choices=Version.Reentry.choices,
        widget=widgets.UnfoldAdminSelectWidget,
        help_text="How often somebody may enter.",
    )
    reentry_after = forms.CharField(
        label="Pause",
        required=False,
        widget=Text,
        help_text="For 'again after a pause', e.g. 90d, counted from the last entry.",
    )
    instance_key = forms.CharField(
        required=False,
        max_length=100,
        widget=Text,
        help_text="Property of the event that lets one person be in it several times at once, e.g. order_id.",
    )
    exit_when = EventsField(
        label="Leave at once on",
        required=False,
        help_text='Events, one a line, e.g. order.completed, or order.completed [{"path": "total", "op": "gt", "value": 100}].',
    )
    goal_event = forms.CharField(
        label="Goal", required=False, widget=Text, help_text="The event that counts as success, e.g. order.completed."
    )
    goal_where = forms.CharField(
        label="With properties",
        required=False,
        widget=widgets.UnfoldAdminTextareaWidget({"rows": 2}),
        help_text='Comparisons on its properties, e.g. [{"path": "total", "op": "gt", "value": 100}].',
    )
    goal_within = forms.CharField(
        label="Within",
        required=False,
        widget=Text,
        help_text="Counted from the entry, e.g. 14d; 30 days if left empty.",
    )
    goal_value = forms.CharField(
        label="Worth",
        required=False,
        widget=Text,
        help_text="Property of the event that holds the worth, e.g. revenue.",
    )
    design: Blueprint

    def __init__(self, kind: Trigger, old: Blueprint, brand: Brand, *args: Any, **options: Any) -> None:
        stored = old.trigger_config if old.trigger == kind.key else {}
        goal = dict(old.goal)
        where = json.dumps(goal["where"]) if goal.get("where") else ""
        initial = {name: getattr(old, name) for name in ("reentry", "reentry_after", "instance_key")}
        initial |= {"exit_when": list(old.exit_when), "goal_event": goal.get("event", ""), "goal_where": where}
        initial |= {"goal_within": goal.get("within", ""), "goal_value": goal.get("value", "")}
        super().__init__(
            kind, stored, brand, *args, initial={**initial, **(options.pop("initial", None) or {})}, **options
        )
        self.old = old
        self.order_fields([name for name in self.fields if name.startswith(CONFIG)])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        self.design = replace(
            self.old,
            trigger=self.kind.key,
            trigger_config=self.judge(),
            reentry=data.get("reentry", ""),
            reentry_after=data.get("reentry_after", "").strip(),
            instance_key=data.get("instance_key", "").strip(),
            exit_when=data.get("exit_when") or [],
            goal=self._goal(data),
        )
        for problem in flaws(self.design):
            part = problem.field.partition(".")[0]
            if not problem.step and part in ("reentry", "exit_when", "goal"):
                self.add_error(self._beside(problem.field), problem.sentence)
        return data

    def _goal(self, data: Mapping[str, Any]) -> dict[str, Any]:
        try:
            where = ComparisonsField(required=False).clean(data.get("goal_where") or None)
        except forms.ValidationError as error:
            self.add_error("goal_where", error)
            where = []
        said = {"event": data.get("goal_event", "").strip(), "where": where}
        said |= {"within": data.get("goal_within", "").strip(), "value": data.get("goal_value", "").strip()}
        goal = {name: value for name, value in said.items() if value}
        if goal and "event" not in goal:
            self.add_error(
                "goal_event", "Name the event that counts as success, or leave the other fields of the goal empty."
            )
            return {}
        return goal

    def _beside(self, place: str) -> str:
        """`goal.within` → `goal_within`; what has no field of its own stands beside the first of its group."""
        name = "_".join(place.split(".")[:2])
        first = place.partition(".")[0]
        return name if name in self.fields else {"goal": "goal_event"}.get(first, first)
