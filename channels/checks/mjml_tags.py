"""MJML has its own words."""

from collections.abc import Iterable

from channels.checks.base import Check, Draft, checks
from channels.findings import Finding
from channels.markup import mjml


@checks.register
class MjmlTagsCheck(Check):
    """Refuses tags that MJML does not have, and HTML where MJML takes only its own tags: they would be lost without a word."""

    key = "mjml_tags"
    title = "MJML tags"

    def problems(self, draft: Draft) -> Iterable[Finding]:
        if source := draft.sources.get("mjml"):
            yield from mjml.unknown_tags(source)
