"""What lies ready for people's apps and chat widgets: to be looked at."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from channels.admin import readers
from channels.admin.kind_forms import said
from channels.admin.messages import TestFilter
from channels.base import channels
from channels.models import ChatMessage, InAppMessage
from config.adminsite import ReadOnlyAdmin

Fetched = InAppMessage | ChatMessage


class FetchedTestFilter(TestFilter):
    """The same for what lies in inboxes: tests only if one asks."""

    about = "message__contact"


class FetchedAdmin(ReadOnlyAdmin):
    """A list by person; each with the words as the person gets them."""

    list_filter = ("brand", ("read_at", admin.EmptyFieldListFilter), FetchedTestFilter)
    list_select_related = ("contact", "brand")
    search_fields = ("contact__external_id",)
    search_help_text = "A message's number, a contact's ID, or an e-mail address or number."
    ordering = ("-message",)
    sortable_by = ()
    channel = ""

    @admin.display(description="words")
    def words(self, one: Fetched) -> str:
        return str(one)

    @admin.display(description="message")
    def message_link(self, one: Fetched) -> SafeString:
        address = reverse("admin:channels_message_change", args=(one.pk,))
        return format_html('<a class="wm-link" href="{}">#{}</a>', address, one.pk)

    @admin.display(description="content")
    def content_shown(self, one: Fetched) -> SafeString:
        if not one.content:
            return format_html('<p class="wm-quiet">{}</p>', "Its words are gone, as the retention of copies says.")
        rows = said(channels[self.channel].Content, one.content)
        return format_html_join("", '<p class="wm-quiet">{}</p><pre class="wm-pre">{}</pre>', rows)

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """By exact values with an index each."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if "@" in term or term.startswith("+"):
            return queryset.filter(contact__in=readers.addressed(term).values("contact")), False
        if term.isdecimal() and len(term) < 19 and not term.startswith("0"):
            return queryset.filter(pk=int(term)) | queryset.filter(contact__external_id=term), False
        return queryset.filter(contact__external_id=term), False


@admin.register(InAppMessage)
class InAppMessageAdmin(FetchedAdmin):
    """Messages in the inboxes of apps."""

    channel = "in_app"
    list_display = ("words", "contact", "brand", "created_at", "expires_at", "read_at", "clicked_at", "dismissed_at")
    fields: Any = (
        "message_link", "contact", "brand", "content_shown", "created_at", "expires_at", "read_at", "clicked_at", "dismissed_at",
    )  # fmt: skip
    readonly_fields = fields


@admin.register(ChatMessage)
class ChatMessageAdmin(FetchedAdmin):
    """Messages in chats; what people wrote there is among the inbound messages."""

    channel = "chat"
    list_display = ("words", "contact", "brand", "created_at", "expires_at", "read_at", "answered_at")
    fields: Any = (
        "message_link", "contact", "brand", "content_shown", "created_at", "expires_at", "read_at", "answered_at",
    )  # fmt: skip
    readonly_fields = fields
