"""Quiet hours and frequency caps."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget, UnfoldBooleanWidget

from channels.base import channels
from channels.models import MessageClass
from compliance.admin import narrowing
from compliance.admin.scope import ScopeForm, words
from compliance.models import FrequencyCap, QuietHours
from config import clock
from config.adminsite import HistoryAdmin


class QuietHoursForm(forms.ModelForm):
    """The channel from a list, the classes as ticks."""

    channel = forms.ChoiceField(widget=UnfoldAdminSelectWidget)
    classes = forms.MultipleChoiceField(
        choices=MessageClass.choices,
        initial=[MessageClass.MARKETING.value],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="What is silent in these hours. One-time codes and confirmations are usually expected at night too.",
        error_messages={"required": "Tick at least one class; quiet hours for nothing would silence nothing."},
    )
    accepted = forms.BooleanField(
        label="Save it even if no legal time is left in some places",
        required=False,
        widget=UnfoldBooleanWidget,
        help_text="Nothing is ever sent to people there.",
    )

    class Meta:
        model = QuietHours
        fields = ("brand", "channel", "start", "end", "classes", "enabled")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if "channel" in self.fields:
            self.fields["channel"].choices = channels.choices()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        same = QuietHours.objects.filter(brand=data.get("brand"), channel=data.get("channel"))
        if other := same.exclude(pk=self.instance.pk).first():
            self.add_error("channel", f"{data['brand']} has quiet hours for it already: {other}. Change those.")
        if not self.errors and data["enabled"] and data["start"] != data["end"]:
            self._refuse_what_leaves_nothing(data)
        return data

    def _refuse_what_leaves_nothing(self, data: dict[str, Any]) -> None:
        profile, day = narrowing.profile_of(data["brand"].pk), clock.now().date()
        found = narrowing.conflict(data["start"], data["end"], data["channel"], data["classes"], profile, day)
        if found and found.everywhere:
            self.add_error(None, f"{found.sentence(data['channel'])} Choose other hours.")
        elif found and not data["accepted"]:
            self.add_error("accepted", f"{found.sentence(data['channel'])} Choose other hours, or tick this box.")


@admin.register(QuietHours)
class QuietHoursAdmin(HistoryAdmin):
    """By the contact's own clock."""

    form = QuietHoursForm
    weighty = ("brand", "channel", "start", "end", "classes", "enabled")
    list_display = ("brand", "goes_by", "hours", "holds_for", "enabled")
    list_display_links = ("brand", "goes_by")
    list_filter = ("brand", "enabled")
    fields = ("brand", "channel", ("start", "end"), "classes", "enabled", "accepted")
    change_form_after_template = "admin/compliance/quiethours/narrowed.html"

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The form, and what the law leaves of the hours as they are saved."""
        quiet = self.get_object(request, object_id) if object_id else None
        left = _narrowed(quiet) if quiet else []
        return super().changeform_view(request, object_id, form_url, {"narrowed": left, **(extra_context or {})})

    def save_model(self, request: HttpRequest, obj: QuietHours, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        places = {line.jurisdiction for _, lines in _narrowed(obj) for line in lines}
        if places:
            told = "The law leaves less than these hours in"
            several = f"{len(places)} jurisdictions" if len(places) > 1 else places.pop()
            messages.info(request, f"{told} {several}; there the law holds. The list is below the form.")

    @admin.display(description="channel", ordering="channel")
    def goes_by(self, quiet: QuietHours) -> str:
        return channels[quiet.channel].title if quiet.channel in channels else quiet.channel

    @admin.display(description="quiet, by the contact's clock", ordering="start")
    def hours(self, quiet: QuietHours) -> str:
        night = " (over midnight)" if quiet.start > quiet.end else ""
        return f"{quiet.start:%H:%M} to {quiet.end:%H:%M}{night}"

    @admin.display(description="for")
    def holds_for(self, quiet: QuietHours) -> str:
        return ", ".join(str(MessageClass(name).label) for name in quiet.classes if name in MessageClass.values)


def _narrowed(quiet: QuietHours) -> list[tuple[str, list[narrowing.Narrowed]]]:
    return narrowing.narrowed(quiet, clock.now().date()) if quiet.enabled else []


class FrequencyCapForm(ScopeForm):
    """What counts, as ticks; nothing ticked of a kind means all of it."""

    classes = forms.MultipleChoiceField(
        choices=MessageClass.choices,
        initial=[MessageClass.MARKETING.value],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="What counts, and is held back when the cap is full.",
        error_messages={"required": "Tick at least one class; a cap on nothing would hold nothing back."},
    )


@admin.register(FrequencyCap)
class FrequencyCapAdmin(HistoryAdmin):
    """Over all channels of a brand, unless it names some."""

    form = FrequencyCapForm
    weighty = (
        "brand",
        "limit",
        "calendar",
        "days",
        "classes",
        "channels",
        "topics",
        "journeys",
        "action",
        "enabled",
    )
    list_display = ("name", "brand", "sentence", "enabled")
    list_filter = ("brand", "enabled")
    fields = (
        "brand",
        "name",
        "limit",
        ("calendar", "days"),
        "classes",
        "channels",
        "topics",
        "journeys",
        "action",
        "enabled",
    )

    @admin.display(description="rule")
    def sentence(self, cap: FrequencyCap) -> str:
        kinds = "/".join(str(MessageClass(name).label) for name in cap.classes if name in MessageClass.values)
        window = f"a {cap.calendar}" if cap.calendar else f"any {cap.days} day{'s' * (cap.days != 1)}"
        return ", ".join([f"at most {cap.limit} {kinds} message{'s' * (cap.limit != 1)} in {window}", *words(cap)])
