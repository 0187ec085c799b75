"""A declared state of emergency: marketing off in a jurisdiction at once, and on again when it is over."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from compliance.admin.law_forms import EmergencyForm, EndForm
from compliance.admin.law_rows import PERMISSION, require
from compliance.law import rule_sets
from compliance.law.rules import BanRow
from compliance.models import RuleSet
from config import clock

CODE = "state_emergency"


def urls() -> list[URLPattern]:
    """Addresses of the page and its button."""
    view = admin.site.admin_view
    return [
        path("emergencies/", view(page), name="emergencies"),
        path("emergencies/end/", view(require_POST(end)), name="emergencies_end"),
    ]


def standing() -> list[BanRow]:
    """The emergencies in the active rule set, by jurisdiction; none when no set is active."""
    active = RuleSet.objects.filter(state=RuleSet.State.ACTIVE).first()
    bans = rule_sets.content(active).bans if active else ()
    return sorted((row for row in bans if row.code == CODE), key=lambda row: row.jurisdiction)


def page(request: HttpRequest) -> HttpResponse:
    """What stands, and the form for one more."""
    if not request.user.has_perm("compliance.view_ruleset"):
        raise PermissionDenied
    form = EmergencyForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        require(request)
        if form.is_valid() and _declare(request, form):
            return HttpResponseRedirect(request.path)
    now = clock.now()
    context = {
        **admin.site.each_context(request),
        "title": "Emergencies",
        "standing": [(row, row.valid(now.date())) for row in standing()],
        "form": form,
        "may_change": request.user.has_perm(PERMISSION),
    }
    return TemplateResponse(request, "admin/compliance/ruleset/emergencies.html", context)


def end(request: HttpRequest) -> HttpResponse:
    """It is over."""
    require(request)
    form = EndForm(request.POST)
    if form.is_valid():
        name = form.cleaned_data["jurisdiction"]
        _say(
            request,
            lambda: rule_sets.switch_off(name, CODE, request.user, clock.now()),
            f"Marketing may go to {name} again",
        )
    else:
        messages.error(request, "Tick the box to confirm that it is over.")
    return HttpResponseRedirect(reverse("admin:emergencies"))


def _declare(request: HttpRequest, form: EmergencyForm) -> bool:
    ban = form.ban()
    if any(row.jurisdiction == ban.jurisdiction for row in standing()):
        form.add_error("jurisdiction", f"An emergency is declared in {ban.jurisdiction} already; end that one first.")
        return False
    done = f"From now on no marketing goes to {ban.jurisdiction}"
    return _say(request, lambda: rule_sets.switch_on(ban, request.user, clock.now()), done, form)


def _say(request: HttpRequest, change: Any, done: str, form: EmergencyForm | None = None) -> bool:
    try:
        made: RuleSet = change()
    except RuleSet.DoesNotExist:
        problems = ["No rule set is active, so there is nothing to add this to; activate one first."]
    except ValidationError as error:
        problems = error.messages
    else:
        messages.warning(request, f"{done}: rule set v{made.number} is active.")
        return True
    for sentence in problems:
        if form is None:
            messages.error(request, sentence)
        else:
            form.add_error(None, sentence)
    return False
