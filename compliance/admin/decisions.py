"""Why a message left or did not: the gate's judgements with every verdict, as a list and as a trace on a message's page."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.defaultfilters import date
from unfold.contrib.filters.admin import TextFilter
from unfold.decorators import display

from channels.admin import messages
from channels.models import Message
from compliance import gate
from compliance.base import Verdict, rules
from compliance.models import Decision
from config.adminsite import ReadOnlyAdmin
from config.cards import Card
from contacts import zones

TONES = {Decision.Outcome.ALLOW: "success", Decision.Outcome.WAIT: "warning", Decision.Outcome.DENY: "danger"}


class ReasonFilter(TextFilter):
    """The code of the deciding verdict."""

    title = "reason, e.g. no_consent"
    parameter_name = "reason"

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(reason=self.value()) if self.value() else queryset


@dataclass(frozen=True, slots=True)
class Trace:
    """A decision for reading. `wall` is its instant on the contact's own clock, in the zone that the gate believed in."""

    decision: Decision
    verdicts: list[tuple[str, Verdict]]
    wall: str
    zone: str
    zone_source: str


def trace(decision: Decision) -> Trace:
    """Every verdict with its rule's title, the strictest first."""
    zone = str(decision.evidence.get("zone") or "")
    wall = date(decision.decided_at.astimezone(zones.zone(zone)), "j M Y, H:i") if zones.known(zone) else ""
    verdicts = [(rules[found.rule].title if found.rule in rules else found.rule, found) for found in decision.trace()]
    return Trace(decision, verdicts, wall, zone, str(decision.evidence.get("zone_source") or "unknown"))


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin):
    """Append-only."""

    list_display = ("number", "about", "outcome_shown", "reason", "until", "decided_at")
    list_filter = ("outcome", ReasonFilter)
    list_filter_submit = True
    list_select_related = ("message__template", "message__contact", "message__test")
    ordering = ("-id",)
    search_fields = ("=message__id",)
    search_help_text = "The number of a message."
    change_form_template = "admin/compliance/decision/page.html"

    @admin.display(description="decision", ordering="id")
    def number(self, decision: Decision) -> str:
        return f"#{decision.pk}"

    @admin.display(description="message")
    def about(self, decision: Decision) -> str:
        return f"{decision.message.template.name} to {decision.message.addressee}"

    @display(description="outcome", label=TONES, ordering="outcome")
    def outcome_shown(self, decision: Decision) -> tuple[str, str]:
        return decision.outcome, decision.get_outcome_display()

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        decision = self.get_object(request, object_id or "")
        context = {"traces": [trace(decision)] if decision else [], "message": decision.message if decision else None}
        return super().changeform_view(request, object_id, form_url, {**context, **(extra_context or {})})


def card(request: HttpRequest, message: Message, now: datetime) -> dict[str, Any]:
    """Every judgement of this message, in order."""
    return {"traces": [trace(decision) for decision in gate.explain(message)], "message": message}


messages.cards.register(
    Card("why", "Why", "admin/compliance/decision/trace.html", card, "compliance.view_decision", order=10)
)
