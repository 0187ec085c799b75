"""What a policy is about, as ticks: channels, topics, journeys."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from channels.base import channels
from compliance.admin import stops
from contacts.models import Topic


class ScopeForm(forms.ModelForm):
    """Nothing ticked of a kind means all of it. What is chosen and gone stays to be seen."""

    channels = forms.MultipleChoiceField(
        required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget, help_text="None ticked: all channels."
    )
    topics = forms.MultipleChoiceField(
        required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget, help_text="None ticked: all topics."
    )
    journeys = forms.MultipleChoiceField(
        required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget, help_text="None ticked: all journeys."
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        known = {"channels": channels.choices(), "topics": _topics(), "journeys": stops.journeys()}
        for name, choices in known.items():
            if name in self.fields:
                kept = [(key, key) for key in getattr(self.instance, name) if key not in dict(choices)]
                self.fields[name].choices = [*choices, *kept]  # type: ignore[attr-defined]


def words(policy: Any) -> list[str]:
    """Which channels, topics and journeys a policy names, e.g. `by sms`, `about offers/news`, `from win-back`."""
    named = (("by", policy.channels), ("about", policy.topics), ("from", policy.journeys))
    return [f"{noun} {'/'.join(keys)}" for noun, keys in named if keys]


def _topics() -> list[tuple[str, str]]:
    return sorted(dict(Topic.objects.values_list("key", "name")).items())
