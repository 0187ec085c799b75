"""Where events come from, what came, and what could not be taken."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string

from config.adminsite import HistoryAdmin, ReadOnlyAdmin
from contacts.admin import search
from contacts.models import Event, RejectedEvent, Source


@admin.register(Source)
class SourceAdmin(HistoryAdmin):
    """Systems that send events, with the line that tries them."""

    weighty = ("brand", "enabled", "consent_grants")
    list_display = ("name", "brand", "enabled", "created_at")
    list_select_related = ("brand",)
    list_filter = ("brand", "enabled")
    search_fields = ("name",)
    readonly_fields = ("write_key", "try_it")
    fields = (("name", "brand"), "enabled", "consent_grants", "write_key", "try_it")

    @admin.display(description="try it")
    def try_it(self, source: Source) -> str:
        context = {"url": f"{settings.BASE_URL}/v1/track", "write_key": source.write_key}
        return render_to_string("admin/contacts/source/curl.html", context)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A write key and the line to try it exist once the source does."""
        return self.fields if obj else self.fields[:3]


@admin.register(RejectedEvent)
class RejectedEventAdmin(ReadOnlyAdmin):
    """Items that made no sense, with the reason: mend the sender."""

    list_display = ("received_at", "source", "reason", "message_id")
    list_select_related = ("source",)
    list_filter = ("source",)
    search_fields = ("message_id",)
    search_help_text = "Message ID"
    sortable_by = ()
    fields = ("received_at", "source", "reason", "message_id", "what_came")

    @admin.display(description="payload")
    def what_came(self, rejected: RejectedEvent) -> str:
        return as_code(rejected.payload)


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """The timeline of everybody, newest first."""

    list_display = ("received_at", "name", "contact", "occurred_at")
    list_select_related = ("contact",)
    ordering = ("-id",)
    sortable_by = ()
    search_fields = ("key",)
    search_help_text = "The person's external ID, mail address or phone number, or the key of the event"
    fields = ("name", "contact", "brand", "occurred_at", "received_at", "key", "what")

    @admin.display(description="properties")
    def what(self, event: Event) -> str:
        return as_code(event.properties)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Event], search_term: str
    ) -> tuple[QuerySet[Event], bool]:
        return of_people(queryset, search_term, Q(key=search_term.strip())), False


def of_people(rows: QuerySet[Any], term: str, otherwise: Q | None = None) -> QuerySet[Any]:
    """The rows of the people that `term` finds, or those that `otherwise` does."""
    if not term.strip():
        return rows
    mine = Q(contact_id__among=list(search.find(term)))
    return rows.filter(mine | otherwise if otherwise else mine)


def as_code(value: Any) -> str:
    """JSON for reading, as HTML."""
    return render_to_string("admin/waymark/code.html", {"value": value})
