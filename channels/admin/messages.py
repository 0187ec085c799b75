"""Every message that anybody asked for: what was said, what became of it, and (from the floor above) why."""

import re
from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from unfold.contrib.filters.admin import TextFilter
from unfold.decorators import display

from channels import archive, attachments, links
from channels.admin import files as stored_files
from channels.admin import frames, readers
from channels.admin.choosing import ChannelFilter, title
from channels.models import Message
from config import clock
from config.adminsite import ReadOnlyAdmin
from config.cards import Board
from contacts.models import Event

cards = Board()
"""What other floors show on a message's page: `context(request, message, now)`."""
actions: list[Any] = []
"""List actions of other floors, for those who may change messages."""
extra_urls: list[Callable[[], list[URLPattern]]] = []
"""Addresses of other floors below the list's own."""

TONES = {
    Message.State.PENDING: "info",
    Message.State.SENDING: "info",
    Message.State.SENT: "success",
    Message.State.BLOCKED: "warning",
    Message.State.FAILED: "danger",
    Message.State.UNKNOWN: "danger",
}


class _Exactly(TextFilter):
    """A filter with a text field; the value must be given as it is stored."""

    lookup = ""

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(**{self.lookup: self.value()}) if self.value() else queryset


class ReasonFilter(_Exactly):
    """The code of the deciding verdict, e.g. no_consent."""

    title, parameter_name, lookup = "reason, e.g. quiet_hours", "reason", "reason"


class JourneyFilter(_Exactly):
    """The key of the journey that asked for it."""

    title, parameter_name, lookup = "key of the journey", "journey", "labels__journey"


class TestFilter(admin.SimpleListFilter):
    """Messages to people, unless one asks for tests: they are looked at by whoever sent them, and counted by nobody."""

    title, parameter_name = "test sends", "tests"
    about = "contact"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [("only", "Only test sends")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(**{f"{self.about}__isnull": self.value() == "only"})


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    """To be looked at; the floor above adds what may be decided about a message that maybe was sent."""

    list_display = ("what", "to", "goes_by", "state_shown", "reason", "delivery_shown", "created_at")
    list_filter = ("state", ChannelFilter, ReasonFilter, JourneyFilter, TestFilter)
    list_filter_submit = True
    list_select_related = ("contact", "template", "test")
    search_fields = ("key",)
    search_help_text = "A message's number, a contact's ID, or an e-mail address or number."
    change_form_template = "admin/channels/message/page.html"

    @admin.display(description="message")
    def what(self, message: Message) -> str:
        return f"{message.template.name} #{message.pk}"

    @admin.display(description="contact", ordering="contact")
    def to(self, message: Message) -> str:
        return message.addressee

    @admin.display(description="channel")
    def goes_by(self, message: Message) -> str:
        return title(message.channel)

    @display(description="state", label=TONES)
    def state_shown(self, message: Message) -> tuple[str, str]:
        return message.state, message.get_state_display()

    @admin.display(description="heard back")
    def delivery_shown(self, message: Message) -> str:
        return message.get_delivery_display() if message.delivery else "–"

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """By exact values with an index each; a message has no words of its own to search."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if term.isdecimal() and len(term) < 19 and not term.startswith("0"):
            return queryset.filter(pk=int(term)), False
        if "@" in term or term.startswith("+"):
            return queryset.filter(contact__in=readers.addressed(term).values("contact")), False
        return queryset.filter(contact__external_id=term) | queryset.filter(key=term), False

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        message = self.get_object(request, object_id or "")
        context: dict[str, Any] = {}
        if message and self.has_view_permission(request, message):
            context = {**_page(request, message), "cards": cards.draw(request, message, clock.now())}
        return super().changeform_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Message | None:
        if not object_id.isdecimal() or len(object_id) > 18:
            return None
        related = (
            "contact",
            "template",
            "version",
            "account",
            "address",
            "topic",
            "brand",
            "test__asked_by",
            "test__reader",
        )
        return self.get_queryset(request).select_related(*related).filter(pk=object_id).first()

    def get_urls(self) -> list[URLPattern]:
        theirs = [pattern for urls in extra_urls for pattern in urls()]
        copy = path("<int:pk>/copy/", self.admin_site.admin_view(self.copy), name="channels_message_copy")
        return [copy, *theirs, *super().get_urls()]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        if not request.user.has_perm("channels.change_message"):
            return {}
        return {action.__name__: (action, action.__name__, action.short_description) for action in actions}

    def copy(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What was sent, word for word. Images are not loaded and links do nothing: looking is neither opening nor clicking."""
        message = Message.objects.filter(pk=pk, copy__isnull=False).first()
        if not self.has_view_permission(request, message):
            raise PermissionDenied
        if message is None:
            raise Http404
        content = archive.shown(pk) or {}
        if content.get("html") and request.GET.get("look") != "text":
            return frames.html(_without_our_image(content["html"], pk))
        text = content.get("text") or content.get("body") or content.get("damaged") or ""
        return frames.page("admin/channels/frames/text.html", {"text": text})


def _page(request: HttpRequest, message: Message) -> dict[str, Any]:
    """What the page shows: the copy if there is one, and everything that the timeline says about this message."""
    copy = archive.shown(message.pk) or {}
    if copy.get(attachments.FIELD):
        copy[attachments.FIELD] = stored_files.linked(request, copy[attachments.FIELD])
    told = Event.objects.filter(contact=message.contact_id, name__startswith="message.", properties__message=message.pk)
    return {
        "message": message,
        "channel_title": title(message.channel),
        "tone": {"success": "good", "warning": "warn", "danger": "bad"}.get(TONES[Message.State(message.state)], ""),
        "copy": copy,
        "has_html": bool(copy.get("html")),
        "has_text": bool(copy.get("text") or copy.get("body") or copy.get("damaged")),
        "told": [
            (event, event.name.removeprefix("message.").capitalize(), _heard(event))
            for event in told.order_by("occurred_at", "id")
        ],
    }


def _without_our_image(html: str, message_id: int) -> str:
    """The image that notes openings is not even asked for; those of others are blocked by the frame's policy."""
    ours = re.compile(rf"https?://[^\s\"']*/o/{re.escape(links.token('open', message_id))}\.gif")
    return ours.sub(frames.NOTHING, html)


def _heard(event: Event) -> str:
    """What a fact says besides its name."""
    return " ".join(str(event.properties[name]) for name in ("reason", "url") if event.properties.get(name))
