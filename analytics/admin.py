"""The page "Performance": what each journey, version and step brought between two days; as a table and as CSV."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from analytics import reports
from analytics.models import Tally
from analytics.reports import Figures, Funnel
from config import clock
from config.adminsite import ReadOnlyAdmin
from config.permissions import somewhere, visible
from journeys.models import Journey, Version

PERMISSION = "journeys.view_journey"
DAYS = 30
COLUMNS = ("entered", "sent", "delivered", "opened", "clicked", "blocked", "failed", "converted")


class DayInput(UnfoldAdminTextInputWidget):
    """The browser's own calendar."""

    input_type = "date"


class RangeForm(forms.Form):
    """Which journey, and from which day to which (UTC, both included)."""

    journey = forms.ModelChoiceField(
        Journey.objects.all(), required=False, empty_label="All journeys", widget=UnfoldAdminSelectWidget
    )
    since = forms.DateField(label="From", widget=DayInput)
    until = forms.DateField(label="To", widget=DayInput)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("since") and data.get("until") and data["until"] < data["since"]:
            self.add_error("until", "This is before the first day. Swap them, or choose a later one.")
        return data


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the table: a version as a whole, or (`step`) one step of it."""

    funnel: Funnel
    figures: Figures
    step: str = ""

    @property
    def counts(self) -> list[int]:
        """By COLUMNS."""
        return [self.figures.of(word) for word in COLUMNS]


def lines(funnels: list[Funnel]) -> Iterator[Line]:
    """Every version in which something happened, followed by its steps."""
    for funnel in funnels:
        if not any([*funnel.whole.outcomes.values(), *(n for step in funnel.steps for n in step.outcomes.values())]):
            continue
        yield Line(funnel, _total(funnel))
        for step in funnel.steps:
            yield Line(funnel, step, step.title)


def _total(funnel: Funnel) -> Figures:
    """The version as a whole: its own entries and conversions, and the messages of all its steps."""
    sums = {word: n for word, n in funnel.whole.outcomes.items() if word != "failed"}
    for step in funnel.steps:
        for word, n in step.outcomes.items():
            if word != "entered" and not word.startswith("exit:"):
                sums[word] = sums.get(word, 0) + n
    return Figures(sums, funnel.whole.revenue)


@admin.register(Tally)
class PerformanceAdmin(ReadOnlyAdmin):
    """The tallies as one page; their rows mean nothing by themselves."""

    def has_view_permission(self, request: HttpRequest, obj: Tally | None = None) -> bool:
        return somewhere(request.user, PERMISSION)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("", view(self.page), name="performance"),
            path("performance.csv", view(self.export), name="performance_csv"),
            *super().get_urls(),
        ]

    def page(self, request: HttpRequest) -> HttpResponse:
        """The table."""
        form = _form(request)
        self._require(request)
        context = {
            **self.admin_site.each_context(request),
            "title": "Performance",
            "form": form,
            "columns": COLUMNS,
            "lines": list(lines(_funnels(form))) if form.is_valid() else [],
            "query": request.GET.urlencode(),
        }
        return TemplateResponse(request, "admin/analytics/performance.html", context)

    def export(self, request: HttpRequest) -> HttpResponse:
        """The table as CSV, with every outcome that was counted."""
        self._require(request)
        form = _form(request)
        if not form.is_valid():
            return HttpResponse("\n".join(_sentences(form)), status=400, content_type="text/plain; charset=utf-8")
        response = HttpResponse(content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="performance.csv"'
        _write(csv.writer(response), list(lines(_funnels(form))))
        return response

    @staticmethod
    def _require(request: HttpRequest) -> None:
        if not somewhere(request.user, PERMISSION):
            raise PermissionDenied


def _form(request: HttpRequest) -> RangeForm:
    today = clock.now().date()
    usual = {"since": today - timedelta(days=DAYS - 1), "until": today}
    form = RangeForm({**{name: day.isoformat() for name, day in usual.items()}, **request.GET.dict()})
    journeys: Any = form.fields["journey"]
    journeys.queryset = visible(Journey.objects.all(), request.user, PERMISSION)
    return form


def _funnels(form: RangeForm) -> list[Funnel]:
    data = form.cleaned_data
    seen: Any = form.fields["journey"]
    since, until = (datetime.combine(day, time(), UTC) for day in (data["since"], data["until"] + timedelta(days=1)))
    versions = (
        Version.objects.exclude(state=Version.State.DRAFT)
        .filter(journey__in=seen.queryset.order_by())
        .select_related("journey")
        .order_by("journey__name", "-number")
    )
    if data["journey"]:
        versions = versions.filter(journey=data["journey"])
    return reports.funnels(list(versions), since, until)


def _write(writer: Any, found: list[Line]) -> None:
    """Outcomes beyond the columns of the page (reasons of blocks, exits) get a column each."""
    more = sorted({word for line in found for word in line.figures.outcomes} - set(COLUMNS))
    writer.writerow(["journey", "version", "step", *COLUMNS, *more, "revenue"])
    for line in found:
        journey, version = line.funnel.version.journey, line.funnel.version
        figures = [line.figures.of(word) for word in (*COLUMNS, *more)]
        writer.writerow(
            [_safe(journey.name), version.number, _safe(line.step), *figures, f"{line.figures.revenue:.2f}"]
        )


def _safe(text: str) -> str:
    """Spreadsheets run what begins like a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _sentences(form: RangeForm) -> list[str]:
    return [f"{name}: {text}" for name, texts in form.errors.items() for text in texts]
