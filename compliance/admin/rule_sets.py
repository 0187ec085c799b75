"""Rule sets: the list, a set's page, a new draft, what a draft changes, activation, and tables as CSV."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST
from unfold.decorators import display

from compliance.admin import emergencies, law_rows, law_tables, what_if
from compliance.admin.law_forms import TABLE_LABELS, ActivateForm, UploadForm
from compliance.law import drafts, rule_sets, tables
from compliance.law.rules import Tables
from compliance.models import Ban, LawRow, RuleSet, StatutoryCap
from config import clock
from config.adminsite import ReadOnlyAdmin

State = RuleSet.State
TONES = {State.DRAFT: "warning", State.ACTIVE: "success", State.RETIRED: "info"}
PERMISSION = law_rows.PERMISSION
MISTAKES_SHOWN = 50


def _rows(model: Any) -> Any:
    counted = model.objects.filter(rule_set=OuterRef("pk")).order_by().values("rule_set").annotate(n=Count("pk"))
    return Coalesce(Subquery(counted.values("n")), 0)


@admin.register(RuleSet)
class RuleSetAdmin(ReadOnlyAdmin):
    """The law, version by version. What was ever active is only read."""

    list_display = ("title", "state_shown", "as_of", "rows", "by", "seal", "note")
    list_filter = ("state",)
    list_select_related = ("activated_by",)
    ordering = ("-number",)
    sortable_by = ()
    list_before_template = "admin/compliance/ruleset/list_head.html"

    @admin.display(description="rule set")
    def title(self, rule_set: RuleSet) -> str:
        return f"Rule set v{rule_set.number}"

    @display(description="state", label=TONES)
    def state_shown(self, rule_set: RuleSet) -> tuple[str, str]:
        return rule_set.state, rule_set.get_state_display()

    @admin.display(description="as of")
    def as_of(self, rule_set: RuleSet) -> Any:
        return rule_set.activated_at.date() if rule_set.activated_at else "not active yet"

    @admin.display(description="rows")
    def rows(self, rule_set: RuleSet) -> int:
        return sum(getattr(rule_set, name) for name in ("law_rows", "ban_rows", "cap_rows"))

    @admin.display(description="activated by")
    def by(self, rule_set: RuleSet) -> str:
        return str(rule_set.activated_by or ("the product" if rule_set.activated_at else "–"))

    @admin.display(description="checksum")
    def seal(self, rule_set: RuleSet) -> str:
        return rule_set.checksum[:12] or "–"

    def get_queryset(self, request: HttpRequest) -> QuerySet[RuleSet]:
        found: QuerySet[RuleSet] = super().get_queryset(request)
        return found.annotate(law_rows=_rows(LawRow), ban_rows=_rows(Ban), cap_rows=_rows(StatutoryCap))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {"may_change": may_change(request), **(extra_context or {})})

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        pages = (("changes", self.changes), ("activate", self.activate), ("upload", self.upload))
        return [
            path("draft/", view(require_POST(self.draft)), name="compliance_ruleset_draft"),
            path("<int:pk>/discard/", view(require_POST(self.discard)), name="compliance_ruleset_discard"),
            path("<int:pk>/download/<str:table>.csv", view(self.download), name="compliance_ruleset_download"),
            *(path(f"<int:pk>/{name}/", view(page), name=f"compliance_ruleset_{name}") for name, page in pages),
            *law_rows.urls(),
            *emergencies.urls(),
            *what_if.urls(),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The set for reading, a table at a time."""
        self._require_view(request)
        rule_set = get_object_or_404(_people(), pk=object_id if object_id.isdecimal() else 0)
        table = request.GET.get("table", "hours")
        if table not in TABLE_LABELS:
            raise Http404
        rows, whole = drafts.placed(rule_set, table), rule_sets.content(rule_set)
        form = law_tables.FilterForm(request.GET, rows)
        lines = [law_tables.line(placed) for placed in form.chosen(rows)]
        draft = rule_set.state == State.DRAFT
        context = {
            **_frame(rule_set, f"Rule set v{rule_set.number}"),
            "table": table,
            "table_title": TABLE_LABELS[table],
            "tabs": [(name, title, law_tables.count(whole)[name]) for name, title in TABLE_LABELS.items()],
            "filter": form,
            "lines": lines,
            "all_rows": len(rows),
            "draft": draft,
            "may_edit": draft and may_change(request),
            "may_change": may_change(request),
            "tampered": not draft and whole.checksum() != rule_set.checksum,
        }
        return self._page(request, "page", context)

    def draft(self, request: HttpRequest) -> HttpResponse:
        """A new draft from the active set."""
        law_rows.require(request)
        try:
            made = rule_sets.copy_of_active(clock.now(), user=request.user)
        except RuleSet.DoesNotExist:
            messages.error(request, "No rule set is active, so there is nothing to copy; activate one first.")
            return HttpResponseRedirect(reverse("admin:compliance_ruleset_changelist"))
        messages.success(
            request, f"Rule set v{made.number} is a draft now. Nothing is judged by it until it is activated."
        )
        return law_rows.back_to(made)

    def discard(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Throw a draft away."""
        law_rows.require(request)
        rule_set = get_object_or_404(RuleSet, pk=pk)
        try:
            drafts.discard(rule_set, now=clock.now(), user=request.user)
        except ValidationError as error:
            messages.error(request, error.messages[0])
            return law_rows.back_to(rule_set)
        messages.success(request, f"The draft v{rule_set.number} is discarded.")
        return HttpResponseRedirect(reverse("admin:compliance_ruleset_changelist"))

    def changes(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What this set has that the active one has not, and the other way round."""
        self._require_view(request)
        rule_set = get_object_or_404(RuleSet, pk=pk)
        title = f"Rule set v{rule_set.number} against the active one"
        return self._page(request, "changes", {**_frame(rule_set, title), **_against_active(rule_set)})

    def activate(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The changes once more, and the question."""
        rule_set = law_rows.draft(request, pk)
        against = _against_active(rule_set)
        form = ActivateForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and request.POST.get("against") != against["checksum"]:
            messages.error(
                request, "The draft or the active rule set has changed since you read this; read the changes again."
            )
            return HttpResponseRedirect(request.path)
        if form.is_valid():
            try:
                rule_sets.activate(rule_set, request.user, clock.now(), form.cleaned_data["reason"])
            except ValidationError as error:
                for sentence in error.messages:
                    form.add_error(None, sentence)
            else:
                messages.success(
                    request, f"Rule set v{rule_set.number} is active: every message is judged by it from now on."
                )
                return law_rows.back_to(rule_set)
        context = {**_frame(rule_set, f"Activate rule set v{rule_set.number}"), **against, "form": form}
        return self._page(request, "changes", context)

    def download(self, request: HttpRequest, pk: int, table: str) -> HttpResponse:
        """A table as the upload takes it."""
        self._require_view(request)
        rule_set = get_object_or_404(RuleSet, pk=pk)
        if table not in rule_sets.TABLES:
            raise Http404
        _, columns = rule_sets.TABLES[table]
        text = tables.write(getattr(rule_sets.content(rule_set), table), columns)
        response = HttpResponse(text, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="rule-set-{rule_set.number}-{table}.csv"'
        return response

    def upload(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A table of a draft from CSV; with a mistake in it, nothing is taken."""
        rule_set = law_rows.draft(request, pk)
        form = UploadForm(request.POST or None, request.FILES or None, initial={"table": request.GET.get("table")})
        mistakes: list[tables.Mistake] = []
        if form.is_valid():
            table = form.cleaned_data["table"]
            try:
                text = form.cleaned_data["file"]
                number = drafts.replace(rule_set, table, text, now=clock.now(), user=request.user)
            except tables.BadTable as error:
                mistakes = list(error.mistakes)
            except ValidationError as error:
                form.add_error(None, error)
            else:
                messages.success(
                    request, f"{TABLE_LABELS[table]}: {number} row{'s' * (number != 1)} loaded from the file."
                )
                return law_rows.back_to(rule_set, table)
        context = {
            **_frame(rule_set, f"Load a table into rule set v{rule_set.number}"),
            "form": form,
            "mistakes": mistakes[:MISTAKES_SHOWN],
            "more": max(0, len(mistakes) - MISTAKES_SHOWN),
            "columns": [(title, rule_sets.TABLES[name][1]) for name, title in TABLE_LABELS.items()],
        }
        return self._page(request, "upload", context)

    def _require_view(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
        whole = {**self.admin_site.each_context(request), **context}
        return TemplateResponse(request, f"admin/compliance/ruleset/{name}.html", whole)


def may_change(request: HttpRequest) -> bool:
    """Whether this reader may change the law."""
    return bool(request.user.has_perm(PERMISSION))


def _people() -> QuerySet[RuleSet]:
    return RuleSet.objects.select_related("created_by", "activated_by")


def _frame(rule_set: RuleSet, title: str) -> dict[str, Any]:
    return {"title": title, "opts": RuleSet._meta, "original": rule_set, "rule_set": rule_set}


def _against_active(rule_set: RuleSet) -> dict[str, Any]:
    active = RuleSet.objects.filter(state=State.ACTIVE).first()
    before = rule_sets.content(active) if active else Tables()
    after = rule_sets.content(rule_set)
    found = rule_sets.differences(before, after)
    late = active is not None and active.activated_at is not None and active.activated_at > rule_set.created_at
    return {
        "active": active,
        "changes": law_tables.changes(found),
        "checksum": f"{before.checksum()}{after.checksum()}",
        # What was changed in the active set after the draft had been copied would be undone.
        "late": late and bool(found) and rule_set.state == State.DRAFT,
    }
