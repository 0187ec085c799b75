"""The page "Who may work on this": rights on one brand, template or journey, given to people and groups."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from unfold.decorators import action

from config.adminsite.options import ModelAdmin
from config.permissions import grants
from config.permissions.grants import LONGEST
from config.permissions.ground import label
from config.permissions.rights import offered

PERMISSION = "auth.change_permission"
Grant = tuple[str, str]
"""A holder, as `user:5` or `group:2`, and a codename."""


class Granting(ModelAdmin):
    """For things that rights can be given on."""

    actions_detail = ("who_may",)

    def has_grant_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Whether this reader may give and take rights."""
        return bool(request.user.has_perm(PERMISSION))

    @action(description="Who may work on this", url_path="rights", permissions=["grant"], icon="lock_person")
    def who_may(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ticks by holder and right (GET), or what became of them (POST). Raises PermissionDenied, Http404."""
        thing = self.get_object(request, object_id)
        if thing is None:
            raise Http404
        rights = list(offered(label(self.model)))
        if request.method == "POST" and self._save(request, thing, dict(rights)):
            return HttpResponseRedirect(request.path)
        found, sent = grants.on(thing), request.POST
        staff = get_user_model().objects.filter(is_active=True, is_staff=True)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Who may work on {thing}",
            "opts": self.opts,
            "original": thing,
            "rights": rights,
            "holders": [
                (_name(one), one, _kind(one), _cells(one, held, rights, request)) for one, held in found.items()
            ],
            "longest": LONGEST,
            "chosen": sent.get("holder", ""),
            "reason": sent.get("reason", ""),
            "new": sent.getlist("new"),
            "groups": [(_name(group), group) for group in Group.objects.order_by("name")],
            "people": [(_name(one), one) for one in staff.order_by("username")],
            "back": reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[thing.pk]),
        }
        return render(request, "admin/waymark/rights.html", context, status=400 if request.method == "POST" else 200)

    def _save(self, request: HttpRequest, thing: Model, rights: dict[str, str]) -> bool:
        """Only what was changed on the page: what somebody else gave meanwhile is neither seen nor taken. Whether it is done;
        otherwise a message says what it lacks."""
        shown, ticked = (_read(request.POST.getlist(name)) for name in ("shown", "right"))
        ticked |= {(request.POST.get("holder", ""), codename) for codename in request.POST.getlist("new")}
        given, taken = _known(ticked - shown, rights), _known(shown - ticked, rights)
        if given or taken:
            try:
                grants.change(thing, given, taken, request.user, request.POST.get("reason", ""))
            except ValidationError as error:
                messages.error(request, " ".join(error.messages))
                return False
            messages.success(request, f"Saved: {len(given)} given, {len(taken)} taken back. It holds from now on.")
        elif request.POST.getlist("new") or request.POST.get("holder"):
            messages.error(request, "Nothing is changed: choose a person or a group, and at least one right.")
        else:
            messages.info(request, "Nothing is changed.")
        return True


def _read(values: Iterable[str]) -> set[Grant]:
    """Ticks as they come from the page: `user:5:edit_in_brand`."""
    return {(holder, codename) for holder, _, codename in (value.rpartition(":") for value in values)}


def _known(wanted: set[Grant], rights: dict[str, str]) -> list[tuple[Any, str]]:
    """The holders themselves, without those that are gone and what is no right here."""
    models: dict[str, Any] = {"user": get_user_model(), "group": Group}
    found = []
    for name, codename in sorted(wanted):
        kind, _, pk = name.partition(":")
        if kind in models and pk.isdecimal() and len(pk) < 19 and codename in rights:
            found += [(holder, codename) for holder in models[kind]._default_manager.filter(pk=pk)]
    return found


def _cells(
    holder: Any, held: set[str], rights: Iterable[tuple[str, str]], request: HttpRequest
) -> Iterable[tuple[str, str, bool, bool]]:
    """Of each right its tick's value, its title, whether it is held, and whether it is ticked: as was sent, if something was."""
    sent = request.POST.getlist("right") if request.method == "POST" else None
    for codename, title in rights:
        value = f"{_name(holder)}:{codename}"
        yield value, title, codename in held, codename in held if sent is None else value in sent


def _name(holder: Any) -> str:
    return f"{_kind(holder)}:{holder.pk}"


def _kind(holder: Any) -> str:
    return "group" if isinstance(holder, Group) else "user"
