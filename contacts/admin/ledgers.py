"""What people allowed, and the addresses that must not be written to."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse

from config import clock
from config.adminsite import ModelAdmin, ReadOnlyAdmin
from contacts import addresses, suppressions
from contacts.admin import suppression_files
from contacts.admin.forms import LiftForm, SuppressionForm
from contacts.admin.ingest import as_code, of_people
from contacts.models import Address, Consent, Suppression

LIFT = ["contacts.view_suppression", "contacts.change_suppression", "contacts.override_consent"]


@admin.register(Consent)
class ConsentAdmin(ReadOnlyAdmin):
    """The ledger. A change of mind is a new line; people's own pages record them."""

    list_display = ("occurred_at", "contact", "topic", "channel", "state", "basis", "source")
    list_select_related = ("contact", "topic")
    list_filter = ("state", "topic")
    ordering = ("-id",)
    sortable_by = ()
    search_fields = ("source",)
    search_help_text = "The person's external ID, mail address or phone number"
    fields = (
        "contact",
        "topic",
        "channel",
        "state",
        "basis",
        "occurred_at",
        "recorded_at",
        "expires_at",
        "source",
        "wording",
        "how_we_know",
    )

    @admin.display(description="proof")
    def how_we_know(self, consent: Consent) -> str:
        return as_code(consent.proof)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Consent], search_term: str
    ) -> tuple[QuerySet[Consent], bool]:
        return of_people(queryset, search_term), False


@admin.register(Suppression)
class SuppressionAdmin(ModelAdmin):
    """Addresses, by their hash. Lifted with a reason, never deleted."""

    form = SuppressionForm
    list_display = ("created_at", "reason", "address_kind", "channels", "brands", "source", "stands")
    list_select_related = ("brand",)
    list_filter = ("reason", "address_kind", ("lifted_at", admin.EmptyFieldListFilter))
    ordering = ("-id",)
    sortable_by = ()
    search_fields = ("source",)
    search_help_text = "A whole mail address, or a phone number with its country code"
    fields = ("address_kind", "address", "channel", "brand", "reason", "source")
    change_form_template = "admin/contacts/suppression/change_form.html"
    list_before_template = "admin/contacts/suppression/list_head.html"

    @admin.display(description="channel")
    def channels(self, suppression: Suppression) -> str:
        return suppression.channel or "every channel"

    @admin.display(description="brand")
    def brands(self, suppression: Suppression) -> str:
        return suppression.brand.name if suppression.brand else "every brand"

    @admin.display(description="stands", boolean=True)
    def stands(self, suppression: Suppression) -> bool:
        return suppression.lifted_at is None

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Suppression], search_term: str
    ) -> tuple[QuerySet[Suppression], bool]:
        found = queryset.filter(digest__among=_digests(search_term)) if search_term.strip() else queryset
        return found, False

    def get_urls(self) -> list[URLPattern]:
        lift = self.admin_site.admin_view(self.lift_view)
        upload, download = map(self.admin_site.admin_view, (suppression_files.upload, suppression_files.download))
        return [
            path("<int:suppression_id>/lift/", lift, name="contacts_suppression_lift"),
            path("import/", upload, name="contacts_suppression_upload"),
            path("export/", download, name="contacts_suppression_download"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {"may_carry": suppression_files.may(request), **(extra_context or {})})

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        shown = ("reason", "address_kind", "channels", "brands", "source", "created_at", "lifted_at", "lifted_because")
        return shown if obj else self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.get_fields(request, obj) if obj else ()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Suppression, form: Any, change: bool) -> None:
        """Through the verb: a known suppression stays one."""
        suppressions.add([form.wanted()], clock.now())
        obj.pk = suppressed(form.wanted())

    def lift_view(self, request: HttpRequest, suppression_id: int) -> HttpResponse:
        """Lift one that stands, with the reason for it. Raises PermissionDenied."""
        if not request.user.has_perms(LIFT):
            raise PermissionDenied
        suppression = get_object_or_404(Suppression, pk=suppression_id, lifted_at=None)
        back = reverse("admin:contacts_suppression_change", args=[suppression.pk])
        form = LiftForm(request.POST or None)
        if form.is_valid():
            because = f"{form.cleaned_data['because']} ({request.user.get_username()})"
            suppressions.lift([suppression.pk], because, clock.now())
            messages.success(request, "Lifted: messages may go to this address again, if the person allows them.")
            return HttpResponseRedirect(back)
        intro = f"Suppressed since {suppression.created_at:%d %B %Y}: {suppression.get_reason_display()}. Lifting it gives no consent back."
        context = {
            "title": "Lift a suppression",
            "opts": self.opts,
            "form": form,
            "submit": "Lift it",
            "intro": intro,
            "back": back,
        }
        return render(request, "admin/waymark/form.html", {**self.admin_site.each_context(request), **context})


def suppressed(wanted: suppressions.Suppress) -> int:
    """The id of the live suppression that says the same."""
    same = {"digest": wanted.digest, "channel": wanted.channel, "brand_id": wanted.brand_id, "reason": wanted.reason}
    return Suppression.objects.filter(**same, lifted_at=None).latest("pk").pk


def _digests(term: str) -> list[str]:
    """The hashes of what was typed, as each kind of address that it can be."""
    found = []
    for kind in Address.Kind.values:
        try:
            found.append(addresses.digest(kind, addresses.normalise(kind, term)))
        except ValueError:
            continue
    return found
