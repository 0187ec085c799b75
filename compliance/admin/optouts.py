"""What people write to us, the queue of what may be an opt-out, and opt-outs by phone or letter."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminSplitDateTimeWidget, UnfoldAdminTextInputWidget

from channels.admin.choosing import ChannelFilter, title
from channels.base import channels
from channels.models import InboundMessage
from compliance.optouts import reviewing
from config import clock
from config.adminsite import ReadOnlyAdmin
from contacts.models import Brand

SHOWN = 100
TONES = {
    "stop": "danger", "ambiguous": "warning", "start": "success", "help": "info", "answer": "info", "none": "default", "test": "default",
}  # fmt: skip


def addressed() -> list[tuple[str, str]]:
    """Channels whose addresses can opt out."""
    return sorted((kind.key, kind.title) for kind in channels if kind.address_kind)


class OptOutForm(forms.Form):
    """An opt-out that did not come by message."""

    address = forms.CharField(
        max_length=320,
        widget=UnfoldAdminTextInputWidget,
        help_text="Mail address, or phone number with its country code. It need not be of a known contact.",
    )
    channel = forms.ChoiceField(choices=addressed, widget=UnfoldAdminSelectWidget)
    brand = forms.ModelChoiceField(Brand.objects.all(), empty_label="Select value", widget=UnfoldAdminSelectWidget)
    said_at = forms.SplitDateTimeField(
        label="Said on",
        required=False,
        widget=UnfoldAdminSplitDateTimeWidget,
        help_text="When the person said so, in your time zone; empty: now. The law's clock runs from here.",
    )
    reason = forms.CharField(
        max_length=150,
        widget=UnfoldAdminTextInputWidget,
        help_text="For example: by phone, ticket 4711. Kept as proof.",
    )


@admin.register(InboundMessage)
class InboundMessageAdmin(ReadOnlyAdmin):
    """To be looked at; what may be an opt-out is decided in the queue."""

    list_display = ("received_at", "contact", "goes_by", "words", "understood_shown", "account")
    list_filter = ("understood", ChannelFilter, "account")
    list_select_related = ("contact", "account")
    search_fields = ("sender", "provider_id")
    search_help_text = "A whole phone number, or the provider's ID of the message."
    ordering = ("-id",)
    sortable_by = ()
    fields = (
        "contact", "account", "sender", "recipient", "body", "received_at", "understood", "why", "opt_out_type",
        "provider_id", "reviewed_at", "reviewed_by",
    )  # fmt: skip

    @admin.display(description="channel")
    def goes_by(self, message: InboundMessage) -> str:
        return title(message.channel)

    @admin.display(description="text")
    def words(self, message: InboundMessage) -> str:
        return message.body[:120] or "–"

    @display(description="understood as", label=TONES)
    def understood_shown(self, message: InboundMessage) -> tuple[str, str]:
        return message.understood, message.get_understood_display()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[InboundMessage], search_term: str
    ) -> tuple[QuerySet[InboundMessage], bool]:
        term = search_term.strip()
        found = queryset.filter(sender=term) | queryset.filter(provider_id=term) if term else queryset
        return found, False

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("queue/", view(self.queue), name="optout_queue"),
            path("opt-out/", view(self.by_hand), name="optout_by_hand"),
            path("<int:pk>/decide/", view(require_POST(self.decide)), name="optout_decide"),
            *super().get_urls(),
        ]

    def queue(self, request: HttpRequest) -> HttpResponse:
        """What may be an opt-out, the oldest first; marketing to these people is paused meanwhile."""
        _require(request)
        found = list(reviewing.waiting()[: SHOWN + 1])
        context = {
            **self.admin_site.each_context(request),
            "title": "Possible opt-outs",
            "waiting": found[:SHOWN],
            "more": len(found) > SHOWN,
            "now": clock.now(),
        }
        return TemplateResponse(request, "admin/channels/inboundmessage/queue.html", context)

    def decide(self, request: HttpRequest, pk: int) -> HttpResponse:
        """It is an opt-out, or it is not; the next one is shown."""
        _require(request)
        message = get_object_or_404(InboundMessage, pk=pk)
        is_opt_out = request.POST.get("decision") == "opt_out"
        try:
            reviewing.decide(message, request.user, is_opt_out=is_opt_out, now=clock.now())
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            done = "The person is opted out." if is_opt_out else "It is no opt-out: what had waited is judged again."
            messages.success(request, done)
        return HttpResponseRedirect(reverse("admin:optout_queue"))

    def by_hand(self, request: HttpRequest) -> HttpResponse:
        """An opt-out by phone, letter or in the shop."""
        _require(request)
        form = OptOutForm(request.POST or None)
        if form.is_valid() and _record(request, form):
            return HttpResponseRedirect(reverse("admin:optout_by_hand"))
        context = {
            "title": "Record an opt-out",
            "opts": self.opts,
            "form": form,
            "submit": "Opt this address out",
            "intro": "It holds at once, for everybody with this address: consents are withdrawn and waiting messages blocked.",
            "back": reverse("admin:optout_queue"),
        }
        return render(request, "admin/waymark/form.html", {**self.admin_site.each_context(request), **context})


def _require(request: HttpRequest) -> None:
    if not request.user.has_perm(reviewing.DECIDE):
        raise PermissionDenied


def _record(request: HttpRequest, form: OptOutForm) -> bool:
    """Do it and say so; False if something is wrong, which the form then tells."""
    said: dict[str, Any] = form.cleaned_data
    now = clock.now()
    try:
        fresh = reviewing.by_hand(
            said["address"], said["channel"], said["brand"].pk,
            user=request.user, reason=said["reason"], said_at=said["said_at"] or now, now=now,
        )  # fmt: skip
    except ValidationError as error:
        form.add_error(None, error)
        return False
    messages.success(request, "Opted out." if fresh else "This address was opted out already; nothing has changed.")
    return True
