"""One person's page: made of cards (contacts/panels.py), with what may be done about them."""

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from config import clock
from contacts import consents, panels
from contacts.admin.forms import ConsentForm, WithdrawalForm
from contacts.models import ConsentState, Contact

SOURCE = "admin"
OVERRIDE = "contacts.override_consent"


def page(model_admin: Any, request: HttpRequest, contact_id: str) -> HttpResponse:
    """Who they are, what they allow, what happened. Raises PermissionDenied."""
    contact = _contact(contact_id)
    if not model_admin.has_view_permission(request, contact):
        raise PermissionDenied
    if contact.merged_into:
        messages.info(request, f"Contact {contact.pk} was merged into this one.")
        return back_to(contact.merged_into)
    now = clock.now()
    drawn = panels.board.draw(request, contact, now)
    context = {
        **frame(contact, str(contact)),
        "local": _local(contact, now),
        "initials": _initials(contact),
        "narrow": [card for card in drawn if not card.card.wide],
        "wide": [card for card in drawn if card.card.wide],
        "may_edit": model_admin.has_change_permission(request, contact),
    }
    return render(request, "admin/contacts/contact/page.html", {**admin.site.each_context(request), **context})


def grant(request: HttpRequest, contact_id: int) -> HttpResponse:
    """Record a consent that was given elsewhere, with how we know. Raises PermissionDenied."""
    contact = allowed(request, contact_id, OVERRIDE)
    form = ConsentForm(request.POST or None)
    if form.is_valid():
        data, now = form.cleaned_data, clock.now()
        consents.grant(
            contact.pk,
            data["topic"].pk,
            data["channel"],
            basis=data["basis"],
            source=SOURCE,
            now=now,
            occurred_at=data["occurred_at"],
            wording=data["wording"],
            proof=_proof(request, data["reason"]),
        )
        messages.success(request, f"Recorded: {contact} allows {data['topic']} by {data['channel']}.")
        return back_to(contact)
    intro = "Only for a consent that you can prove. It goes into the ledger with your name and cannot be deleted, only withdrawn."
    return form_page(request, contact, form, "Record a consent", "Record it", intro)


def withdraw(request: HttpRequest, contact_id: int) -> HttpResponse:
    """Take a consent back for the person, with how they said so. Raises PermissionDenied, Http404."""
    contact = allowed(request, contact_id, "contacts.change_consentstate")
    known = ConsentState.objects.filter(contact=contact).exclude(state=consents.WITHDRAWN).select_related("topic")
    topic = request.GET.get("topic", "")
    place = {"topic_id": topic if topic.isdecimal() else 0, "channel": request.GET.get("channel", "")}
    state = get_object_or_404(known, **place)
    form = WithdrawalForm(request.POST or None)
    if form.is_valid():
        proof = _proof(request, form.cleaned_data["reason"])
        consents.withdraw(contact.pk, state.topic_id, state.channel, source=SOURCE, now=clock.now(), proof=proof)
        messages.success(request, f"Withdrawn: {contact} gets no more {state.topic} by {state.channel}.")
        return back_to(contact)
    intro = f"{contact} will get no more {state.topic} by {state.channel}, from this moment on."
    return form_page(request, contact, form, "Withdraw a consent", "Withdraw it", intro)


def back_to(contact: Contact) -> HttpResponseRedirect:
    """To the person's page."""
    return HttpResponseRedirect(reverse("admin:contacts_contact_change", args=[contact.pk]))


def _contact(contact_id: Any) -> Contact:
    return get_object_or_404(Contact, pk=contact_id if str(contact_id).isdecimal() else 0)


def allowed(request: HttpRequest, contact_id: int, permission: str) -> Contact:
    """The contact, for somebody who may see it and has this permission too. Raises PermissionDenied, Http404."""
    if not request.user.has_perms(["contacts.view_contact", permission]):
        raise PermissionDenied
    return _contact(contact_id)


def _proof(request: HttpRequest, reason: str) -> dict[str, str]:
    return {"by": request.user.get_username(), "reason": reason}


def form_page(request: HttpRequest, contact: Contact, form: Any, title: str, submit: str, intro: str) -> HttpResponse:
    """A page about the person with one small form."""
    back = reverse("admin:contacts_contact_change", args=[contact.pk])
    context = {**frame(contact, title), "form": form, "submit": submit, "intro": intro, "back": back}
    return render(request, "admin/waymark/form.html", {**admin.site.each_context(request), **context})


def frame(contact: Contact, title: str) -> dict[str, Any]:
    """What every page about the person tells its template."""
    return {"title": title, "opts": Contact._meta, "original": contact, "contact": contact}


def _local(contact: Contact, now: datetime) -> datetime | None:
    """The person's wall clock; None if their zone is unknown."""
    zone = panels.zone_of(contact)
    return now.astimezone(zone) if zone else None


def _initials(contact: Contact) -> str:
    return "".join(word[0] for word in contact.name.split()[:2]).upper() or "?"
