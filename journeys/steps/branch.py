"""Different ways for different people."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from contacts import logic
from contacts.base import NOTHING, Needs
from journeys.base import Go, Here, Outcome, Step, steps
from journeys.fields import NAME, check_condition

OTHERWISE = "otherwise"
EXAMPLE = '[{"name": "pro", "when": {"kind": "attribute", "path": "plan", "op": "is", "value": "pro"}}]'


class BranchesField(forms.JSONField):
    """A list of `{name, when}`; each name becomes an exit."""

    def clean(self, value: Any) -> Any:
        branches = super().clean(value)
        if not isinstance(branches, list) or not branches:
            raise ValidationError(f"Write a list of branches with a name and a condition, e.g. {EXAMPLE}.")
        seen: set[str] = set()
        for number, branch in enumerate(branches, start=1):
            _check_branch(number, branch, seen)
        return branches


def _check_branch(number: int, branch: Any, seen: set[str]) -> None:
    if not isinstance(branch, dict) or set(branch) != {"name", "when"}:
        raise ValidationError(f"Branch {number} needs exactly the keys name and when, e.g. {EXAMPLE}.")
    name = branch["name"]
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ValidationError(f"Branch {number}: {name!r} is not a name; use small letters, digits, - and _.")
    if name in seen or name == OTHERWISE:
        raise ValidationError(f"Branch {number}: the name {name!r} is taken; every branch needs its own.")
    seen.add(name)
    try:
        check_condition(branch["when"])
    except ValidationError as error:
        raise ValidationError([f"Branch {name!r}: {message}" for message in error.messages]) from error


@steps.register
class Branch(Step):
    """Asks questions about the person, in order; the first that is answered with yes is the way.

    Each branch has a name, which is its exit, and a condition. Who fits none leaves by `otherwise`.
    """

    key = "branch"
    title = "Branch"
    icon = "alt_route"
    family = "decision"

    class Config(forms.Form):
        """The branches, in order."""

        branches = BranchesField(help_text=f"In order, e.g. {EXAMPLE}.")

    def exits(self, config: Mapping[str, Any]) -> tuple[str, ...]:
        return (*(branch["name"] for branch in config["branches"]), OTHERWISE)

    def needs(self, config: Mapping[str, Any]) -> Needs | None:
        needed = NOTHING
        for branch in config["branches"]:
            needed |= logic.needs(branch["when"])
        return needed

    def summary(self, config: Mapping[str, Any]) -> str:
        return " / ".join(self.exits(config))

    def enter(self, here: Here) -> Outcome:
        for branch in here.config["branches"]:
            if logic.holds(branch["when"], here.contact, here.now):
                return Go(branch["name"])
        return Go(OTHERWISE)
