"""Journeys: the list, and one page with picture, figures, problems, versions and what may be done."""

from datetime import datetime
from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import F, Max, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import URLPattern, path
from unfold.decorators import display

from compliance import reviews
from config import clock
from config.adminsite import Granting, HistoryAdmin
from config.permissions import somewhere
from journeys import figures, publishing
from journeys.admin import exchange, picture, verbs
from journeys.models import Journey, Version

TONES = {
    Journey.State.DRAFT: "info",
    Journey.State.LIVE: "success",
    Journey.State.PAUSED: "warning",
    Journey.State.ARCHIVED: "default",
}


@admin.register(Journey)
class JourneyAdmin(Granting, HistoryAdmin):
    """A journey is edited in its draft and acted on by verbs; the form here holds its name and owner only."""

    list_display = ("name", "state_shown", "version_shown", "inside", "brand", "owner", "published")
    list_filter = ("state", "brand", "priority")
    list_select_related = ("brand", "owner")
    search_fields = ("name", "key")
    search_help_text = "Name or key"
    prepopulated_fields = {"key": ("name",)}
    fields = (
        ("name", "key"),
        ("brand", "priority"),
        ("owner", "technical_owner"),
        "compliance_reviewer",
        "description",
    )
    change_list_template = "admin/journeys/journey/list.html"
    change_form_outer_before_template = "admin/journeys/journey/page.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Journey]:
        live = Version.objects.filter(journey=OuterRef("pk"), state=Version.State.LIVE).values("number")[:1]
        found: QuerySet[Journey] = super().get_queryset(request)
        return found.annotate(live_number=Subquery(live), last_published=Max("versions__published_at"))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        may_import = somewhere(request.user, "journeys.change_version")
        return super().changelist_view(request, {"may_import": may_import, **(extra_context or {})})

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """With the figures of the shown page, in one query."""
        found = super().get_changelist_instance(request)
        found.result_list = list(found.result_list)
        counted = figures.journeys(found.result_list)
        for journey in found.result_list:
            journey.figures = counted.get(journey.pk)
        return found

    @display(description="state", label=TONES, ordering="state")
    def state_shown(self, journey: Journey) -> tuple[str, str]:
        return journey.state, journey.get_state_display()

    @admin.display(description="live version", ordering="live_number")
    def version_shown(self, journey: Any) -> str:
        return f"v{journey.live_number}" if journey.live_number else "–"

    @admin.display(description="people inside")
    def inside(self, journey: Any) -> str:
        return f"{journey.figures.inside:,}" if journey.figures else "–"

    @admin.display(description="last published", ordering=F("last_published").desc(nulls_last=True))
    def published(self, journey: Any) -> datetime | None:
        found: datetime | None = journey.last_published
        return found

    def get_readonly_fields(self, request: HttpRequest, obj: Journey | None = None) -> tuple[str, ...]:
        return ("brand", "key") if obj else ()

    def get_prepopulated_fields(self, request: HttpRequest, obj: Journey | None = None) -> Any:
        return {} if obj else self.prepopulated_fields

    def has_delete_permission(self, request: HttpRequest, obj: Journey | None = None) -> bool:
        """Journeys are archived: what they did must stay explainable."""
        return False

    def save_model(self, request: HttpRequest, obj: Journey, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            publishing.new_draft(obj, request.user)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        journey = self.get_object(request, object_id) if object_id else None
        context: dict[str, Any] = {}
        if journey and self.has_view_permission(request, journey):
            context = page(request, journey, clock.now())
        return super().changeform_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        doing = [
            path(f"<int:pk>/{key}/", view(partial(verbs.do, key=key)), name=f"journeys_journey_{key}")
            for key in verbs.VERBS
        ]
        return [
            path("import/", view(exchange.take_in), name="journeys_journey_import"),
            *doing,
            *super().get_urls(),
        ]


def page(request: HttpRequest, journey: Journey, now: datetime) -> dict[str, Any]:
    """What a journey's page shows: of the live version, else of the newest one."""
    versions = list(journey.versions.select_related("journey__brand", "published_by").order_by("-number"))
    draft = next((v for v in versions if v.state == Version.State.DRAFT), None)
    live = next((v for v in versions if v.state == Version.State.LIVE), None)
    shown = live or next((v for v in versions if v.state == Version.State.RETIRED), None) or draft
    funnel = figures.funnel(shown) if shown and shown.published_at else None
    problems = publishing.problems(draft) if draft else []
    return {
        "journey": journey,
        "may_edit": request.user.has_perm("journeys.change_version", journey),
        "tone": {"success": "good", "warning": "warn"}.get(TONES[Journey.State(journey.state)], ""),
        "versions": versions,
        "draft": draft,
        "live": live,
        "shown": shown,
        "funnel": funnel,
        "picture": picture.draw(shown, funnel) if shown else "",
        "problems": problems,
        "verbs": verbs.offered(
            request,
            journey,
            drafted=draft is not None,
            ready=draft is not None and not problems and publishing.approved(draft),
            live=live is not None,
        ),
        "review": reviews.live(draft) if draft else None,
        "cards": figures.board.draw(request, shown, now) if shown and shown.published_at else [],
    }
