"""Brands with their topics, and segments with a live look at who fits."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import OperationalError, connection, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from config import clock
from config.adminsite import Granting, HistoryAdmin, TabularInline
from config.adminsite.fields import read_json
from config.adminsite.paginator import MOST
from contacts import logic
from contacts.models import Brand, Contact, Segment, Topic

SAMPLE = 10
PATIENCE = 2_000
"""Milliseconds that a count may take on PostgreSQL."""


class TopicInline(TabularInline):
    """What the brand's messages are about."""

    model = Topic
    fields = ("name", "key", "description")
    prepopulated_fields = {"key": ("name",)}


@admin.register(Brand)
class BrandAdmin(Granting, HistoryAdmin):
    """Under whose name we write."""

    inlines = (TopicInline,)
    list_display = ("name", "key", "website", "timezone")
    search_fields = ("name", "key")
    prepopulated_fields = {"key": ("name",)}
    fields = (("name", "key"), "postal_address", "website", ("timezone", "default_locale"))


@admin.register(Topic)
class TopicAdmin(HistoryAdmin):
    """What messages are about: people allow or refuse each."""

    list_display = ("name", "key", "brand", "description")
    list_select_related = ("brand",)
    list_filter = ("brand",)
    search_fields = ("name", "key")
    prepopulated_fields = {"key": ("name",)}
    fields = (("name", "key"), "brand", "description")


@admin.register(Segment)
class SegmentAdmin(HistoryAdmin):
    """Groups of people by condition."""

    list_display = ("name", "brand", "size", "state", "refreshed_at")
    list_select_related = ("brand",)
    list_filter = ("brand",)
    search_fields = ("name", "key")
    search_help_text = "Name or key"
    prepopulated_fields = {"key": ("name",)}
    fields = (("name", "key"), ("brand", "refresh_every"), "condition")
    change_form_template = "admin/contacts/segment/change_form.html"

    @admin.display(description="state")
    def state(self, segment: Segment) -> str:
        if segment.error:
            return f"failed: {segment.error}"
        return "up to date" if segment.refreshed_at else "waiting for its first refresh"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("preview/", view(require_POST(self.preview_view)), name="contacts_segment_preview"),
            path("<int:segment_id>/refresh/", view(require_POST(self.refresh_view)), name="contacts_segment_refresh"),
            *super().get_urls(),
        ]

    def preview_view(self, request: HttpRequest) -> HttpResponse:
        """A fragment: how many fit the condition as it is typed, and some of them; or what is wrong with it."""
        if not request.user.has_perms(["contacts.view_segment", "contacts.view_contact"]):
            raise PermissionDenied
        return render(request, "admin/contacts/segment/preview.html", _preview(request.POST.get("condition", "")))

    def refresh_view(self, request: HttpRequest, segment_id: int) -> HttpResponse:
        """Make the segment due at once; the worker looks through all people again."""
        segment = get_object_or_404(Segment, pk=segment_id)
        if not self.has_change_permission(request, segment):
            raise PermissionDenied
        Segment.objects.filter(pk=segment.pk).update(refresh_due_at=None, refreshed_to=0)
        messages.success(request, f"{segment} is refreshed within seconds; reload this page to see its new size.")
        return HttpResponseRedirect(reverse("admin:contacts_segment_change", args=[segment.pk]))


def _preview(text: str) -> dict[str, Any]:
    try:
        tree = read_json(text)
    except ValidationError as error:
        return {"problems": error.messages}
    if tree == {}:
        return {"hint": logic.EXAMPLE}
    if problems := logic.check(tree):
        return {"problems": problems}
    try:
        return _fitting(tree)
    except OperationalError:
        return {"problems": ["Counting takes longer than 2 seconds; the condition may be saved all the same."]}


def _fitting(tree: Any) -> dict[str, Any]:
    """The count, capped, and a sample of the newest. Raises OperationalError if it takes too long."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(PATIENCE)])
        people = Contact.objects.filter(logic.as_q(tree, clock.now()))
        count = people.order_by()[: MOST + 1].count()
        sample = list(people.order_by("-pk").prefetch_related("addresses")[:SAMPLE])
    return {"count": f"more than {MOST:,}" if count > MOST else f"{count:,}", "one": count == 1, "sample": sample}
