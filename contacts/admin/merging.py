"""Merging a person with another contact, side by side first; and undoing it."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from unfold.widgets import UnfoldAdminTextInputWidget

from config import clock
from contacts import merging, panels
from contacts.admin import person, search
from contacts.merging import preview
from contacts.models import Contact, Merge

PERMISSION = "contacts.merge_contact"
SOURCE = "admin"
SEVERAL = 5


class OtherForm(forms.Form):
    """Who the other contact is."""

    other = forms.CharField(
        label="Other contact",
        max_length=320,
        widget=UnfoldAdminTextInputWidget,
        help_text="Number of the contact (as in the address of its page), external ID, mail address or phone number.",
    )

    def __init__(self, *args: Any, kept: Contact, **options: Any) -> None:
        super().__init__(*args, **options)
        self.kept = kept

    def clean_other(self) -> Contact:
        said = self.cleaned_data["other"].strip()
        people = Contact.objects.filter(merged_into=None)
        found = people.filter(pk=int(said)) if said.isdecimal() and len(said) < 19 else people.none()
        others = list(found or people.filter(pk__in=search.exactly(said)).exclude(pk=self.kept.pk)[:SEVERAL])
        if not others:
            raise forms.ValidationError(f"No other contact is known by {said!r}.")
        if len(others) > 1:
            numbers = ", ".join(str(one.pk) for one in others)
            raise forms.ValidationError(f"Several contacts are known by {said!r}; write the number of one: {numbers}.")
        if others[0].pk == self.kept.pk:
            raise forms.ValidationError("This is the same contact; choose another one.")
        return others[0]


def merge(request: HttpRequest, contact_id: int) -> HttpResponse:
    """Ask who the other one is, show both side by side, and merge them when that is confirmed. Raises PermissionDenied."""
    kept = person.allowed(request, contact_id, PERMISSION)
    form = OtherForm(request.POST or request.GET or None, kept=kept)
    other = form.cleaned_data["other"] if form.is_valid() else None
    if request.method == "POST" and other:
        try:
            merging.merge(kept.pk, other.pk, clock.now(), source=SOURCE, by=request.user.pk)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"Contact {other.pk} is part of this one now.")
            return person.back_to(kept)
    context = {
        **admin.site.each_context(request),
        **person.frame(kept, f"Merge {kept} with another contact"),
        "form": form,
        "other": other,
        "lines": preview.lines(kept, other, clock.now()) if other else (),
        "back": reverse("admin:contacts_contact_change", args=[kept.pk]),
    }
    return render(request, "admin/contacts/contact/merge.html", context)


def undo(request: HttpRequest, contact_id: int) -> HttpResponse:
    """Ask whether it is meant, then part the two again. Raises PermissionDenied, Http404."""
    kept = person.allowed(request, contact_id, PERMISSION)
    number = request.GET.get("merge", "")
    made = get_object_or_404(Merge, kept=kept, undone_at=None, pk=int(number) if number.isdecimal() else 0)
    form = forms.Form(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            merging.unmerge(made, clock.now(), by=request.user.pk)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"Contact {made.other_id} is a contact of its own again.")
            return HttpResponseRedirect(reverse("admin:contacts_contact_change", args=[made.other_id]))
    intro = (
        f"Contact {made.other_id} gets back what came from it: IDs, addresses, timeline, messages and journeys. What has "
        "happened since stays here. What either has refused, both have refused; what only the other had allowed, this one "
        "allows no more."
    )
    return person.form_page(request, kept, form, "Undo the merge", "Make two of them again", intro)


def merges(request: HttpRequest, contact: Contact, now: datetime) -> dict[str, Any]:
    """Who was merged into this person, and what may be done about it."""
    standing = Merge.objects.filter(kept=contact, undone_at=None).select_related("other", "merged_by")
    return {"contact": contact, "merges": standing.order_by("-pk"), "may_merge": request.user.has_perm(PERMISSION)}


panels.board.register(
    panels.Card("merges", "Identity", "admin/contacts/panels/merges.html", merges, "contacts.merge_contact", order=75)
)
