"""As whom a version is previewed."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from contacts import addresses
from contacts.models import Address, Contact

VIEW_CONTACTS = "contacts.view_contact"


def contact(request: HttpRequest, wanted: str) -> Contact | None:
    """The person with this number, ID or address; None (a made-up one) for nobody, and for those who may not see people."""
    wanted = wanted.strip()
    if not wanted or not request.user.has_perm(VIEW_CONTACTS):
        return None
    if wanted.isdecimal() and len(wanted) < 19 and (found := Contact.objects.filter(pk=int(wanted)).first()):
        return found
    if found := Contact.objects.filter(external_id=wanted).first():
        return found
    newest = addressed(wanted).select_related("contact").order_by("-created_at").first()
    return newest.contact if newest else None


def choice(request: HttpRequest) -> dict[str, Any]:
    """What the preview's form shows: the newest contact, unless another one is chosen."""
    newest = Contact.objects.order_by("-id").first() if request.user.has_perm(VIEW_CONTACTS) else None
    return {"reader": newest, "may_choose": request.user.has_perm(VIEW_CONTACTS)}


def addressed(value: str) -> QuerySet[Address]:
    """The addresses that are written like this, in whatever spelling."""
    kind = Address.Kind.EMAIL if "@" in value else Address.Kind.PHONE
    try:
        return Address.objects.filter(kind=kind, value=addresses.normalise(kind, value))
    except ValueError:
        return Address.objects.none()
