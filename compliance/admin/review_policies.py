"""Which reviews something needs."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from channels.base import channels
from channels.models import MessageClass
from compliance.models import PolicyStep, ReviewPolicy
from compliance.reviews import policies, reviewables
from config.adminsite import HistoryAdmin, TabularInline


class WordsField(forms.CharField):
    """A list of words or phrases with commas between them."""

    def __init__(self, help_text: str) -> None:
        super().__init__(required=False, help_text=help_text, widget=UnfoldAdminTextInputWidget)

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        return [word.strip() for word in str(super().clean(value) or "").split(",") if word.strip()]


def _ticks(help_text: str) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget, help_text=help_text
    )


class ReviewPolicyForm(forms.ModelForm):
    """What it holds for, as ticks and words; nothing given means everything."""

    kinds = _ticks("None ticked: everything that is reviewed.")
    channels = _ticks("None ticked: all channels.")
    classes = _ticks("None ticked: all classes.")
    markets = WordsField("Languages or countries, e.g. fr, CA. Empty: all. What is for everyone is for these too.")
    words = WordsField("Only where one of these is said, e.g. guarantee, risk-free. Empty: always.")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        known = {"kinds": reviewables.choices(), "channels": channels.choices(), "classes": MessageClass.choices}
        for name, choices in known.items():
            if name in self.fields:
                self.fields[name].choices = choices  # type: ignore[attr-defined]


class StepRows(forms.BaseInlineFormSet):
    """Asks why, where the stations of a policy that is there are changed."""

    def clean(self) -> None:
        """Refuses a change without a reason."""
        super().clean()
        if self.has_changed() and not self.instance._state.adding and not self.data.get("change_reason", "").strip():
            raise forms.ValidationError(
                "Say why you change the steps: they decide what goes out. The reason is asked for below."
            )


class StepInline(TabularInline):
    """Its stations, in order."""

    formset = StepRows
    model = PolicyStep
    fields = ("position", "name", "group", "approvers", "due_hours")
    verbose_name = "step"
    hide_title = True
    min_num = 1


@admin.register(ReviewPolicy)
class ReviewPolicyAdmin(HistoryAdmin):
    """All policies that match hold together: one can only ask for more than another, never for less."""

    form = ReviewPolicyForm
    weighty = tuple(name for name in policies.WEIGHTY if name != "steps")  # which the rows ask for
    list_display = ("name", "brand", "holds_for", "asks", "valid_for", "enabled")
    list_filter = ("enabled", "brand")
    list_select_related = ("brand",)
    fields = (
        "name",
        "brand",
        "kinds",
        "channels",
        "classes",
        "markets",
        "audience_from",
        "words",
        "valid_days",
        "enabled",
    )
    inlines = (StepInline,)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("steps__group")

    @admin.display(description="valid for", ordering="valid_days")
    def valid_for(self, policy: ReviewPolicy) -> str:
        if not policy.valid_days:
            return "until something changes"
        return "1 day" if policy.valid_days == 1 else f"{policy.valid_days} days"

    @admin.display(description="holds for")
    def holds_for(self, policy: ReviewPolicy) -> str:
        titles: dict[str, str] = dict([*reviewables.choices(), *channels.choices(), *MessageClass.choices])
        parts = [titles.get(one, one) for one in (*policy.kinds, *policy.channels, *policy.classes)]
        parts += policy.markets
        parts += [f"“{word}”" for word in policy.words]
        parts += [f"{policy.audience_from:,} people or more"] if policy.audience_from else []
        return ", ".join(parts) or "everything"

    @admin.display(description="asks for")
    def asks(self, policy: ReviewPolicy) -> str:
        steps = [f"{step.name} ({step.approvers} of {step.group or 'anybody'})" for step in policy.steps.all()]
        return " → ".join(steps) or "nothing: it has no steps"
