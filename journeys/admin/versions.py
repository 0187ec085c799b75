"""A version's page. A draft is edited here, one step at a time; a published one can only be looked at."""

from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST
from unfold.decorators import display

from compliance.admin import standing
from config import clock
from config.adminsite import HistoryAdmin, ReadOnlyAdmin
from config.adminsite.history import Difference
from journeys import blueprints, comparing, figures, histories, publishing
from journeys.admin import designing, exchange, picture
from journeys.base import steps
from journeys.blueprints import Blueprint, StepPlan
from journeys.models import Version

TONES = {Version.State.DRAFT: "info", Version.State.LIVE: "success", Version.State.RETIRED: "default"}


@admin.register(Version)
class VersionAdmin(HistoryAdmin, ReadOnlyAdmin):
    """Versions are made and published on their journey's page."""

    restore_title = "New draft from this state"
    restore_help = "The journey gets a new draft that says what this one said then; nothing else changes."

    list_display = ("__str__", "state_shown", "published_at", "published_by")
    list_filter = ("state", "journey")
    list_select_related = ("journey", "published_by")
    search_fields = ("journey__name", "journey__key")
    ordering = ("-id",)
    change_form_template = "admin/journeys/version/page.html"

    @display(description="state", label=TONES, ordering="state")
    def state_shown(self, version: Version) -> tuple[str, str]:
        return version.state, version.get_state_display()

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        version = self.get_object(request, object_id or "")
        context: dict[str, Any] = {}
        if version and self.has_view_permission(request, version):
            context = page(request, version)
        return super().changeform_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Version | None:
        if not object_id.isdecimal() or len(object_id) > 18:
            return None
        related = ("journey__brand", "published_by")
        found: Version | None = self.get_queryset(request).select_related(*related).filter(pk=object_id).first()
        return found

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/file/", view(exchange.give_out), name="journeys_version_file"),
            path("<int:pk>/draft/", view(require_POST(self.draft)), name="journeys_version_draft"),
            path("<int:pk>/entry/", view(designing.entry), name="journeys_version_entry"),
            path("<int:pk>/add-step/", view(designing.add_step), name="journeys_version_add_step"),
            path("<int:pk>/steps/<slug:key>/", view(designing.edit_step), name="journeys_version_step"),
            *(
                path(
                    f"<int:pk>/steps/<slug:key>/{verb}/",
                    view(partial(designing.act, verb=verb)),
                    name=f"journeys_version_{verb}",
                )
                for verb in designing.ACTS
            ),
            *super().get_urls(),
        ]

    def has_restore_permission(self, request: HttpRequest, thing: Any) -> bool:
        return bool(request.user.has_perm(designing.PERMISSION, thing))

    def differences(self, record: Any, now: Version | None) -> list[Difference]:
        """Columns first, then step by step."""
        then, today = histories.design(record), blueprints.of(now) if now else Blueprint()
        return [*super().differences(record, now), *histories.step_differences(then, today)]

    def restore(self, request: HttpRequest, thing: Version, record: Any) -> str:
        """A new draft that says what this one said then."""
        reason = request.POST.get("change_reason", "") or f"As {thing} was on {record.history_date:%Y-%m-%d %H:%M} UTC."
        try:
            made = publishing.draft_of(thing, request.user, histories.design(record), reason)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return ""
        messages.success(request, f"{made} is the draft now; it begins as {thing} was then.")
        return reverse("admin:journeys_version_change", args=[made.pk])

    def draft(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A new draft that says what this version says. Raises PermissionDenied, Http404."""
        version = Version.objects.select_related("journey").filter(pk=pk).first()
        if not request.user.has_perms(["journeys.view_version", designing.PERMISSION], version):
            raise PermissionDenied
        if version is None:
            raise Http404
        try:
            made = publishing.draft_of(version, request.user)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return HttpResponseRedirect(reverse("admin:journeys_version_change", args=[pk]))
        messages.success(request, f"{made} is the draft now; it begins as {version} is.")
        return HttpResponseRedirect(reverse("admin:journeys_version_change", args=[made.pk]))


def page(request: HttpRequest, version: Version) -> dict[str, Any]:
    """What the page shows."""
    design = blueprints.of(version)
    draft = version.state == Version.State.DRAFT
    problems = publishing.problems(version) if draft else []
    review = standing.of(request, version, clock.now())
    locked = bool(review["review"] and review["review"].state in review["review"].LIVE)
    return {
        **{name: value for name, value in review.items() if name != "problems"},
        "version": version,
        "tone": {"success": "good", "info": "warn"}.get(TONES[Version.State(version.state)], ""),
        "picture": picture.draw(version, None if draft else figures.funnel(version)),
        "trigger": comparing.trigger(design),
        "steps": [_line(plan, [p.sentence for p in problems if p.step == plan.key]) for plan in design.steps],
        "problems": problems,
        "revertible": not draft and request.user.has_perm(designing.PERMISSION, version),
        "editable": draft and not locked and request.user.has_perm(designing.PERMISSION, version),
        "publishable": draft and request.user.has_perm(publishing.PERMISSION, version) and publishing.approved(version),
    }


def _line(plan: StepPlan, problems: list[str]) -> dict[str, Any]:
    """A step in the list of them."""
    kind = steps.get(plan.kind)
    config, errors = blueprints.cleaned(kind, plan.config) if kind else ({}, {})
    return {
        "key": plan.key,
        "title": plan.title or plan.key,
        "kind": kind.title if kind else f"Unknown kind {plan.kind!r}",
        "icon": kind.icon if kind else "help",
        "summary": kind.summary(config) if kind and not errors else "Not finished",
        "exits": [(to, " / ".join(name for name in plan.exits if plan.exits[name] == to)) for to in _targets(plan)],
        "problems": problems,
    }


def _targets(plan: StepPlan) -> list[str]:
    return list(dict.fromkeys(plan.exits.values()))
