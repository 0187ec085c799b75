"""Requests under the GDPR: their list with due dates, the export of a person, and erasing one."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import F
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from compliance import access, chain, erasure, privacy
from compliance.models import ErasureRecord, PrivacyRequest
from config import clock
from config.adminsite import HistoryAdmin, ReadOnlyAdmin
from config.cards import Card
from contacts import panels
from contacts.admin import people
from contacts.models import Address, Contact

EXPORT, EVIDENCE = "compliance.export_personal_data", "compliance.export_evidence"
SOON = timedelta(days=7)
TONES = {"done": "success", "due": "info", "due soon": "warning", "overdue": "danger"}
SHOWN = 5


class RequestForm(forms.ModelForm):
    """A request, as it came in."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if "received_at" in self.fields:
            self.fields["received_at"].initial = clock.now

    def clean_received_at(self) -> datetime:
        said: datetime = self.cleaned_data["received_at"]
        if said > clock.now():
            raise forms.ValidationError("This lies in the future; write when it came in.")
        return said


@admin.register(PrivacyRequest)
class PrivacyRequestAdmin(HistoryAdmin):
    """Never deleted: that and when somebody was answered must be shown. What they wrote goes with their erasure."""

    form = RequestForm
    list_display = ("what", "who", "received_at", "due_at", "standing", "done_by")
    list_filter = ("kind", ("done_at", admin.EmptyFieldListFilter))
    list_select_related = ("contact", "done_by")
    ordering = (F("done_at").desc(nulls_first=True), "due_at", "pk")
    sortable_by = ()
    autocomplete_fields = ("contact",)
    search_fields = ("address",)
    search_help_text = "The address that somebody wrote from."
    fields = ("kind", "contact", "address", "received_at", "extended_because", "note")
    change_form_outer_before_template = "admin/compliance/privacy/standing.html"

    @admin.display(description="request")
    def what(self, request: PrivacyRequest) -> str:
        return str(request)

    @admin.display(description="who")
    def who(self, request: PrivacyRequest) -> str:
        return str(request.contact or request.address or "erased")

    @display(description="state", label=TONES)
    def standing(self, request: PrivacyRequest) -> str:
        return standing(request, clock.now())

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.finish))
        return [path("<int:pk>/done/", view, name="compliance_privacyrequest_done"), *super().get_urls()]

    def finish(self, request: HttpRequest, pk: int) -> HttpResponse:
        """It is answered. Raises PermissionDenied, Http404."""
        found = get_object_or_404(PrivacyRequest, pk=pk)
        try:
            privacy.finish(found, request.user, clock.now())
            messages.success(request, f"{found} is done.")
        except ValidationError as error:
            messages.error(request, error.messages[0])
        return HttpResponseRedirect(reverse("admin:compliance_privacyrequest_changelist"))

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        found = self.get_object(request, object_id) if object_id else None
        context = {"found": found, "state": standing(found, clock.now()) if found else ""}
        return super().changeform_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: PrivacyRequest | None = None) -> bool:
        """What is done stays as it is."""
        return bool(super().has_change_permission(request, obj)) and not (obj and obj.done_at)


@admin.register(ErasureRecord)
class ErasureRecordAdmin(ReadOnlyAdmin):
    """Append-only."""

    list_display = ("contact_number", "erased_at", "erased_by", "reason", "request")
    list_select_related = ("erased_by", "request")
    sortable_by = ()
    search_fields = ("=contact_number",)
    search_help_text = "The number that the contact had."


class ErasureForm(forms.Form):
    """Why, and that it is meant."""

    reason = forms.CharField(
        max_length=300,
        widget=UnfoldAdminTextInputWidget,
        help_text="Kept as proof, so name nobody: for example request #12, art. 17(1)(b).",
    )
    others = forms.BooleanField(required=False, widget=UnfoldBooleanWidget)
    sure = forms.BooleanField(
        label="I am sure: this cannot be undone",
        widget=UnfoldBooleanWidget,
        error_messages={"required": "Tick the box to confirm."},
    )

    def __init__(self, *args: Any, others: int, **options: Any) -> None:
        super().__init__(*args, **options)
        if others:
            self.fields[
                "others"
            ].label = f"Also erase the {others} other contact{'s' * (others > 1)} with the same address"
        else:
            del self.fields["others"]


def standing(request: PrivacyRequest, now: datetime) -> str:
    """done, overdue, due soon (a week) or due."""
    if request.done_at:
        return "done"
    if request.due_at <= now:
        return "overdue"
    return "due soon" if request.due_at <= now + SOON else "due"


def erase(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask whether it is meant, then erase the person. Raises PermissionDenied, Http404."""
    if not request.user.has_perm(erasure.PERMISSION):
        raise PermissionDenied
    contact = get_object_or_404(Contact, pk=pk)
    others = _sharing(contact)
    form = ErasureForm(request.POST or None, others=len(others))
    if form.is_valid():
        ids = [contact.pk, *(others if form.cleaned_data.get("others") else ())]
        try:
            records = erasure.erase(ids, request.user, form.cleaned_data["reason"], clock.now())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _done(records))
            return HttpResponseRedirect(reverse("admin:contacts_contact_changelist"))
    context = {
        **admin.site.each_context(request),
        "title": f"Erase {contact}",
        "opts": Contact._meta,
        "original": contact,
        "form": form,
        "intro": _intro(contact),
        "submit": "Erase for good",
        "back": reverse("admin:contacts_contact_change", args=[pk]),
    }
    return render(request, "admin/waymark/form.html", context)


def _intro(contact: Contact) -> str:
    return (
        f"Everything about {contact} is deleted: profile, addresses, timeline, messages with their words, decisions, "
        "journeys. Messages that wait are never sent. Kept without the person are the keyed hash of each address, so that "
        "a later import is not written to, and what was allowed and taken back. Other systems that send us data about the "
        "person must erase them too."
    )


def _sharing(contact: Contact) -> list[int]:
    """Other contacts with an address of this one."""
    digests = contact.addresses.order_by().values("digest")
    found = Address.objects.filter(digest__in=digests).exclude(contact=contact).order_by("contact_id")
    return list(found.values_list("contact_id", flat=True).distinct())


def _done(records: list[ErasureRecord]) -> str:
    rows, waiting = sum(sum(one.counts.values()) for one in records), sum(len(one.blocked) for one in records)
    who = f"Contact {records[0].contact_number} is" if len(records) == 1 else f"{len(records)} contacts are"
    held = f" {waiting} waiting message{'s' * (waiting != 1)} will not be sent." if waiting else ""
    return f"{who} erased, with {rows:,} rows.{held}"


def export(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Everything that is known about a person. Raises PermissionDenied, Http404."""
    if not request.user.has_perm(EXPORT):
        raise PermissionDenied
    contact, now = get_object_or_404(Contact, pk=pk), clock.now()
    chain.append("personal.exported", now=now, actor=request.user.pk, subject=contact, payload={"what": "access"})
    headers = {"Content-Disposition": f'attachment; filename="contact-{pk}.zip"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(access.export(contact, now), content_type="application/zip", headers=headers)


def urls() -> list[URLPattern]:
    """Addresses below a contact's."""
    view = admin.site.admin_view
    return [
        path("<int:pk>/access.zip", view(export), name="contacts_contact_access"),
        path("<int:pk>/erase/", view(erase), name="contacts_contact_erase"),
    ]


def card(request: HttpRequest, contact: Contact, now: datetime) -> dict[str, Any]:
    """The person's requests, and what can be done about them."""
    allowed = request.user.has_perm
    return {
        "contact": contact,
        "now": now,
        "requests": PrivacyRequest.objects.filter(contact=contact).order_by("-received_at")[:SHOWN],
        "may_export": allowed(EXPORT),
        "may_evidence": allowed(EVIDENCE),
        "may_add": allowed("compliance.add_privacyrequest"),
        "may_erase": allowed(erasure.PERMISSION),
    }


people.extra_urls.append(urls)
panels.board.register(
    Card(
        "privacy",
        "Data protection",
        "admin/compliance/privacy/card.html",
        card,
        "compliance.view_privacyrequest",
        order=80,
    )
)
