"""What a text costs."""

from collections.abc import Iterable
from dataclasses import replace

from channels import links, liquid, segments, variables
from channels.checks.base import Check, Draft, checks
from channels.findings import Finding
from channels.segments import Count

MOST = 10
"""Segments of one text: Twilio and most carriers refuse more."""
LATEST = 10**9
"""The number of a message yet to come, for the length of its links."""
TEXTS = frozenset({"sms", "mms", "rcs"})


@checks.register
class SegmentsCheck(Check):
    """Warns of a text that is charged as several, and of signs that make it dearer; refuses more than 10 segments.

    It counts the worst case: each variable as long as its sample or fall-back (20 letters if it has neither), dates and money
    as the language writes them, and of each condition the dearest branch. With a price on the account it says what a message may cost.
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
    """The dearest that the text may become; None for what is no text, or does not parse."""
    source = draft.sources.get("body")
    if draft.channel not in TEXTS or not source:
        return None
    known = {
        **variables.samples(draft.variables),
        **{f"brand.{name}": (value,) for name, value in draft.brand.items() if value},
        "unsubscribe_url": (links.unsubscribe_url(LATEST),),
    }
    # A long branch may cost more than a short one that has a foreign character, or the other way round.
    long, foreign = (
        segments.count(segments.spaced(liquid.longest(source, known, weight, draft.locale)))
        for weight in (_units, _foreign)
    )
    return replace(max(long, foreign, key=lambda one: (one.segments, one.units)), foreign=foreign.foreign)


def _units(text: str) -> int:
    return segments.count(segments.spaced(text)).units


def _foreign(text: str) -> tuple[bool, int]:
    counted = segments.count(segments.spaced(text))
    return bool(counted.foreign), counted.units
