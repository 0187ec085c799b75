"""Quiet hours and frequency caps."""

from typing import Any

from django import forms
from django.contrib import admin
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget

from channels.base import channels
from channels.models import MessageClass
from compliance.models import FrequencyCap, QuietHours
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
        return data


@admin.register(QuietHours)
class QuietHoursAdmin(HistoryAdmin):
    """By the contact's own clock."""

    form = QuietHoursForm
    list_display = ("brand", "goes_by", "hours", "holds_for", "enabled")
    list_display_links = ("brand", "goes_by")
    list_filter = ("brand", "enabled")
    fields = ("brand", "channel", ("start", "end"), "classes", "enabled")

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


@admin.register(FrequencyCap)
class FrequencyCapAdmin(HistoryAdmin):
    """Over all channels of a brand, counted back from each send."""

    list_display = ("name", "brand", "sentence", "enabled")
    list_filter = ("brand", "enabled")
    fields = ("brand", "name", ("limit", "days"), "enabled")

    @admin.display(description="rule")
    def sentence(self, cap: FrequencyCap) -> str:
        return f"at most {cap.limit} marketing message{'s' * (cap.limit != 1)} in any {cap.days} day{'s' * (cap.days != 1)}"
