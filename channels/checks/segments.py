"""What a text costs."""

from collections.abc import Iterable

from channels import liquid, segments, variables
from channels.checks.base import Check, Draft, checks
from channels.findings import Finding
from channels.segments import Count

MOST = 10
"""Segments of one text: Twilio and most carriers refuse more."""
TEXTS = frozenset({"sms", "mms", "rcs"})


@checks.register
class SegmentsCheck(Check):
    """Warns of a text that is charged as several, and of signs that make it dearer; refuses more than 10 segments.

    It counts the worst case: each variable as long as its sample or fall-back (20 letters if it has neither), and of each
    condition the longest branch. With a price on the account it says what a message may cost.
    """

    key = "segments"
    title = "Length of a text"

    def problems(self, draft: Draft) -> Iterable[Finding]:
        found = worst(draft)
        if found is None:
            return
        if found.segments > MOST:
            yield Finding(
                "body", f"it takes up to {found.segments} segments; carriers refuse more than {MOST}.", "too_long"
            )
            return
        for warning in found.warnings:
            yield Finding("body", warning, "segments", "warn")
        if price := draft.sender.get("price_per_segment"):
            total = f"{found.segments * float(price):.4f} {draft.sender.get('price_currency') or ''}".strip()
            yield Finding("body", f"a message costs up to {total} ({found.segments} × {price}).", "cost", "warn")


def worst(draft: Draft) -> Count | None:
    """The longest that the text may become; None for what is no text, or does not parse."""
    source = draft.sources.get("body")
    if draft.channel not in TEXTS or not source:
        return None
    house = {f"brand.{name}": value for name, value in draft.brand.items() if value}
    return segments.count(liquid.longest(source, {**variables.samples(draft.variables), **house}, _weight))


def _weight(text: str) -> tuple[bool, int]:
    counted = segments.count(text)
    return bool(counted.foreign), counted.units
