"""Testers: marked by user ID, and unmarked."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminTextInputWidget

from channels.models import Tester
from compliance import testers
from config import clock
from config.adminsite import ModelAdmin


class TesterForm(forms.ModelForm):
    """Whose account, by the ID that the app knows it by."""

    user_id = forms.CharField(
        label="User ID",
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text="Of a colleague's own account in your app: the external ID of its contact.",
    )
    because = forms.CharField(
        label="Whose it is",
        max_length=testers.LONGEST,
        widget=UnfoldAdminTextInputWidget,
        help_text="For example: Ana of QA, her second phone. From now on it may get words that nobody has approved.",
    )

    class Meta:
        model = Tester
        fields = ("because",)

    def clean_user_id(self) -> int:
        """The contact's number."""
        return testers.contact(self.cleaned_data["user_id"])


@admin.register(Tester)
class TesterAdmin(ModelAdmin):
    """Who gets tests of in-app and chat messages; never changed, only marked and unmarked."""

    form = TesterForm
    list_display = ("user_id", "contact", "because", "marked_by", "marked_at")
    list_select_related = ("contact", "marked_by")
    when_empty = (
        "Colleagues' own accounts in your app, so that in-app and chat messages can be tested before they are approved."
    )
    search_fields = ("contact__external_id",)
    search_help_text = "A user ID, or a part of it."
    ordering = ("-id",)
    sortable_by = ()
    readonly_fields = ("contact", "marked_by", "marked_at")

    def get_fields(self, request: HttpRequest, obj: Tester | None = None) -> tuple[str, ...]:
        return ("contact", "because", "marked_by", "marked_at") if obj else ("user_id", "because")

    def has_change_permission(self, request: HttpRequest, obj: Tester | None = None) -> bool:
        return False

    @admin.display(description="user ID")
    def user_id(self, tester: Tester) -> str:
        return tester.contact.external_id or "–"

    def save_model(self, request: HttpRequest, obj: Tester, form: Any, change: bool) -> None:
        made = testers.mark(form.cleaned_data["user_id"], obj.because, request.user, clock.now())
        obj.pk, obj.contact_id = made.pk, made.contact_id

    def delete_model(self, request: HttpRequest, obj: Tester) -> None:
        testers.unmark(obj, request.user, clock.now())
