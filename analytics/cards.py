"""The cards of the home page that show figures: what was sent, what it brought, and what needs attention."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.http import HttpRequest

from analytics import attention, charts, reports
from config import home
from journeys.models import Journey, Version

DAYS = 30
LIVE_SHOWN = 8
# Outcome, title, icon, and whether more of it is better.
HEADLINES: tuple[tuple[str, str, str, bool | None], ...] = (
    ("sent", "Messages sent", "send", None),
    ("delivered", "Delivered", "mark_email_read", True),
    ("opened", "Opened", "drafts", True),
    ("clicked", "Clicked", "ads_click", True),
    ("blocked", "Blocked", "block", False),
    ("converted", "Conversions", "flag", True),
)


@dataclass(frozen=True, slots=True)
class Headline:
    """One big number, and how it compares to the days before: `change` is a sentence, `tone` better, worse or empty."""

    title: str
    icon: str
    value: str
    change: str
    tone: str


def headlines(request: HttpRequest, now: datetime) -> dict[str, Any]:
    """The figures of the last 30 days beside the 30 before."""
    span = timedelta(days=DAYS)
    current, before = reports.period(now - span, now), reports.period(now - 2 * span, now - span)
    found = [
        _headline(title, icon, f"{current.of(word):,}", current.of(word), before.of(word), good)
        for word, title, icon, good in HEADLINES
    ]
    found.append(_headline("Revenue", "payments", f"{current.revenue:,.2f}", current.revenue, before.revenue))
    return {"headlines": found, "reasons": current.reasons, "blocked": current.of("blocked")}


def volume(request: HttpRequest, now: datetime) -> dict[str, Any]:
    """Messages by day."""
    days = reports.daily(now, DAYS)
    shown = any(day.of(word) for day in days for word, _, _ in charts.LINES)
    rows = [(day.day, [day.of(word) for word, _, _ in charts.LINES]) for day in reversed(days)]
    return {
        "chart": charts.lines(days) if shown else "",
        "options": charts.OPTIONS,
        "lines": charts.LINES,
        "rows": rows,
    }


def live(request: HttpRequest, now: datetime) -> dict[str, Any]:
    """Live journeys with their figures, the largest first."""
    found = reports.journeys(list(Journey.objects.filter(state=Journey.State.LIVE)))
    found.sort(key=lambda line: -line.entered)
    return {"journeys": found[:LIVE_SHOWN], "more": max(0, len(found) - LIVE_SHOWN)}


def needs(request: HttpRequest, now: datetime) -> dict[str, Any]:
    """What somebody should look at now."""
    return {"items": attention.items(request.user, now)}


def register() -> None:
    """Put the cards on the home page."""
    folder = "analytics/home"
    for card in (
        home.Card(
            "headlines", f"Last {DAYS} days", f"{folder}/headlines.html", headlines, "journeys.view_journey", 10, True
        ),
        home.Card("attention", "Needs attention", f"{folder}/attention.html", needs, "", 20, True),
        home.Card("volume", "Messages by day", f"{folder}/volume.html", volume, "journeys.view_journey", 30),
        home.Card("live", "Live journeys", f"{folder}/live.html", live, "journeys.view_journey", 40),
    ):
        home.register(card)


def _headline(
    title: str, icon: str, value: str, current: int | Decimal, before: int | Decimal, good: bool | None = True
) -> Headline:
    """`good`: whether more of it is better; None where that depends."""
    if not before:
        return Headline(title, icon, value, "nothing to compare with" if current else "none yet", "")
    percent = round(100 * float(current - before) / float(before))
    change = f"{percent:+d} % on the {DAYS} days before".replace("-", "−")
    tone = "" if not percent or good is None else "better" if (percent > 0) == good else "worse"
    return Headline(title, icon, value, change, tone)


def funnel(request: HttpRequest, version: Version, now: datetime) -> dict[str, Any]:
    """The funnel on a journey's page."""
    found = reports.funnel(version)
    return {"funnel": found, "bars": charts.bars(found)}
