"""Long mails are cut."""

from collections.abc import Iterable

from channels.checks.base import Check, Draft, checks
from channels.findings import Finding

CLIPPED = 102 * 1024
"""Bytes of HTML after which Gmail cuts a mail and hides the rest, the link to unsubscribe with it."""


@checks.register
class SizeCheck(Check):
    """Warns of HTML over 102 kB, which Gmail cuts: the end, with the way out, is hidden then."""

    key = "size"
    title = "Size"

    def problems(self, draft: Draft) -> Iterable[Finding]:
        size = len(str(draft.compiled.get("html") or "").encode())
        if size > CLIPPED:
            yield Finding(
                "mjml" if draft.sources.get("mjml") else "html",
                f"the mail has {size // 1024} kB of HTML; Gmail cuts it at 102 kB and hides the rest.",
                "clipped",
                "warn",
            )
