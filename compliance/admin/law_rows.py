"""Rows of a draft: adding, changing and deleting one. Of what was ever active there are no such pages."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from compliance.admin import law_tables
from compliance.admin.law_forms import FORMS, TABLE_LABELS, initial
from compliance.law import drafts
from compliance.law.drafts import Placed
from compliance.models import RuleSet
from config import clock

PERMISSION = "compliance.change_rules"
NOUNS = {"hours": "hours", "bans": "a ban", "caps": "a statutory cap"}


def urls() -> list[URLPattern]:
    """Addresses of the pages about one row."""
    view = admin.site.admin_view
    rows = "<int:pk>/rows/<str:table>"
    return [
        path(f"{rows}/add/", view(edit), name="compliance_ruleset_row_add"),
        path(f"{rows}/<int:row_id>/", view(edit), name="compliance_ruleset_row"),
        path(f"{rows}/<int:row_id>/delete/", view(require_POST(delete)), name="compliance_ruleset_row_delete"),
    ]


def require(request: HttpRequest) -> None:
    """Raises PermissionDenied for those who may not change the law."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied


def draft(request: HttpRequest, pk: int) -> RuleSet:
    """The draft to be changed. Raises PermissionDenied, and Http404 for what is no draft."""
    require(request)
    return get_object_or_404(RuleSet, pk=pk, state=RuleSet.State.DRAFT)


def back_to(rule_set: RuleSet, table: str = "") -> HttpResponseRedirect:
    """To the set's page, at this table."""
    page = reverse("admin:compliance_ruleset_change", args=[rule_set.pk])
    return HttpResponseRedirect(f"{page}?table={table}" if table else page)


def edit(request: HttpRequest, pk: int, table: str, row_id: int | None = None) -> HttpResponse:
    """The form of a row, or of a new one."""
    rule_set = draft(request, pk)
    found = _row(rule_set, table, row_id) if row_id else None
    form = FORMS[_known(table)](
        request.POST or None, rule_set=rule_set, pk=row_id, initial=initial(table, found.row) if found else None
    )
    if form.is_valid() and form.row is not None:
        try:
            drafts.put(rule_set, table, form.row, row_id, now=clock.now(), user=request.user)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"Saved: {law_tables.summary(form.row)}.")
            return back_to(rule_set, table)
    title = f"Change line {found.line} of {TABLE_LABELS[table].lower()}" if found else f"Add {NOUNS[table]}"
    context = {
        "title": title,
        "opts": RuleSet._meta,
        "original": rule_set,
        "intro": f"In the draft v{rule_set.number}; it counts once the draft is activated.",
        "form": form,
        "submit": "Save the row",
        "back": f"{reverse('admin:compliance_ruleset_change', args=[pk])}?table={table}",
    }
    return render(request, "admin/waymark/form.html", {**admin.site.each_context(request), **context})


def delete(request: HttpRequest, pk: int, table: str, row_id: int) -> HttpResponse:
    """Take a row out of the draft."""
    rule_set = draft(request, pk)
    found = _row(rule_set, table, row_id)
    try:
        drafts.remove(rule_set, table, row_id, now=clock.now(), user=request.user)
        messages.success(request, f"Deleted from this draft: {law_tables.summary(found.row)}.")
    except ValidationError as error:
        messages.error(request, error.messages[0])
    return back_to(rule_set, table)


def _known(table: str) -> str:
    if table not in FORMS:
        raise Http404
    return table


def _row(rule_set: RuleSet, table: str, row_id: int) -> Placed:
    rows: Any = drafts.placed(rule_set, _known(table))
    found = next((row for row in rows if row.pk == row_id), None)
    if found is None:
        raise Http404
    return found
