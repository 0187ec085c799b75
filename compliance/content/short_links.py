"""Links show where they lead."""

import re
from collections.abc import Iterable

from channels.findings import Finding
from compliance.findings import Content, ContentRule, content_rules

PUBLIC = frozenset({
    "adf.ly", "b.link", "bit.do", "bit.ly", "bitly.com", "bl.ink", "buff.ly", "clck.ru", "cutt.ly", "dlvr.it", "goo.gl", "gg.gg",
    "is.gd", "j.mp", "lnkd.in", "mcaf.ee", "ow.ly", "qr.ae", "rb.gy", "rebrand.ly", "s.id", "short.gy", "short.io", "shorte.st",
    "shorturl.at", "shrtco.de", "snip.ly", "soo.gd", "t.co", "t.ly", "t2m.io", "tiny.cc", "tiny.one", "tinyurl.com", "tr.im", "u.to",
    "urlz.fr", "v.gd", "vk.cc", "x.co",
})  # fmt: skip
"""Shorteners that anybody can use. US carriers refuse texts with them (T-Mobile's Code of Conduct for business messaging, CTIA
Messaging Principles and Best Practices; campaign registration rejects them with error 30892); in mail they share the bad name of
whoever else uses them."""
_HOST = re.compile(r"(?<![\w@.-])((?:[a-z0-9-]+\.)+[a-z]{2,})(?![\w-])", re.IGNORECASE)


@content_rules.register
class ShortLinksRule(ContentRule):
    """Refuses links of public shorteners such as bit.ly: carriers block texts with them. An own short domain is fine."""

    key = "short_links"
    title = "Public link shorteners"

    def problems(self, content: Content) -> Iterable[Finding]:
        for name, source in content.fields.items():
            for host in shorteners(source):
                yield Finding(
                    name,
                    f"{host} is a public link shortener, which carriers refuse; write the whole address, or use a short "
                    "domain of your own.",
                    "public_shortener",
                )


def shorteners(text: str) -> list[str]:
    """The public shorteners that are named in a text, each once."""
    hosts = (found.lower() for found in _HOST.findall(text))
    return sorted({short for host in hosts for short in PUBLIC if host == short or host.endswith(f".{short}")})
