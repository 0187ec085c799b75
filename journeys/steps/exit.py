"""The end, drawn."""

from collections.abc import Mapping
from typing import Any

from django import forms

from contacts.base import Needs
from journeys.base import End, Here, Outcome, Step, steps


@steps.register
class Exit(Step):
    """Ends the journey for the person. A reason helps to tell several ends apart."""

    key = "exit"
    title = "Exit"
    icon = "stop_circle"
    family = "end"

    class Config(forms.Form):
        """Why it ends."""

        reason = forms.CharField(max_length=120, required=False, help_text="Shown with the person, e.g. no consent.")

    def exits(self, config: Mapping[str, Any]) -> tuple[str, ...]:
        return ()

    def needs(self, config: Mapping[str, Any]) -> Needs | None:
        return None

    def summary(self, config: Mapping[str, Any]) -> str:
        return str(config.get("reason") or "")

    def enter(self, here: Here) -> Outcome:
        return End(here.config.get("reason") or "exit")
