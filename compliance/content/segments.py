"""What a text costs."""

from collections.abc import Iterable

from channels import segments
from compliance.base import TEXTS
from compliance.findings import Content, ContentRule, Finding, content_rules

MOST = 10
"""Segments of one text: Twilio and most carriers refuse more."""
VARIABLE = "x" * 20
"""What stands for a variable, since a name may be long."""


@content_rules.register
class SegmentsRule(ContentRule):
    """Warns of a text that is charged as several, and of signs that make it dearer; refuses more than 10 segments.

    Every variable is counted as 20 letters, and every branch of a condition as said: it is the most that it may cost.
    """

    key = "segments"
    title = "Length of a text"

    def problems(self, content: Content) -> Iterable[Finding]:
        if content.channel not in TEXTS or not content.fields.get("body"):
            return
        found = segments.count(content.shown("body", VARIABLE))
        if found.segments > MOST:
            yield Finding(
                "body", f"it takes up to {found.segments} segments; carriers refuse more than {MOST}.", "too_long"
            )
            return
        for warning in found.warnings:
            yield Finding("body", warning, "segments", "warn")
