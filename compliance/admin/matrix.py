"""The suppression matrix: which facts stop which messages."""

from typing import Any

from django import forms
from django.contrib import admin
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from channels.models import MessageClass
from compliance.admin.scope import ScopeForm, words
from compliance.models import MatrixRule
from config.adminsite import HistoryAdmin


class MatrixRuleForm(ScopeForm):
    """What stops, as ticks."""

    classes = forms.MultipleChoiceField(
        choices=MessageClass.choices,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="None ticked: all but what people need (transactional, one-time codes).",
    )

    def clean_where(self) -> Any:
        return self.cleaned_data["where"] or []


@admin.register(MatrixRule)
class MatrixRuleAdmin(HistoryAdmin):
    """One line: a fact, what it stops, and for how long."""

    form = MatrixRuleForm
    weighty = (
        "brand",
        "enabled",
        "event",
        "where",
        "journeys",
        "topics",
        "classes",
        "channels",
        "days",
        "lifted_by",
    )
    list_display = ("name", "brand", "event", "stops", "how_long", "enabled")
    list_filter = ("brand", "enabled")
    search_fields = ("name", "event")
    fieldsets = (
        (None, {"fields": ("brand", "name", "enabled")}),
        ("Once this has happened", {"fields": ("event", "where")}),
        (
            "These messages stop",
            {
                "description": "A message stops if it fits everything that is ticked. Tick at least one of anything.",
                "fields": ("journeys", "topics", "classes", "channels"),
            },
        ),
        ("For so long", {"fields": (("days", "lifted_by"),)}),
    )

    @admin.display(description="stops")
    def stops(self, rule: MatrixRule) -> str:
        kinds = "/".join(str(MessageClass(name).label) for name in rule.classes if name in MessageClass.values)
        return ", ".join([f"{kinds or 'all but essential'} messages", *words(rule)])

    @admin.display(description="for how long", ordering="days")
    def how_long(self, rule: MatrixRule) -> str:
        return rule.duration
