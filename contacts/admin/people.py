"""Contacts: the list, one person's page, and the form behind its "Edit"."""

import secrets
from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from unfold.contrib.filters.admin import DropdownFilter

from config import clock
from config.adminsite import ModelAdmin, TabularInline
from contacts import timeline
from contacts.admin import merging, person, search
from contacts.admin.forms import AddressForm, ContactForm
from contacts.models import Address, Contact, Membership, Segment

extra_urls: list[Callable[[], list[URLPattern]]] = []
"""Addresses of other floors below the list's own."""


class InSegment(DropdownFilter):
    """People who are in a segment, as of its last refresh."""

    title = "segment"
    parameter_name = "segment"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(segment.key, segment.name) for segment in Segment.objects.only("key", "name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Contact]) -> QuerySet[Contact]:
        if not self.value():
            return queryset
        stays = Membership.objects.filter(segment__key=self.value(), left_at=None)
        return queryset.filter(pk__in=stays.values("contact_id"))


class AddressInline(TabularInline):
    """Where the person can be reached."""

    model = Address
    form = AddressForm
    fields = ("kind", "value", "validity")


@admin.register(Contact)
class ContactAdmin(ModelAdmin):
    """People. `…/change/` shows a person, `…/edit/` changes one; nobody is deleted here, since ledgers hang on them."""

    form = ContactForm
    inlines = (AddressInline,)
    list_display = ("name", "email", "phone", "country", "timezone", "created_at")
    list_filter = (InSegment,)
    list_filter_submit = True
    ordering = ("-id",)
    sortable_by = ()
    search_fields = ("external_id",)
    search_help_text = "External ID, mail address or phone number, or how it begins"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "external_id",
                    ("locale", "country", "region"),
                    ("timezone", "timezone_source"),
                    "attributes",
                    "seen",
                )
            },
        ),
    )

    @admin.display(description="name")
    def name(self, contact: Contact) -> str:
        return str(contact)

    @admin.display(description="e-mail")
    def email(self, contact: Contact) -> str:
        return _current(contact, Address.Kind.EMAIL)

    @admin.display(description="phone")
    def phone(self, contact: Contact) -> str:
        return _current(contact, Address.Kind.PHONE)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Contact]:
        found: QuerySet[Contact] = super().get_queryset(request).filter(merged_into=None).prefetch_related("addresses")
        return found

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Contact], search_term: str
    ) -> tuple[QuerySet[Contact], bool]:
        found = queryset.filter(pk__among=list(search.find(search_term))) if search_term.strip() else queryset
        return found, False

    def get_urls(self) -> list[URLPattern]:
        pages = (
            ("edit", self.edit_view),
            ("consent", person.grant),
            ("withdraw", person.withdraw),
            ("merge", merging.merge),
            ("unmerge", merging.undo),
        )
        own = [
            path(f"<int:contact_id>/{name}/", self.admin_site.admin_view(view), name=f"contacts_contact_{name}")
            for name, view in pages
        ]
        theirs = [pattern for urls in extra_urls for pattern in urls()]
        return [*own, *theirs, *super().get_urls()]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The person's page."""
        return person.page(self, request, object_id)

    def edit_view(self, request: HttpRequest, contact_id: int) -> HttpResponse:
        """The form."""
        response: HttpResponse = super().change_view(request, str(contact_id))
        return response

    def save_model(self, request: HttpRequest, obj: Contact, form: Any, change: bool) -> None:
        now = clock.now()
        obj.created_at, obj.updated_at = obj.created_at or now, now
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """What was edited is a fact on the timeline, with who did it."""
        super().save_related(request, form, formsets, change)
        changed = [name for name in form.changed_data if name != "seen"]
        changed += ["addresses"] if any(formset.has_changed() for formset in formsets) else []
        if changed:
            contact, now = form.instance, clock.now()
            properties = {"by": request.user.get_username(), "fields": ", ".join(changed)}
            name = "contact.edited" if change else "contact.added"
            key = f"{name}:{contact.pk}:{secrets.token_urlsafe(9)}"
            timeline.record([timeline.NewEvent(contact.pk, name, now, key, properties)], now)

    def response_post_save_change(self, request: HttpRequest, obj: Contact) -> HttpResponse:
        return person.back_to(obj)

    def response_post_save_add(self, request: HttpRequest, obj: Contact) -> HttpResponse:
        return person.back_to(obj)


def _current(contact: Contact, kind: str) -> str:
    """The address in use, from the prefetched ones: the newest of its kind."""
    mine = [address for address in contact.addresses.all() if address.kind == kind]
    newest = max(mine, key=lambda address: (address.created_at, address.pk), default=None)
    return newest.value if newest else "–"
