"""A mail is read, it does not run."""

from collections.abc import Iterable, Iterator

from channels.checks.base import Check, Draft, checks
from channels.findings import Finding
from channels.markup.elements import Element, elements

_TAGS = frozenset(
    {"script", "iframe", "frame", "frameset", "object", "embed", "applet", "form", "input", "textarea", "select", "button",
     "base", "portal", "math", "animate", "set", "foreignobject", "audio", "video", "dialog"}
)  # fmt: skip


@checks.register
class HostileCheck(Check):
    """Refuses what runs, loads or sends by itself: scripts, frames, forms, event handlers, refreshes, plug-ins.

    Mail programs strip it, filters take the mail for an attack, and the web copy would carry it to a browser.
    """

    key = "hostile"
    title = "What does not belong into a mail"

    def problems(self, draft: Draft) -> Iterable[Finding]:
        for name, source in draft.markup():
            for element in elements(source):
                for what in _hostile(element):
                    yield Finding(name, f"{what} has no place in a mail; remove it.", "hostile_html", line=element.line)


def _hostile(element: Element) -> Iterator[str]:
    if element.name in _TAGS:
        yield f"<{element.name}>"
    if element.name == "meta" and element.attrs.get("http-equiv", "").strip().lower() == "refresh":
        yield '<meta http-equiv="refresh">'
    for attribute, value in element.attrs.items():
        if attribute.startswith("on") and not element.name.startswith("mj"):
            yield f"{attribute} of <{element.name}>"
        elif attribute == "style" and ("expression(" in value.lower() or "javascript:" in value.lower()):
            yield f"a script in the style of <{element.name}>"
        elif attribute == "srcdoc":
            yield f"srcdoc of <{element.name}>"
