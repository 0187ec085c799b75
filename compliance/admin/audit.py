"""The audit log: who did what and when, to be read and filtered; and on the home page, whether the chain was verified."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import Model, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import DropdownFilter, RangeDateTimeFilter, TextFilter

from compliance.chain import kinds, standing
from compliance.models import AuditEntry
from config import home
from config.adminsite import ReadOnlyAdmin

LONGEST = 300


class KindFilter(DropdownFilter):
    """What was done."""

    title, parameter_name = "what was done", "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return kinds.registered().items()

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class ActorFilter(TextFilter):
    """The user name of who did it."""

    title, parameter_name = "user name", "by"

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        users = get_user_model().objects.filter(username=self.value())
        return queryset.filter(actor__in=users.values("pk")) if self.value() else queryset


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Append-only and chained; `manage.py audit verify` tells whether it is whole."""

    list_display = ("shown", "what", "who", "about", "at")
    list_filter = (KindFilter, ActorFilter, ("at", RangeDateTimeFilter))
    list_filter_submit = True
    list_select_related = False
    ordering = ("-number",)
    search_fields = ("=subject_id",)
    search_help_text = "The number of an entry, or what it is about with its ID, e.g. contact 42."
    fields = ("shown", "what", "who", "about", "at", "said", "previous", "hash")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        name = get_user_model().objects.filter(pk=OuterRef("actor")).values("username")
        return super().get_queryset(request).annotate(by=Subquery(name))

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """By number, or by subject: both have an index."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if term.isdecimal() and len(term) < 19:
            return queryset.filter(pk=int(term)), False
        about, _, pk = term.rpartition(" ") if any(map(str.isdigit, term.split()[-1])) else (term, "", "")
        found = queryset.filter(subject_type=_labels().get(about.lower(), about.lower()))
        return found.filter(subject_id=pk) if pk else found, False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm("compliance.view_auditentry")

    @admin.display(description="entry", ordering="number")
    def shown(self, entry: AuditEntry) -> str:
        return f"#{entry.number}"

    @admin.display(description="what was done", ordering="kind")
    def what(self, entry: AuditEntry) -> str:
        return kinds.title(entry.kind)

    @admin.display(description="by")
    def who(self, entry: AuditEntry) -> str:
        """A user who is gone has only a number."""
        if entry.actor is None:
            return "the product"
        return getattr(entry, "by", None) or f"user {entry.actor}"

    @admin.display(description="about")
    def about(self, entry: AuditEntry) -> str:
        return f"{_called(entry.subject_type)} {entry.subject_id}".strip() or "–"

    @admin.display(description="what it says")
    def said(self, entry: AuditEntry) -> SafeString:
        """Without what only the machine reads."""
        told = {name: _short(value) for name, value in entry.payload.items()}
        return format_html('<pre class="wm-pre" tabindex="0">{}</pre>', json.dumps(told, indent=2, ensure_ascii=False))


def _called(label: str) -> str:
    """A model as people call it; what is no model (any more) as it is written."""
    try:
        return str(apps.get_model(label)._meta.verbose_name) if "." in label else label
    except LookupError:
        return label


def _labels() -> dict[str, str]:
    """The other way round."""
    return {str(model._meta.verbose_name).lower(): model._meta.label_lower for model in apps.get_models()}


def _short(value: Any) -> Any:
    return f"{value[:LONGEST]}…" if isinstance(value, str) and len(value) > LONGEST else value


def card(request: HttpRequest, now: datetime) -> dict[str, Any]:
    """Whether the chain was found whole, and when."""
    return {"chain": standing.current(), "now": now}


home.register(
    home.Card(
        "audit",
        "Audit log",
        "admin/compliance/audit/card.html",
        card,
        permission="compliance.view_auditentry",
        order=60,
    )
)
