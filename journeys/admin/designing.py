"""The pages on which a draft is edited. Each is an ordinary form; what it writes is one change of the blueprint."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from journeys import blueprints, editing
from journeys.admin.forms import EntryForm, StepForm
from journeys.base import Step, steps, triggers
from journeys.blueprints import Blueprint, StepPlan
from journeys.models import Version

PERMISSION = "journeys.change_version"
Edit = Callable[[Blueprint], Blueprint]

ACTS: dict[str, Callable[[Blueprint, str], Blueprint]] = {
    "up": lambda design, key: editing.move(design, key, -1),
    "down": lambda design, key: editing.move(design, key, 1),
    "delete": editing.remove,
}
DONE = {"up": "Moved step {} up.", "down": "Moved step {} down.", "delete": "Took step {} out."}
"""What the history says of them."""


def entry(request: HttpRequest, pk: int) -> HttpResponse:
    """Trigger, re-entry, exit criteria and goal. `?trigger=` chooses another kind of trigger."""
    version, design = _draft(request, pk)
    key = request.GET.get("trigger") or design.trigger
    kind = triggers[key if key in triggers else "event"]
    seen = {"seen": blueprints.checksum(design)}
    form = EntryForm(kind, design, version.journey.brand, _posted(request), initial=seen)
    if form.is_valid():
        new = form.design
        if _changed(request, version, form, lambda now: replace(new, steps=now.steps)):
            messages.success(request, "The entry and its rules are saved.")
            return _back(version)
    context = {"kind": kind, "kinds": sorted(triggers, key=lambda one: one.title), "chosen_by": "trigger"}
    return _form(request, version, form, "Entry and rules", context)


def add_step(request: HttpRequest, pk: int) -> HttpResponse:
    """A new step below the step `?after=`: first its kind is chosen, then its form filled in."""
    version, design = _draft(request, pk)
    after, key = request.GET.get("after", ""), request.GET.get("kind", "")
    if key not in steps:
        return _choose(request, version, after)
    kind = steps[key]
    plan = StepPlan(_free_key(design, key), key)
    form = _step_form(request, version, design, kind, plan)
    if form.is_valid() and _changed(request, version, form, lambda now: editing.add(now, form.plan, after)):
        messages.success(request, f"The step {form.plan.title or form.plan.key} is added.")
        return _back(version)
    return _form(request, version, form, f"New step: {kind.title}", {"kind": kind})


def edit_step(request: HttpRequest, pk: int, key: str) -> HttpResponse:
    """One step's settings and exits."""
    version, design = _draft(request, pk)
    plan = next((step for step in design.steps if step.key == key), None)
    if plan is None:
        raise Http404(f"There is no step {key!r}.")
    if plan.kind not in steps:
        messages.error(request, f"The kind {plan.kind!r} of this step does not exist any more; delete the step.")
        return _back(version)
    kind = steps[plan.kind]
    form = _step_form(request, version, design, kind, plan)
    if form.is_valid() and _changed(request, version, form, lambda now: editing.put(now, key, form.plan)):
        messages.success(request, f"The step {form.plan.title or form.plan.key} is saved.")
        return _back(version)
    return _form(request, version, form, f"{plan.title or plan.key}: {kind.title}", {"kind": kind})


def act(request: HttpRequest, pk: int, key: str, verb: str) -> HttpResponse:
    """Move a step, or take it out (POST)."""
    version, _ = _draft(request, pk)
    if request.method == "POST":
        try:
            editing.change(
                version,
                lambda design: ACTS[verb](design, key),
                editor_id=request.user.pk,
                reason=DONE[verb].format(key),
            )
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
    return _back(version)


def _draft(request: HttpRequest, pk: int) -> tuple[Version, Blueprint]:
    """The draft and what it says. Raises PermissionDenied, also for a published version; Http404."""
    version = Version.objects.select_related("journey__brand").filter(pk=pk).first()
    if not request.user.has_perms(["journeys.view_version", PERMISSION], version):
        raise PermissionDenied
    if version is None:
        raise Http404
    if version.state != Version.State.DRAFT:
        raise PermissionDenied(f"{version} is published and never changes.")
    return version, blueprints.of(version)


def _step_form(request: HttpRequest, version: Version, design: Blueprint, kind: Step, plan: StepPlan) -> StepForm:
    others = [step for step in design.steps if step.key != plan.key]
    seen = {"seen": blueprints.checksum(design)}
    return StepForm(kind, plan, others, version.journey.brand, _posted(request), initial=seen)


def _posted(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _changed(request: HttpRequest, version: Version, form: Any, edit: Edit) -> bool:
    """Write the change; what cannot be written is said in the form."""
    try:
        data = form.cleaned_data
        editing.change(version, edit, data["seen"], request.user.pk, data["change_reason"])
    except ValidationError as error:
        form.add_error(None, error)
        return False
    return True


def _free_key(design: Blueprint, kind: str) -> str:
    """A key for a new step that nobody has: `wait`, `wait-2` …"""
    base, taken = kind.replace("_", "-"), {step.key for step in design.steps}
    return next(
        key for number in range(1, len(taken) + 2) if (key := base if number == 1 else f"{base}-{number}") not in taken
    )


def _back(version: Version) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:journeys_version_change", args=[version.pk]))


def _frame(version: Version, title: str) -> dict[str, Any]:
    return {
        "title": title,
        "opts": Version._meta,
        "original": version,
        "version": version,
        "back": reverse("admin:journeys_version_change", args=[version.pk]),
    }


def _form(request: HttpRequest, version: Version, form: Any, title: str, context: dict[str, Any]) -> HttpResponse:
    context = {**admin.site.each_context(request), **_frame(version, title), "form": form, **context}
    return render(request, "admin/journeys/version/form.html", context, status=400 if form.errors else 200)


def _choose(request: HttpRequest, version: Version, after: str) -> HttpResponse:
    context = {
        **_frame(version, "Which kind of step?"),
        "kinds": sorted(steps, key=lambda kind: kind.title),
        "after": after,
    }
    return render(request, "admin/journeys/version/choose.html", {**admin.site.each_context(request), **context})
