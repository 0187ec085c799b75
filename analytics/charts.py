"""Figures as pictures: data of Unfold's line chart, and the bars of a funnel. Each stands beside its table."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from analytics.reports import Day, Funnel

# A word, its label, and the colour of its line: a variable of the theme, read in the browser.
LINES = (
    ("sent", "Sent", "var(--color-primary-500)"),
    ("delivered", "Delivered", "#0891b2"),
    ("blocked", "Blocked", "#dc2626"),
)


def lines(days: Sequence[Day]) -> str:
    """The JSON of a line chart of messages by day."""
    datasets = [
        {
            "label": label,
            "data": [day.of(word) for day in days],
            "borderColor": colour,
            "backgroundColor": colour,
            "displayYAxis": True,
            "maxTicksXLimit": 8,
        }
        for word, label, colour in LINES
    ]
    return json.dumps({"labels": [f"{day.day:%-d %b}" for day in days], "datasets": datasets})


OPTIONS = json.dumps(
    {
        "maintainAspectRatio": False,
        "interaction": {"mode": "index", "intersect": False},
        "plugins": {
            "legend": {
                "display": True,
                "align": "end",
                "labels": {"boxHeight": 5, "boxWidth": 5, "usePointStyle": True},
            }
        },
        "scales": {
            "x": {"grid": {"display": False}, "ticks": {"maxTicksLimit": 8, "maxRotation": 0}},
            "y": {"beginAtZero": True, "border": {"dash": [5, 5]}, "ticks": {"precision": 0, "maxTicksLimit": 6}},
        },
    }
)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a funnel. `share` is its part of those who entered, 0 to 100; `tone` chooses its colour."""

    label: str
    count: int
    share: float
    note: str = ""
    tone: str = "step"

    @property
    def width(self) -> str:
        """Its length in per cent, as CSS writes it (also where numbers have a decimal comma)."""
        return f"{min(self.share, 100):.2f}"


def bars(funnel: Funnel) -> list[Bar]:
    """Entered, each step in order, converted."""

    def bar(label: str, count: int, note: str = "", tone: str = "step") -> Bar:
        return Bar(label, count, 100 * count / funnel.entered if funnel.entered else 0.0, note, tone)

    steps = [bar(step.title, step.entered, _note(step.sent, step.blocked)) for step in funnel.steps]
    worth = f"{funnel.revenue:,.2f} in revenue" if funnel.revenue else ""
    return [bar("Entered", funnel.entered, tone="whole"), *steps, bar("Converted", funnel.converted, worth, "goal")]


def _note(sent: int, blocked: int) -> str:
    parts = [f"{count:,} {word}" for count, word in ((sent, "sent"), (blocked, "blocked")) if count]
    return " · ".join(parts)
