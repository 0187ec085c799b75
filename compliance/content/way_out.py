"""Whoever gets mail that he can refuse finds out how, in the mail."""

from collections.abc import Iterable

from channels.findings import Finding
from channels.models import MessageClass
from channels.rendering import REFUSABLE
from compliance.findings import Content, ContentRule, content_rules


@content_rules.register
class WayOutRule(ContentRule):
    """Asks marketing and service mail for a visible link to unsubscribe, in its HTML and in its text.

    The headers of RFC 8058 are added to such mail by themselves, so that mail programs show a button too. Sources: 15 U.S.C.
    7704(a)(3) (CAN-SPAM), CASL s. 6(2)(c), directive 2002/58/EC art. 13(4).
    """

    key = "way_out"
    title = "Link to unsubscribe"

    def problems(self, content: Content) -> Iterable[Finding]:
        if content.channel != "email" or content.message_class not in REFUSABLE:
            return
        for name in ("html", "text"):
            if content.fields.get(name) and not content.uses(name, "unsubscribe_url"):
                yield Finding(
                    name,
                    f"a {MessageClass.MARKETING.label} or {MessageClass.SERVICE.label} mail needs a way out; "
                    "write a link to {{ unsubscribe_url }}.",
                    "missing_unsubscribe",
                )
