"""How long copies of what was sent are kept."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from compliance import retention
from compliance.models import CopyRetention
from config.adminsite import HistoryAdmin


@admin.register(CopyRetention)
class CopyRetentionAdmin(HistoryAdmin):
    """One line for each brand and class of messages."""

    when_empty = "Copies of what was sent are kept for ever, until a brand says otherwise here."
    list_display = ("__str__", "brand", "message_class", "days", "done_until")
    list_filter = ("brand", "message_class")
    list_select_related = ("brand",)
    fields = ("brand", "message_class", "days")

    def save_model(self, request: HttpRequest, obj: CopyRetention, form: Any, change: bool) -> None:
        retention.planned(obj, form.changed_data)
        super().save_model(request, obj, form, change)
