"""Sending tests: the card on a version's page, and the seed lists that tests go to."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_POST
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from channels.admin import readers, versions
from channels.admin.choosing import ChannelFilter, title
from channels.base import channels
from channels.models import Message, SeedList, TemplateVersion
from channels.models.seeds import MOST
from compliance import seeds
from config import clock
from config.adminsite import HistoryAdmin
from config.cards import Card

SHOWN = 5
ADD = "channels.add_seedlist"
HELP = (
    f"One a line, at most {MOST}: e-mail addresses, phone numbers with their country code; for push the registration tokens "
    "of colleagues' devices, as the app's log shows them; for in-app and chat the user IDs of testers."
)


class SeedListForm(forms.ModelForm):
    """One address a line."""

    channel = forms.ChoiceField(widget=UnfoldAdminSelectWidget)
    addresses = forms.CharField(widget=UnfoldAdminTextareaWidget, help_text=HELP)

    class Meta:
        model = SeedList
        fields = ("brand", "name", "channel", "addresses")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if "channel" in self.fields:
            self.fields["channel"].choices = _tested()  # type: ignore[attr-defined]
        if isinstance(self.initial.get("addresses"), list):
            self.initial["addresses"] = "\n".join(self.initial["addresses"])

    def clean_addresses(self) -> list[str]:
        """As a list; empty lines stay until the others were looked at, so that each keeps its number."""
        return [line.strip() for line in self.cleaned_data["addresses"].splitlines()]


class TestedChannelFilter(ChannelFilter):
    """By the channels that tests go by."""

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return _tested()


@admin.register(SeedList)
class SeedListAdmin(HistoryAdmin):
    """Who gets tests."""

    form = SeedListForm
    list_display = ("name", "brand", "goes_by", "how_many")
    list_filter = ("brand", TestedChannelFilter)
    list_select_related = ("brand",)
    readonly_fields = ("goes_by", "listed")

    def get_fields(self, request: HttpRequest, obj: SeedList | None = None) -> tuple[str, ...]:
        """Who may only look reads the channel's name, and the addresses one a line."""
        edits = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        return ("brand", "name", *(("channel", "addresses") if edits else ("goes_by", "listed")))

    @admin.display(description="channel", ordering="channel")
    def goes_by(self, seed_list: SeedList) -> str:
        return title(seed_list.channel)

    @admin.display(description="addresses")
    def listed(self, seed_list: SeedList) -> SafeString:
        return format_html_join(mark_safe("<br>"), "{}", ((one,) for one in seed_list.addresses))

    @admin.display(description="addresses")
    def how_many(self, seed_list: SeedList) -> int:
        return len(seed_list.addresses)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(send))
        return [path("test/<int:pk>/", view, name="send_test"), *super().get_urls()]


def send(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a test of this version, and back to its page."""
    version = get_object_or_404(TemplateVersion.objects.select_related("template__brand"), pk=pk)
    given = request.POST.get("seeds", "")
    if given and not given.isdecimal():
        raise PermissionDenied("A seed list is named by its number.")
    try:
        chosen = get_object_or_404(seeds.lists(version), pk=given) if given else None
        reader = readers.contact(request, request.POST.get("reader", ""))
        number = len(seeds.ask(version, chosen, reader, request.user, clock.now()))
        messages.success(request, f"{number} test{'s' * (number != 1)} of {version} will leave within seconds.")
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return HttpResponseRedirect(reverse("admin:channels_templateversion_change", args=[pk]))


def card(request: HttpRequest, version: TemplateVersion, now: datetime) -> dict[str, Any]:
    """To whom it may go, and what became of the last ones."""
    kind, template = channels[version.template.channel], version.template
    prefilled = urlencode({"brand": template.brand_id, "channel": kind.key})
    return {
        "version": version,
        "kind": kind,
        "tested": kind.tested,
        "seeded": "testers" if kind.fetched else "colleagues and test devices",
        "lists": seeds.lists(version),
        "mine": getattr(request.user, "email", "") if kind.address_kind == "email" else "",
        "add": f"{reverse('admin:channels_seedlist_add')}?{prefilled}" if request.user.has_perm(ADD, version) else "",
        "sends": _last(version),
        "may_look": request.user.has_perm("channels.view_message"),
        "may_choose": request.user.has_perm(readers.VIEW_CONTACTS),
    }


def _tested() -> list[tuple[str, str]]:
    return [pair for pair in channels.choices() if channels[pair[0]].tested]


def _last(version: TemplateVersion) -> list[tuple[Message, str]]:
    """The last tests of it, each with why it did not leave."""
    sent = list(Message.objects.filter(test__version=version).select_related("test__asked_by")[:SHOWN])
    why = seeds.why(sent)
    return [(one, why[one.pk]) for one in sent]


versions.cards.register(
    Card("test", "Send a test", "admin/compliance/seeds/card.html", card, seeds.PERMISSION, order=25)
)
